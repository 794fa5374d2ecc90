package import Foundation
import JointLossTraining

/// Where `jointloss weigh --state` keeps the state: a file that is replaced as a whole.
///
/// One process at a time may use it. A process that finds the file changed by another stops, so that no step is lost
/// without a word.
package struct WeighStateFile {
  /// The file's path as the user gave it, for messages.
  private let path: String
  /// The file itself: where the path leads if it is a symbolic link.
  private let target: String
  /// What the file was when this process read or wrote it last; nil while there is none.
  private var known: Version?

  /// A file of one content: one that has been replaced or written to is another version.
  private struct Version: Equatable {
    let device, file, size, seconds, nanoseconds: Int64

    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = Int64(truncatingIfNeeded: status.st_dev)
      file = Int64(truncatingIfNeeded: status.st_ino)
      size = Int64(status.st_size)
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      seconds = Int64(time.tv_sec)
      nanoseconds = Int64(time.tv_nsec)
    }
  }

  /// Names a file, and removes what killed processes have left half-written beside it.
  ///
  /// - Parameter path: the file's path.
  /// - Throws: ``WeighStateError`` if the path is a symbolic link that leads to no file.
  package init(_ path: String) throws(WeighStateError) {
    self.path = path
    if let resolved = realpath(path, nil) {
      target = String(cString: resolved)
      free(resolved)
    } else {
      var status = stat()
      guard lstat(path, &status) != 0 else {
        throw WeighStateError("\(path) is a link that leads to no file")
      }
      target = path
    }
    AtomicFile.removeLeftovers(in: AtomicFile.folder(of: target))
  }

  /// Reads the content; nil where there is no file yet.
  ///
  /// - Throws: ``WeighStateError`` that names the file if it cannot be read.
  package mutating func read() throws(WeighStateError) -> Data? {
    known = Version(of: target)
    guard known != nil else { return nil }
    do throws(AtomicFile.Failure) {
      return try RegularFile.content(of: target)
    } catch {
      throw WeighStateError("\(path) \(error.message)")
    }
  }

  /// Replaces the file, or creates it: a process that is killed leaves the old or the new one.
  ///
  /// - Parameter content: what it is to hold.
  /// - Throws: ``WeighStateError`` that names the file, if the disk is full, say, or if another process has written it
  ///   since this one read or wrote it; it is then as it was.
  package mutating func write(_ content: Data) throws(WeighStateError) {
    guard Version(of: target) == known else {
      throw WeighStateError(
        "\(path) has been changed by another process: one state is for one process at a time")
    }
    do throws(AtomicFile.Failure) {
      try AtomicFile.write(content, to: target)
    } catch {
      throw WeighStateError("\(path) \(error.message)")
    }
    known = Version(of: target)
  }
}
