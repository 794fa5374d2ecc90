import ArgumentParser
import JointLossCommand

/// The command `experiments`: replications, each a study file and the question it answers.
@main
struct Experiments: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiments",
    abstract: "Repeats the experiments that papers/ reports.",
    subcommands: [ListCommand.self, RunCommand.self])

  static func main() async { await runProgram() }

  /// All replications, by name.
  static var all: [any Replication.Type] { [RelatedVersusUnrelated.self] }
}
