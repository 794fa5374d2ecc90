import JointLossTestSupport
import Subprocess

/// `jointloss weigh` as a process that is given all its input at once.
enum WeighProcess {
  struct Outcome {
    let succeeded: Bool
    let output: String
    let error: String
  }

  /// Runs it to its end.
  ///
  /// - Parameters:
  ///   - arguments: those after `weigh`.
  ///   - input: the lines.
  /// - Returns: what came of it.
  /// - Throws: what the start of the program throws.
  static func run(_ arguments: [String], input: String) async throws -> Outcome {
    let result = try await Subprocess.run(
      .name("jointloss"), arguments: Arguments(["weigh"] + arguments),
      environment: .inherit.updating(["PATH": BuiltProducts.folder]),
      input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
    return Outcome(
      succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
      error: result.standardError)
  }
}
