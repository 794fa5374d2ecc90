public import ArgumentParser
import JointLossStudies
public import JointLossSuites
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
  /// The suites that every subcommand knows.
  @TaskLocal static var suites = SuiteRegistry.builtIn

  /// Creates the command.
  public init() {}

  /// Runs the command with strategies and suites of the caller's own beside the built-in ones.
  ///
  /// A name that is taken, or a parameter that cannot be as it is declared, ends the program with a message.
  ///
  /// - Parameters:
  ///   - strategies: the strategies to add.
  ///   - suites: the suites to add.
  public static func main(
    strategies: [any WeightingStrategy.Type] = [], suites: [any TaskSuite.Type] = []
  ) async {
    do {
      let strategies = try StrategyRegistry.builtIn.adding(strategies)
      let suites = try SuiteRegistry.builtIn.adding(suites)
      await $registry.withValue(strategies) { await $suites.withValue(suites) { await runProgram() } }
    } catch {
      exit(withError: error)
    }
  }
}
