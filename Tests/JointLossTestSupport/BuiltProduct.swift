package import Foundation

/// The programs that were built beside the tests.
package enum BuiltProduct {
  /// The path of a program of this package.
  ///
  /// - Parameter name: the product's name.
  /// - Returns: its path in the folder of the running test bundle.
  package static func path(of name: String) -> String {
    let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? Bundle.main.bundleURL
    return folder.appending(path: name).path(percentEncoded: false)
  }
}
