import Foundation
import JointLossTestSupport
import Subprocess

/// A program of this package, run to its end.
struct Command {
  let succeeded: Bool
  let output: String
  let error: String

  /// Runs a program.
  ///
  /// - Parameters:
  ///   - name: the program's name.
  ///   - arguments: its arguments.
  ///   - folder: where it is.
  ///   - searchPath: where it finds other programs.
  /// - Throws: what the start of the program throws.
  init(
    _ name: String = "jointloss", _ arguments: [String], in folder: String = BuiltProducts.folder,
    searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) async throws {
    let result = try await run(
      .name(name), arguments: Arguments(arguments),
      environment: .inherit.updating(["PATH": "\(folder):\(searchPath)"]),
      output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
    succeeded = result.terminationStatus.isSuccess
    output = result.standardOutput
    error = result.standardError
  }
}
