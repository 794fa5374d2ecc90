import Foundation
import JointLossTraining
import JointLossWeighting

/// A folder that receives files whole or not at all.
struct OutputFolder {
  let path: String

  /// Opens a folder, creating it and its parents where they are missing.
  ///
  /// - Parameter path: the folder.
  /// - Throws: ``StudyError`` with the path, if there is no such folder and none can be made.
  init(_ path: String) throws(StudyError) {
    self.path = path
    try StudyFile.createFolder(path)
  }

  /// A folder in the folder.
  ///
  /// - Parameter name: its name.
  /// - Returns: the folder, created where it is missing.
  /// - Throws: ``StudyError`` with the path, if it cannot be created or is a symbolic link.
  func folder(named name: String) throws(StudyError) -> OutputFolder {
    let folder = "\(path)/\(name)"
    try StudyFile.requireNoLink(folder)
    return try OutputFolder(folder)
  }

  /// Writes a file under a temporary name and renames it.
  ///
  /// - Parameters:
  ///   - text: the content.
  ///   - name: the name of the file.
  /// - Throws: ``StudyError`` with the path.
  func write(_ text: String, to name: String) throws(StudyError) {
    try StudyFile.write(Data(text.utf8), to: "\(path)/\(name)")
  }

  /// The text of a file.
  ///
  /// - Parameter name: the name of the file.
  /// - Returns: the text, or nil if there is no such file or it is not text in UTF-8.
  func text(of name: String) -> String? {
    (try? StudyFile.content(of: "\(path)/\(name)")).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Removes the temporary files whose writers are gone.
  func removeLeftovers() { AtomicFile.removeLeftovers(in: path) }

  /// Removes a file, if there is one.
  ///
  /// - Parameter name: the name of the file.
  /// - Throws: ``StudyError`` with the path.
  func remove(_ name: String) throws(StudyError) {
    let file = "\(path)/\(name)"
    guard unlink(file) == 0 || errno == ENOENT else { throw StudyFile.failure(file) }
  }

  /// Moves a file or folder into another folder, in place of what has its name there; nothing if there is none.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - target: the folder that gets it.
  /// - Throws: ``StudyError`` with the path.
  func move(_ name: String, into target: OutputFolder) throws(StudyError) {
    let destination = "\(target.path)/\(name)"
    guard FileManager.default.fileExists(atPath: "\(path)/\(name)") else { return }
    try? FileManager.default.removeItem(atPath: destination)
    // Another process may have moved it meanwhile.
    guard rename("\(path)/\(name)", destination) == 0 || errno == ENOENT else {
      throw StudyFile.failure(destination)
    }
  }

  /// Gives a file its final name, in place of any file that has it.
  ///
  /// - Parameters:
  ///   - temporary: the name it has.
  ///   - name: the name it gets.
  /// - Throws: ``StudyError`` with the path.
  func move(_ temporary: String, to name: String) throws(StudyError) {
    let file = "\(path)/\(name)"
    guard rename("\(path)/\(temporary)", file) == 0 else { throw StudyFile.failure(file) }
  }
}

/// Names of files made from labels.
enum FileName {
  /// A text with every scalar that is not a letter, a digit, a point, a hyphen or an underscore of ASCII replaced.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - others: what may stand beside letters and digits.
  ///   - replacement: what stands for all else.
  /// - Returns: the text, of the same number of scalars.
  static func safe(_ text: String, allowing others: String = "._-", replacement: String = "-") -> String {
    text.mappingScalars { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": String(scalar)
      default: others.unicodeScalars.contains(scalar) ? String(scalar) : replacement
      }
    }
  }

  /// A label with whatever may trouble a file system, a shell or gnuplot replaced by a hyphen.
  ///
  /// - Parameter label: any label.
  /// - Returns: the name, of at most 105 characters, not empty and not hidden.
  static func stem(_ label: String) -> String {
    let allowed = safe(String(label.unicodeScalars.prefix(100)))
    return allowed.first.map { $0 == "." || $0 == "-" } ?? true ? "suite" + allowed : allowed
  }

  /// Different names for different labels.
  ///
  /// - Parameter labels: labels without repetitions.
  /// - Returns: one name a label; where two would be equal, the later one gets a number.
  static func stems(_ labels: [String]) -> [String] {
    var taken: Set<String> = []
    return labels.map { label in
      let stem = stem(label)
      var candidate = stem
      var number = 2
      while !taken.insert(candidate).inserted {
        candidate = "\(stem)-\(number)"
        number += 1
      }
      return candidate
    }
  }
}
