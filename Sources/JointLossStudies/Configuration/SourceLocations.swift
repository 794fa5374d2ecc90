/// Where the keys of a study were read, so that an error found later still names its line.
///
/// All values are equal: where a study was written does not make it another study.
struct SourceLocations: Sendable, Hashable {
  /// The study file, or nil for a study that flags or code made.
  var file: String?
  /// The line of each key path.
  var lines: [String: Int] = [:]

  /// An error at a key; the line of the nearest enclosing key that was written stands for one that was not.
  func error(_ message: String, at key: String) -> StudyError {
    var path = Substring(key)
    while lines[String(path)] == nil, let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) {
      path = path[..<end]
    }
    return StudyError(message, file: file, line: lines[String(path)], key: key)
  }

  static func == (left: Self, right: Self) -> Bool { true }

  func hash(into hasher: inout Hasher) {}
}
