import Foundation
import JointLossWeighting

/// Checks that a text is JSON as RFC 8259 has it, that no object has a key twice, and that a Double can hold each number.
///
/// Foundation's decoders take a comma before a closing bracket, and of two equal keys they drop one without a word.
/// A byte order mark at the beginning is no error: the RFC lets a reader ignore it, and so do the decoders.
package struct StrictJSON {
  /// Where a text is no JSON, and why.
  package struct Defect: Error, CustomStringConvertible {
    /// The key whose value, or in whose value, the defect is: `a.b[3]`; empty for the whole text.
    package let path: String
    /// The byte, counted from 1.
    package let byte: Int
    /// What is wrong, without the place.
    package let message: String

    /// One sentence with the place.
    package var description: String {
      "\(path.isEmpty ? "" : "\(path): ")\(message) at byte \(byte)"
    }
  }

  /// How deep objects and lists may lie in one another.
  private static let deepest = 512
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  /// An object or a list that has not ended.
  private struct Container {
    let isObject: Bool
    /// The keys so far, as texts: the decoders take two spellings of the same characters for one key.
    var keys: Set<String> = []
    var key = ""
    var index = 0
  }

  /// Why a value could not be decoded, in words: the place in the JSON, and what is wrong there.
  ///
  /// - Parameter error: what a `JSONDecoder` threw.
  /// - Returns: a sentence without a full stop.
  package static func reason(_ error: any Error) -> String {
    func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
      (context.codingPath + (key.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        .joined(separator: ".")
    }
    return switch error {
    case DecodingError.keyNotFound(let key, let context): "\(path(context, key)) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\(path(context)) is of the wrong type"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(path(context)) has no such value"
    default: "it is not JSON"
    }
  }

  private let bytes: [UInt8]
  private var position = 0
  private var open: [Container] = []

  /// Checks a text.
  ///
  /// - Parameter text: the bytes of one JSON value.
  /// - Throws: ``Defect`` for the first place that is no JSON, and for the second of two equal keys.
  package static func check(_ text: some Sequence<UInt8>) throws(Defect) {
    var scan = StrictJSON(bytes: Array(text))
    try scan.run()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func run() throws(Defect) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    repeat {
      skipSpace()
      try value()
      try closeEnded()
    } while !open.isEmpty
    skipSpace()
    guard position == bytes.count else { throw defect("more text follows the value") }
  }

  /// A number, a text, a word, or the beginning of an object or list up to its first value.
  private mutating func value() throws(Defect) {
    switch peek {
    case UInt8(ascii: "{"): try begin(isObject: true)
    case UInt8(ascii: "["): try begin(isObject: false)
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "-"): try number()
    case let byte? where Self.digits.contains(byte): try number()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case nil: throw defect("the text ends where a value is due")
    case let byte?: throw defect("“\(Self.text(of: byte))” stands where a value is due")
    }
  }

  private mutating func begin(isObject: Bool) throws(Defect) {
    guard open.count < Self.deepest else {
      throw defect("lists and objects lie more than \(Self.deepest) deep")
    }
    position += 1
    skipSpace()
    open.append(Container(isObject: isObject))
    // The end of an empty one is read by `closeEnded`.
    if peek == UInt8(ascii: isObject ? "}" : "]") { return }
    if isObject { try key() }
    skipSpace()
    try value()
  }

  /// What follows a value: the ends of lists and objects, up to a comma and the next key.
  private mutating func closeEnded() throws(Defect) {
    while let container = open.last {
      skipSpace()
      let end: Unicode.Scalar = container.isObject ? "}" : "]"
      switch peek {
      case UInt8(ascii: end):
        position += 1
        open.removeLast()
      case UInt8(ascii: ","):
        position += 1
        skipSpace()
        guard peek != UInt8(ascii: end) else { throw defect("a comma stands before “\(end)”") }
        open[open.count - 1].index += 1
        if container.isObject { try key() }
        return
      case nil: throw defect("the text ends before “\(end)”")
      case let byte?: throw defect("“\(Self.text(of: byte))” stands where a comma or “\(end)” is due")
      }
    }
  }

  private mutating func key() throws(Defect) {
    guard peek == UInt8(ascii: "\"") else { throw defect("a key in quotes is due") }
    let start = position
    let key = try string()
    let last = open.count - 1
    guard open[last].keys.insert(key).inserted else {
      position = start
      open[last].key = ""
      throw defect("the key “\(Quotation.short(key))” is given twice")
    }
    open[last].key = key
    skipSpace()
    guard peek == UInt8(ascii: ":") else { throw defect("a colon is due") }
    position += 1
  }

  /// A text with its escapes undone.
  private mutating func string() throws(Defect) -> String {
    let start = position
    position += 1
    var isEscaped = false
    while let byte = peek, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw defect("a control character stands in a text") }
      isEscaped = isEscaped || byte == UInt8(ascii: "\\")
      position += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else {
      position = start
      throw defect("a text does not end")
    }
    position += 1
    let quoted = bytes[start..<position]
    if !isEscaped, let text = String(validating: quoted.dropFirst().dropLast(), as: UTF8.self) { return text }
    guard isEscaped, let text = try? JSONDecoder().decode(String.self, from: Data(quoted)) else {
      position = start
      throw defect("a text has an escape that is none, or is not UTF-8")
    }
    return text
  }

  private mutating func number() throws(Defect) {
    let start = position
    func wrong() -> Defect { defect("a number is not written as JSON has it") }
    if peek == UInt8(ascii: "-") { position += 1 }
    let whole = position
    skipDigits()
    guard position > whole, bytes[whole] != UInt8(ascii: "0") || position == whole + 1 else {
      position = start
      throw wrong()
    }
    if peek == UInt8(ascii: ".") {
      position += 1
      let fraction = position
      skipDigits()
      guard position > fraction else { throw wrong() }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      position += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      let exponent = position
      skipDigits()
      guard position > exponent else { throw wrong() }
    }
    // Foundation refuses such a number without its place.
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard Double(text)?.isFinite == true else {
      position = start
      throw defect("the number \(Quotation.short(text)) is beyond the range of a Double")
    }
  }

  private mutating func word(_ word: String) throws(Defect) {
    guard bytes[position...].starts(with: word.utf8) else {
      throw defect("a word is not true, false or null")
    }
    position += word.utf8.count
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func skipDigits() {
    while let byte = peek, Self.digits.contains(byte) { position += 1 }
  }

  private static func text(of byte: UInt8) -> String {
    byte < 0x80 ? Quotation.short(String(UnicodeScalar(byte))) : "byte \(byte)"
  }

  private func defect(_ message: String) -> Defect {
    var path = ""
    for container in open.prefix(8) {
      guard container.isObject else {
        path += "[\(container.index)]"
        continue
      }
      guard !container.key.isEmpty else { continue }
      path += (path.isEmpty ? "" : ".") + Quotation.short(container.key)
    }
    return Defect(path: path, byte: position + 1, message: message)
  }
}
