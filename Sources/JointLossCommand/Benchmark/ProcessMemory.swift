import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The resident memory of this process, where the system tells it: on Linux.
enum ProcessMemory {
  /// Gives freed memory back and sets the peak to what is resident now.
  static func resetPeak() {
    #if canImport(Glibc)
      // Looked up by name: the module Glibc does not cover its header.
      typealias Trim = @convention(c) (Int) -> CInt
      if let trim = dlsym(dlopen(nil, RTLD_NOW), "malloc_trim") {
        _ = unsafeBitCast(trim, to: Trim.self)(0)
      }
    #endif
    // Where this is refused, the peak goes on counting what came before: too much, never too little.
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
  }

  /// The largest resident memory since ``resetPeak()``, in bytes.
  static var peak: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes << 10
  }
}
