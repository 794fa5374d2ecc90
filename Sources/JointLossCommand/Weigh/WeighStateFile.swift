package import Foundation
import JointLossTraining

/// Where `jointloss weigh --state` keeps the state: a file that is replaced as a whole.
package struct WeighStateFile {
  private let path: String

  /// Names a file, and removes what killed processes have left half-written beside it.
  ///
  /// - Parameter path: the file's path.
  package init(_ path: String) {
    self.path = path
    AtomicFile.removeLeftovers(in: AtomicFile.folder(of: path))
  }

  /// The content; nil where there is no file yet.
  ///
  /// - Throws: ``WeighStateError`` that names the file if it cannot be read.
  package func content() throws(WeighStateError) -> Data? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do throws(AtomicFile.Failure) {
      return try RegularFile.content(of: path)
    } catch {
      throw WeighStateError("\(path) \(error.message)")
    }
  }

  /// Replaces the file, or creates it: a process that is killed leaves the old or the new one.
  ///
  /// - Parameter content: what it is to hold.
  /// - Throws: ``WeighStateError`` that names the file, if the disk is full, say; it is then as it was.
  package func write(_ content: Data) throws(WeighStateError) {
    do throws(AtomicFile.Failure) {
      try AtomicFile.write(content, to: path)
    } catch {
      throw WeighStateError("\(error.path) \(error.message)")
    }
  }
}
