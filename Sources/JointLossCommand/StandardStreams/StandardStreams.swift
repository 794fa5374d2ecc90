import ArgumentParser
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Standard input, output and error as a program finds them.
enum StandardStreams {
  /// How a program ends whose output nobody reads any more: the status that shells give one ended by the signal.
  static let closedPipe = ExitCode(128 + SIGPIPE)

  /// Makes the streams fit for use; to be called before any file is opened.
  ///
  /// A stream that is closed is replaced by one that fails, so that no file gets its number, and with it what was meant
  /// for the stream. A pipe without a reader is an error of the write and does not end the program, so that a study
  /// whose tables nobody reads still writes its report.
  static func prepare() {
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
      // The lowest free number is this stream's.
      _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether a stream is a file, pipe or device.
  ///
  /// A stream that was closed at the start may be none of these: the runtime
  /// opens what it needs before ``prepare()``, and that gets the first number that is free.
  static func isOpen(_ stream: Int32) -> Bool {
    var status = stat()
    return fstat(stream, &status) == 0 && status.st_mode & S_IFMT != 0
  }
}

/// A standard stream that cannot be read or written.
struct StreamError: Error, CustomStringConvertible {
  /// One sentence with the stream and the reason.
  let description: String

  /// The error of a system call.
  ///
  /// - Parameters:
  ///   - what: such as “standard output cannot be written”.
  ///   - code: the call's `errno`.
  init(_ what: String, _ code: Int32 = errno) {
    description = "\(what): \(code == EBADF ? "it is closed" : String(cString: strerror(code)))"
  }
}
