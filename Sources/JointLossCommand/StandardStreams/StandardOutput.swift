import ArgumentParser
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a command answers, on standard output: written at once, and an error where it is lost.
package enum StandardOutput {
  /// Writes a text and the end of its line.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - terminator: what follows it.
  /// - Throws: ``StreamError`` if standard output is full or closed; `ExitCode` where its reader has gone.
  package static func write(_ text: String, terminator: String = "\n") throws {
    let failure = "standard output cannot be written"
    guard StandardStreams.isOpen(STDOUT_FILENO) else { throw StreamError(failure, EBADF) }
    var rest = Data((text + terminator).utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        #else
          Darwin.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        #endif
      }
      guard written < 0 else {
        rest = rest.dropFirst(written)
        continue
      }
      switch errno {
      case EINTR: continue
      // The reader, such as `head`, has all it wants: that is no mistake to speak of.
      case EPIPE: throw StandardStreams.closedPipe
      default: throw StreamError(failure)
      }
    }
  }
}
