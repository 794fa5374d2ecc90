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
    do {
      let registry = try StrategyRegistry.builtIn.adding(strategies)
      await $registry.withValue(registry) { await runProgram() }
    } catch {
      exit(withError: error)
    }
  }
}
