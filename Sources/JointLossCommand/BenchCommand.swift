import ArgumentParser

/// `jointloss bench`: what training steps and solvers cost.
struct BenchCommand: ParsableCommand {
  // The options are those of the subcommands: an option here would take the place of one with the same name there.
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times training steps against their BLAS products alone; times or tries the solvers.",
    subcommands: [StepBenchCommand.self, SolverBenchCommand.self, NumbersCommand.self],
    defaultSubcommand: StepBenchCommand.self)
}
