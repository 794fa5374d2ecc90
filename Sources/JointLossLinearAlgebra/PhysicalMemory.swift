import Foundation

/// The memory of this machine: what is asked for beyond it dies in an allocation, so that it is refused before.
package enum PhysicalMemory {
  /// The bytes of this machine.
  package static var bytes: Double { Double(ProcessInfo.processInfo.physicalMemory) }

  /// What is to be said of a need that this machine cannot meet.
  ///
  /// - Parameter needed: the bytes, a lower bound; so large that they may not fit an integer.
  /// - Returns: the end of a sentence with both numbers, or nil where there is memory enough.
  package static func shortage(of needed: Double) -> String? {
    guard needed > bytes else { return nil }
    return "needs at least \(gigabytes(needed)) GB, and this machine has \(gigabytes(bytes))"
  }

  private static func gigabytes(_ bytes: Double) -> String { String(format: "%.1f", bytes / 1e9) }
}
