/// A study that cannot be read, planned, run, stored or reported.
///
/// Where several things are wrong with one input, the first is the error and `further` holds the others, so
/// that a user sees them all at once.
public struct StudyError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence with the values that explain it.
  public let message: String
  /// The file at fault, where one is.
  public let file: String?
  /// The line in the file, counted from 1.
  public let line: Int?
  /// The path of the key at fault: `strategies[1].set.alpha`.
  public let key: String?
  /// What else is wrong with the same input.
  public let further: [StudyError]

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - message: one sentence with the values that explain it.
  ///   - file: the file at fault, where one is.
  ///   - line: the line in the file, counted from 1.
  ///   - key: the path of the key at fault.
  public init(_ message: String, file: String? = nil, line: Int? = nil, key: String? = nil) {
    self.init(message, file: file, line: line, key: key, further: [])
  }

  private init(_ message: String, file: String?, line: Int?, key: String?, further: [StudyError]) {
    self.message = message
    self.file = file
    self.line = line
    self.key = key
    self.further = further
  }

  /// One error for all problems of an input, in the order of their lines.
  ///
  /// - Parameter problems: the problems, in the order they were found.
  /// - Returns: the first by line with the others as `further`, or nil if there is none.
  package static func combining(_ problems: [StudyError]) -> StudyError? {
    // The sort keeps the order of those without a line.
    let sorted = problems.enumerated().sorted {
      ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset)
    }.map(\.element)
    guard let first = sorted.first else { return nil }
    return StudyError(
      first.message, file: first.file, line: first.line, key: first.key, further: Array(sorted.dropFirst()))
  }

  /// One line a problem: `study.yaml:12: strategies[1].set.alpha: gradnorm.alpha is a number ≥ 0, not -1`.
  public var description: String {
    var place = ""
    if let file { place += line.map { "\(file):\($0): " } ?? "\(file): " }
    if let key { place += "\(key): " }
    return ([place + message] + further.map(\.description)).joined(separator: "\n")
  }
}
