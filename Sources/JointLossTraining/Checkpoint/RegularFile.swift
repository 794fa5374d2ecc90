package import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The content of files; whatever is not a file, and might have no end, is refused and not waited for.
package enum RegularFile {
  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: the most bytes that are read.
  /// - Returns: the bytes.
  /// - Throws: ``AtomicFile/Failure`` if there is no such file, it is a folder, a pipe or a device, or it is longer
  ///   than the limit.
  package static func content(of path: String, limit: Int = .max) throws(AtomicFile.Failure) -> Data {
    // Without O_NONBLOCK the opening of a pipe waits for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, reason(errno)) }
    if let kind = kind(of: status) { throw failure(path, "it is \(kind), not a file") }
    guard status.st_size <= limit else {
      throw failure(path, "it has \(status.st_size) bytes, more than the \(limit) that are read")
    }
    do {
      return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data()
    } catch {
      throw failure(path, error.localizedDescription)
    }
  }

  /// What something is that is not a file; nil for a file.
  private static func kind(of status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "something else"
    }
  }

  private static func reason(_ code: CInt) -> String {
    switch code {
    case ENOENT: "there is no such file"
    case ELOOP: "its symbolic links lead in a circle"
    case ENXIO: "it is a socket, not a file"
    default: String(cString: strerror(code))
    }
  }

  private static func failure(_ path: String, _ reason: String) -> AtomicFile.Failure {
    AtomicFile.Failure(path: path, message: "cannot be read: \(reason)", exists: false)
  }
}
