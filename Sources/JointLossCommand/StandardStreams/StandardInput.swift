import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The lines of standard input.
struct StandardInput {
  // What is read and not yet returned, from `start` on.
  private var buffer: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  /// The next line without its end, as soon as it is there.
  ///
  /// - Returns: the line; nil at the end of the input.
  /// - Throws: ``StreamError`` if standard input cannot be read: it is closed, or a folder.
  mutating func line() throws -> String? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0A) {
        defer { start = end + 1 }
        return text(upTo: end)
      }
      searched = buffer.count - start
      buffer.removeFirst(start)
      start = 0
      if isAtEnd {
        guard !buffer.isEmpty else { return nil }
        defer { buffer = [] }
        return text(upTo: buffer.count)
      }
      try readOn()
    }
  }

  private func text(upTo end: Int) -> String {
    let line = buffer[start..<end]
    return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
  }

  private mutating func readOn() throws {
    let failure = "standard input cannot be read"
    guard StandardStreams.isOpen(STDIN_FILENO) else { throw StreamError(failure, EBADF) }
    let chunk = 1 << 16
    let known = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: chunk))
    let count = buffer.withUnsafeMutableBytes { bytes in
      var count: Int
      repeat {
        count = read(STDIN_FILENO, bytes.baseAddress?.advanced(by: known), chunk)
      } while count < 0
        && errno == EINTR
      return count
    }
    guard count >= 0 else { throw StreamError(failure) }
    buffer.removeLast(chunk - count)
    isAtEnd = count == 0
  }
}
