package import Foundation
import JointLossLinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files that are there whole or not at all.
package enum AtomicFile {
  /// Writes a file under a temporary name in its folder, syncs it to the disk and renames it.
  ///
  /// A process that is killed leaves the earlier file, or none, and at most a temporary file.
  package static func write(_ data: Data, to path: String) throws(StudyError) {
    let folder = (path as NSString).deletingLastPathComponent
    let temporary = "\(folder.isEmpty ? "." : folder)/\(TemporaryName.new())"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw failure(path) }
    do throws(StudyError) {
      defer { close(file) }
      try writeAll(data, to: file, path)
      guard fsync(file) == 0 else { throw failure(path) }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = failure(path)
      unlink(temporary)
      throw error
    }
    // The rename itself is on the disk once the folder is. Not every file system can do that, and none
    // loses the file's content for it.
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }

  /// Creates a folder and its parents where they are missing.
  static func createFolder(_ path: String) throws(StudyError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StudyError("the folder cannot be created: \(reasonAgainstFolder(path))", file: path)
    }
  }

  /// The system's own words on why a folder cannot be created, where Foundation has a number at most.
  private static func reasonAgainstFolder(_ path: String) -> String {
    var parent = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      parent += component
      if mkdir(parent, 0o777) != 0 && errno != EEXIST { break }
      parent += "/"
    }
    return String(cString: strerror(errno))
  }

  /// Removes the temporary files whose writers are gone.
  static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where TemporaryName.isLeftover(name) {
      unlink("\(folder)/\(name)")
    }
  }

  /// The error of the system call that just failed.
  static func failure(_ path: String) -> StudyError {
    StudyError("cannot be written: \(String(cString: strerror(errno)))", file: path)
  }

  private static func writeAll(_ data: Data, to file: CInt, _ path: String) throws(StudyError) {
    var rest = data[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure(path) }
      rest = rest.dropFirst(written)
    }
  }
}

/// The names of temporary files: they say which process of which machine writes them, and begin what other
/// programs write for it.
enum TemporaryName {
  private static let prefix = ".writing-"

  static func new() -> String {
    "\(prefix)\(machine)-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
  }

  /// Whether a file is a temporary one of this machine whose process no longer runs.
  static func isLeftover(_ name: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    let parts = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 3)
    guard parts.count >= 3, parts[0] == machine, let process = pid_t(parts[1]), process > 0 else {
      return false
    }
    return kill(process, 0) == -1 && errno == ESRCH
  }

  // A folder may be shared by machines, whose process numbers mean nothing here.
  private static let machine: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    return String(
      StableHash.fnv1a(String(decoding: buffer.map { UInt8(bitPattern: $0) }, as: UTF8.self)), radix: 16)
  }()
}
