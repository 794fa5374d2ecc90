/// Input as messages quote it: a piece that fits a line.
package enum Quotation {
  /// The most Unicode scalars of input that a message quotes.
  package static let longest = 80

  /// A text on one line, cut after ``longest`` scalars; what is not printable is written as a code.
  package static func short(_ text: some StringProtocol, longest: Int = longest) -> String {
    var result = String.UnicodeScalarView()
    for (position, scalar) in text.unicodeScalars.enumerated() {
      guard position < longest else {
        result.append("…")
        break
      }
      switch scalar {
      case "\n": result.append(contentsOf: #"\n"#.unicodeScalars)
      case "\r": result.append(contentsOf: #"\r"#.unicodeScalars)
      case "\t": result.append(contentsOf: #"\t"#.unicodeScalars)
      case _ where scalar.isPrintable: result.append(scalar)
      default:
        let code = String(scalar.value, radix: 16, uppercase: true)
        result.append(contentsOf: "\\u{\(code)}".unicodeScalars)
      }
    }
    return String(result)
  }
}
