import Foundation

/// A folder that is gone when the test is.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    path = "\(NSTemporaryDirectory())/jointloss-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of the files in a folder of it, sorted.
  package func names(in folder: String = "runs") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
  }
}
