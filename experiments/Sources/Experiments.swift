import ArgumentParser

/// The command `experiments`: replications, each a study file and the question it answers.
struct Experiments: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiments",
    abstract: "Repeats the experiments that papers/ reports.",
    subcommands: [ListCommand.self, RunCommand.self])

  /// All replications, by name.
  static let all: [any Replication.Type] = [RelatedVersusUnrelated.self]
}
