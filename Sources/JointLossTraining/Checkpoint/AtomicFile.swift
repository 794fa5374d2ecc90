package import Foundation
import JointLossLinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files, and folders of files, that are there whole or not at all.
package enum AtomicFile {
  /// What the system refused.
  package struct Failure: Error {
    /// The file or folder.
    package let path: String
    /// One sentence without the path.
    package let message: String
    /// Whether there is something of that name already.
    package let exists: Bool
  }

  /// The folder that a path's last name is in.
  ///
  /// Foundation's own function traps on a path of one character.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Writes a file under a temporary name in its folder, syncs it to the disk and renames it.
  ///
  /// A process that is killed leaves the earlier file, or none, and at most a temporary file.
  package static func write(_ data: Data, to path: String) throws(Failure) {
    let folder = folder(of: path)
    let temporary = "\(folder)/\(TemporaryName.new())"
    do throws(Failure) {
      try create(temporary, content: data, for: path)
      guard rename(temporary, path) == 0 else { throw failure(path) }
    } catch {
      unlink(temporary)
      throw error
    }
    sync(folder)
  }

  /// Writes a new folder of files: under a temporary name beside it, synced to the disk and renamed.
  ///
  /// A process that is killed leaves no folder of that name, and at most a temporary one.
  package static func writeFolder(_ files: [String: Data], to path: String) throws(Failure) {
    let folder = folder(of: path)
    let temporary = "\(folder)/\(TemporaryName.new())"
    guard mkdir(temporary, 0o777) == 0 else { throw failure(path) }
    do throws(Failure) {
      for (name, content) in files {
        try create("\(temporary)/\(name)", content: content, for: "\(path)/\(name)")
      }
      sync(temporary)
      guard rename(temporary, path) == 0 else { throw failure(path) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    sync(folder)
  }

  /// Creates a folder and its parents where they are missing.
  package static func createFolder(_ path: String) throws(Failure) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        path: path, message: "the folder cannot be created: \(reasonAgainstFolder(path))", exists: false)
    }
  }

  /// The system's own words on why a folder cannot be created, where Foundation has a number at most.
  private static func reasonAgainstFolder(_ path: String) -> String {
    var parent = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      parent += component
      if mkdir(parent, 0o777) != 0 {
        guard errno == EEXIST else { break }
        // A link that leads in a circle has that name, perhaps.
        var status = stat()
        if stat(parent, &status) != 0 && errno == ELOOP { return "its symbolic links lead in a circle" }
      }
      parent += "/"
    }
    return String(cString: strerror(errno))
  }

  /// Removes the temporary files and folders whose writers are gone.
  package static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where TemporaryName.isLeftover(name) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  /// The error of the system call that just failed.
  package static func failure(_ path: String) -> Failure {
    let code = errno
    return Failure(
      path: path, message: "cannot be written: \(String(cString: strerror(code)))",
      exists: code == EEXIST || code == ENOTEMPTY)
  }

  private static func create(_ file: String, content: Data, for path: String) throws(Failure) {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    try writeAll(content, to: descriptor, path)
    guard fsync(descriptor) == 0 else { throw failure(path) }
  }

  // A rename is on the disk once its folder is. Not every file system can do that, and none loses a file's
  // content for it.
  private static func sync(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func writeAll(_ data: Data, to file: CInt, _ path: String) throws(Failure) {
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
package enum TemporaryName {
  private static let prefix = ".writing-"

  /// A name that no other has.
  package static func new() -> String {
    "\(prefix)\(machine)-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
  }

  /// Whether a file is a temporary one of this machine whose process no longer runs.
  package static func isLeftover(_ name: String) -> Bool {
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
