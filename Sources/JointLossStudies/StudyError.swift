import JointLossWeighting

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
    self.key = key.map { Quotation.short($0, longest: Self.longestKey) }
    self.further = further
  }

  /// The most problems of one input that are listed.
  package static let mostListed = 20
  private static let longestKey = 160

  /// One error for all problems of an input, in the order of their lines.
  ///
  /// - Parameter problems: the problems, in the order they were found.
  /// - Returns: the first by line with the others as `further`, or nil if there is none. Beyond ``mostListed`` the last
  ///   of `further` says how many more there are.
  package static func combining(_ problems: [StudyError]) -> StudyError? {
    // The sort keeps the order of those without a line.
    let sorted = problems.enumerated().sorted {
      ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset)
    }.map(\.element)
    guard let first = sorted.first else { return nil }
    var further = Array(sorted.prefix(mostListed).dropFirst())
    if sorted.count > mostListed {
      further.append(StudyError("and \(sorted.count - mostListed) more problems", file: first.file))
    }
    return StudyError(
      first.message, file: first.file, line: first.line, key: first.key, further: further)
  }

  /// One line a problem, whatever is in names of files: `study.yaml:12: strategies[1].set.alpha: gradnorm.alpha is a number ≥ 0, not -1`.
  public var description: String {
    var place = ""
    if let file { place += line.map { "\(file):\($0): " } ?? "\(file): " }
    if let key { place += "\(key): " }
    return ([(place + message).printable] + further.map(\.description)).joined(separator: "\n")
  }
}
