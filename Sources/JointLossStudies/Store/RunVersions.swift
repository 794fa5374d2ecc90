import Foundation
import JointLossLinearAlgebra

/// The version of this package.
public enum JointLossVersion {
  /// The version, as in a tag.
  public static let current = "0.1.0"
}

extension RunRecord.Versions {
  /// The versions that this process runs with.
  static let current = RunRecord.Versions(
    jointLoss: JointLossVersion.current, swift: compiler, blas: BLASLibrary.name, platform: platform)

  // A program cannot print its compiler's version; conditional compilation can bound it.
  private static var compiler: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "before 6.3"
    #endif
  }

  private static var platform: String {
    #if arch(x86_64)
      let architecture = "x86_64"
    #elseif arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "another architecture"
    #endif
    return "\(architecture), \(ProcessInfo.processInfo.operatingSystemVersionString)"
  }
}
