#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The BLAS that this process runs on.
public enum BLASLibrary {
  /// Its name and kernel: `OpenBLAS SkylakeX`, or `reference BLAS (or another without OpenBLAS's entry points)`.
  public static var name: String {
    typealias CoreName = @convention(c) () -> UnsafePointer<CChar>?
    guard let coreName = symbol("openblas_get_corename", as: CoreName.self), let text = coreName() else {
      return "reference BLAS (or another without OpenBLAS's entry points)"
    }
    return "OpenBLAS \(String(cString: text))"
  }

  /// Its number of threads, where it can tell.
  public static var threads: Int? {
    typealias Threads = @convention(c) () -> CInt
    return symbol("openblas_get_num_threads", as: Threads.self).map { Int($0()) }
  }

  /// Sets the number of threads, where the BLAS has any to set.
  ///
  /// - Parameter count: at least 1; a study gives each of its workers one.
  public static func setThreads(_ count: Int) {
    typealias SetThreads = @convention(c) (CInt) -> Void
    symbol("openblas_set_num_threads", as: SetThreads.self)?(CInt(count))
  }

  private static func symbol<Function>(_ name: String, as type: Function.Type) -> Function? {
    dlsym(dlopen(nil, RTLD_NOW), name).map { unsafeBitCast($0, to: type) }
  }
}
