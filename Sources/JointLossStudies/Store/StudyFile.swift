package import Foundation
import JointLossTraining

/// The files of a study: written whole or not at all, and read only where they are files.
package enum StudyFile {
  /// Writes a file as ``AtomicFile`` does.
  package static func write(_ data: Data, to path: String) throws(StudyError) {
    do {
      try AtomicFile.write(data, to: path)
    } catch {
      throw StudyError(error.message, file: error.path)
    }
  }

  /// Creates a folder and its parents where they are missing.
  static func createFolder(_ path: String) throws(StudyError) {
    do {
      try AtomicFile.createFolder(path)
    } catch {
      throw StudyError(error.message, file: error.path)
    }
  }

  /// Checks that a folder inside a study's folder is no symbolic link.
  ///
  /// What is written to it, or removed from it, would be elsewhere. The folder of the study itself may be a link.
  static func requireNoLink(_ path: String) throws(StudyError) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
    throw StudyError(
      "is a symbolic link, and its files would be written elsewhere; only the folder of the whole study may be a link",
      file: path)
  }

  /// Reads a file, as ``RegularFile`` does.
  static func content(of path: String, limit: Int = .max) throws(StudyError) -> Data {
    do {
      return try RegularFile.content(of: path, limit: limit)
    } catch {
      throw StudyError(error.message, file: path)
    }
  }

  /// The error of the system call that just failed.
  static func failure(_ path: String) -> StudyError {
    let failure = AtomicFile.failure(path)
    return StudyError(failure.message, file: failure.path)
  }
}
