import JointLossLinearAlgebra

/// Seeded damage to the text of a file: what an edit, a foreign program or an attacker might leave.
package struct Mutator {
  /// Numbers at the ends of what the types hold, and words that some programs write for numbers.
  package static let extremes = [
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "-1", "0",
    "1",
    "4", "5", "-5", "9007199254740992", "9007199254740993", "1e308", "-1e308", "1e309", "1e-320", "5e-324",
    "-0.0",
    "0.5", "1.5", "NaN", "nan", "Infinity", "-inf", ".inf", "null", "true", "\"7\"", "[]", "{}", "1e300",
    "2147483648",
  ]

  private let original: [UInt8]
  private let numbers: [Range<Int>]
  /// What lies between commas and line ends.
  private let pieces: [Range<Int>]
  private var stream: PhiloxStream

  /// A source of mutants of a text.
  package init(_ text: some Sequence<UInt8>, seed: UInt64) {
    let text = Array(text)
    original = text
    stream = PhiloxStream(seed: seed, purpose: "mutants")
    var (numbers, pieces, start): ([Range<Int>], [Range<Int>], Int) = ([], [], 0)
    var position = 0
    while position < text.count {
      let isNumber = text[position] == UInt8(ascii: "-") || Self.isDigit(text[position])
      let follows = position > 0 && !" [{:,\n-".utf8.contains(text[position - 1])
      if isNumber, !follows {
        var end = position + 1
        while end < text.count, Self.isDigit(text[end]) || ".eE+-".utf8.contains(text[end]) { end += 1 }
        numbers.append(position..<end)
        position = end
        continue
      }
      if ",\n".utf8.contains(text[position]) {
        pieces.append(start..<position + 1)
        start = position + 1
      }
      position += 1
    }
    pieces.append(start..<text.count)
    self.numbers = numbers
    self.pieces = pieces
  }

  /// The next mutant, with one to three changes.
  package mutating func next() -> [UInt8] {
    var text = original
    // From the end to the beginning, so that the places of the earlier ones stay right.
    var end = text.count
    for _ in 0...stream.index(below: 3) where end > 1 { end = change(&text, before: end) }
    return text
  }

  /// Changes something that lies before a place; gives where the change begins.
  private mutating func change(_ text: inout [UInt8], before end: Int) -> Int {
    let numbers = numbers.prefix { $0.upperBound <= end }
    let pieces = pieces.prefix { $0.upperBound <= end }
    switch stream.index(below: 12) {
    case 0:
      let place = stream.index(below: end)
      text[place] ^= 1 << UInt8(stream.index(below: 8))
      return place
    case 1 where !pieces.isEmpty:
      let piece = pieces[stream.index(below: pieces.count)]
      text.removeSubrange(piece)
      return piece.lowerBound
    case 2 where !pieces.isEmpty:
      let piece = pieces[stream.index(below: pieces.count)]
      text.insert(contentsOf: original[piece], at: piece.lowerBound)
      return piece.lowerBound
    case 3:
      let place = stream.index(below: end)
      if stream.index(below: 4) == 0 { text.removeSubrange(place...) }
      return place
    case 4 where pieces.count > 1:
      let (one, other) = (stream.index(below: pieces.count), stream.index(below: pieces.count))
      let (first, second) = (pieces[min(one, other)], pieces[max(one, other)])
      if first != second {
        text.replaceSubrange(second, with: original[first])
        text.replaceSubrange(first, with: original[second])
      }
      return first.lowerBound
    case 5 where !numbers.isEmpty:
      let (number, other) = (
        numbers[stream.index(below: numbers.count)], self.numbers[stream.index(below: self.numbers.count)]
      )
      text.replaceSubrange(number, with: original[other])
      return number.lowerBound
    default:
      guard !numbers.isEmpty else { return end }
      let number = numbers[stream.index(below: numbers.count)]
      let extreme = Self.extremes[stream.index(below: Self.extremes.count)]
      text.replaceSubrange(number, with: extreme.utf8)
      return number.lowerBound
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
