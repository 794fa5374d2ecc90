import Foundation

/// The programs that were built beside the tests.
package enum BuiltProducts {
  /// The folder that they are in: that of the running test bundle.
  package static var folder: String {
    let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? Bundle.main.bundleURL
    return folder.path(percentEncoded: false)
  }
}
