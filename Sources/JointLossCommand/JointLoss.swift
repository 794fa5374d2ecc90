public import ArgumentParser
import JointLossStudies
public import JointLossWeighting

/// The command `jointloss`: everything the package does, from a terminal.
public struct JointLoss: AsyncParsableCommand {
  /// Name, summary and subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "jointloss",
    abstract: "Compares ways to weigh the losses of a multi-task network.",
    version: JointLossVersion.current,
    subcommands: [
      CompareCommand.self, RunCommand.self, ReportCommand.self, StrategiesCommand.self, SuitesCommand.self,
      WeighCommand.self, CheckCommand.self, BenchCommand.self,
    ])

  /// The strategies that every subcommand knows.
  @TaskLocal static var registry = StrategyRegistry.builtIn

  /// Creates the command.
  public init() {}

  /// Runs the command with strategies of the caller's own beside the built-in ones.
  ///
  /// - Parameter strategies: the types to add.
  public static func main(adding strategies: [any WeightingStrategy.Type]) async {
    StandardStreams.prepare()
    do {
      let registry = try StrategyRegistry.builtIn.adding(strategies)
      try await $registry.withValue(registry) {
        var command = try await asyncParseAsRoot()
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      }
    } catch {
      end(with: error)
    }
  }

  /// Ends the program; help and version, which come as errors of status 0, are answers that may not get lost either.
  private static func end(with error: any Error) -> Never {
    guard exitCode(for: error) == .success else { exit(withError: error) }
    do {
      try StandardOutput.write(fullMessage(for: error))
      exit()
    } catch {
      exit(withError: error)
    }
  }
}
