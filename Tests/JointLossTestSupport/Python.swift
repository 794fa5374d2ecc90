package import Foundation

/// A Python with the packages `safetensors` and `numpy`, as `make test` installs them.
package enum Python {
  /// What kept a script from its end.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Runs a script.
  ///
  /// - Returns: what it prints.
  /// - Throws: if there is no such Python, or the script fails.
  package static func run(_ script: String, _ arguments: String...) throws -> Data {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
      .standardizedFileURL
    let python = root.appending(path: ".build/python/bin/python")
    let path = python.path(percentEncoded: false)
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure(
        description: "\(path) is missing: `make python` installs it, with safetensors and numpy from PyPI")
    }
    let (process, output) = (Process(), Pipe())
    process.executableURL = python
    process.arguments = ["-c", script] + arguments
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "the script ended with status \(process.terminationStatus)")
    }
    return data
  }
}
