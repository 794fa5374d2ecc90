import ArgumentParser
import Foundation
import JointLossLinearAlgebra
import JointLossWeighting

/// `jointloss bench solvers`: what the solvers on the Gramian cost.
struct SolverBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solvers",
    abstract: "Times the solvers on Gramians of 10 and 100 tasks, or tries them on random ones.",
    discussion: """
      Each call is one step of a strategy on a ready Gramian of standard normal gradients, with T/2 or 2T \
      parameters: dependent or independent gradients. Median over the calls, after the first; one BLAS thread.

      With --random N nothing is timed: every strategy with a solver weighs N random Gramians of 1 to 50 tasks, of \
      rank 0 to T and a scale of 1e-10 to 1e10, with copies, opposed gradients, gradients 1e8 apart, perturbations \
      of 1e-16 to 1e-6 and products in Float among them. What is counted: errors; weights that are not finite; \
      answers that a non-negative least squares solution on the gradients contradicts (mgda, upgrad, dualproj), or \
      the bound of the dual (cagrad), or the equations (nash-mtl, fairgrad); answers whose reference has not come to an end; \
      certificates above 1e-9 and ridges. The status is 1 if any of the first three is not 0; \
      then the first three faults of each strategy are printed on standard error, each with the number of its Gramian. \
      With --random 1 --skip NUMBER and the same seed that Gramian is tried alone.
      """)

  @Option(help: "The time of a measurement.")
  var seconds = 0.5

  @Option(help: ArgumentHelp("The number of random Gramians to try the solvers on.", valueName: "n"))
  var random: Int?

  @Option(help: "The seed of the random Gramians; 0 where none is given.")
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "The number of the first random Gramian; those before it are not tried.", valueName: "n"))
  var skip: Int?

  @Option(help: ArgumentHelp("A strategy to try on random Gramians; repeatable.", valueName: "name"))
  var strategy: [String] = []

  @Flag(help: "One JSON object a line instead of a table.")
  var json = false

  /// The strategies whose step is their solver, and the times they must keep (µs at 10 and 100 tasks).
  private static let subjects: [(name: String, solver: String, targets: [Int: Double])] = [
    ("mgda", "min-norm point", [10: 50, 100: 5000]),
    ("cagrad", "CAGrad's dual", [10: 50, 100: 5000]),
    ("nash-mtl", "Nash equations", [10: 50, 100: 5000]),
    ("imtl-g", "pseudo-inverse", [10: 50, 100: 5000]),
    ("dualproj", "dual cone, one projection", [:]),
    ("upgrad", "dual cone, T projections", [10: 200, 100: 60000]),
  ]

  private struct Row: Encodable {
    let solver: String
    let strategy: String
    let tasks: Int
    let parameters: Int
    let microseconds: Double
    let targetMicroseconds: Double?
    let iterations: Int?
    let residual: Double?
  }

  func validate() throws {
    guard seconds > 0, seconds.isFinite else {
      throw ValidationError("--seconds needs a time > 0, not \(seconds)")
    }
    guard random ?? 1 >= 1 else {
      throw ValidationError("--random needs a number of at least 1, not \(random ?? 0)")
    }
    guard skip ?? 0 >= 0 else {
      throw ValidationError("--skip needs a number of at least 0, not \(skip ?? 0)")
    }
    if random == nil {
      for (option, isGiven) in [
        ("--seed", seed != nil), ("--skip", skip != nil), ("--strategy", !strategy.isEmpty),
      ] where isGiven {
        throw ValidationError("\(option) is for random Gramians: give --random as well")
      }
    }
    try StepBenchCommand.check(strategy, against: SolverTrial.rules.map(\.name), "strategy")
    #if DEBUG
      throw ValidationError("this is a debug build: time a release build (swift build -c release)")
    #endif
  }

  func run() throws {
    BLASLibrary.setThreads(1)
    if let random { return try tryRandom(random) }
    if !json {
      try StandardOutput.write(
        Self.line("solver", "strategy", "T", "P", "µs", "target µs", "iterations", "residual"))
    }
    for tasks in [10, 100] {
      for parameters in [tasks / 2, 2 * tasks] {
        for subject in Self.subjects {
          let strategy = try StrategyRegistry.builtIn.make(subject.name, taskCount: tasks)
          let row = try measure(
            strategy, subject.solver, tasks: tasks, parameters: parameters, target: subject.targets[tasks])
          try StandardOutput.write(try text(row))
        }
      }
    }
  }

  private func tryRandom(_ count: Int) throws {
    var stream = PhiloxStream(seed: seed ?? 0, purpose: "bench random Gramians")
    var trials = SolverTrial.rules.filter { strategy.isEmpty || strategy.contains($0.name) }
      .map { SolverTrial($0) }
    let first = skip ?? 0
    RandomGramian.skip(first, in: &stream)
    for done in 1...count {
      let gramian = try RandomGramian(from: &stream)
      for index in trials.indices { try trials[index].add(gramian, number: first + done - 1) }
      if done % Self.progressInterval == 0 {
        let faulty = trials.reduce(0) { $0 + $1.faultCount }
        StepBenchCommand.warn("\(done) of \(count) Gramians, \(faulty) faults")
      }
    }
    if !json {
      try StandardOutput.write(
        Self.line(
          "strategy", "Gramians", "errors", "not finite", "contradicted", "unjudged", "> 1e-9", "residual",
          "ridges", "largest", widths: Self.trialWidths))
    }
    for trial in trials {
      try StandardOutput.write(
        json
          ? try Self.json(trial)
          : Self.line(
            trial.name, "\(trial.count)", "\(trial.errors)", "\(trial.notFinite)", "\(trial.contradicted)",
            "\(trial.unjudged)", "\(trial.unproven)", String(format: "%.1e", trial.worstResidual),
            "\(trial.ridged)",
            String(format: "%.0e", trial.largestRidge), widths: Self.trialWidths))
    }
    let faults = trials.flatMap(\.faults)
    for fault in faults { StepBenchCommand.warn(fault) }
    if !faults.isEmpty { throw ExitCode.failure }
  }

  private func measure<Strategy: WeightingStrategy>(
    _ strategy: Strategy, _ solver: String, tasks: Int, parameters: Int, target: Double?
  ) throws -> Row {
    var weigher = try Weigher(strategy, taskCount: tasks)
    var stream = PhiloxStream(seed: 0, purpose: "bench solvers")
    let steps = try (0..<8).map { _ in
      var observation = StepObservation(losses: [Double](repeating: 1, count: tasks))
      let rows = (0..<tasks).map { _ in (0..<parameters).map { _ in stream.normal() } }
      observation.gramian = try Jacobian(rows: rows).gramian
      return observation
    }
    var times: [Double] = []
    var certificate = try weigher.weights(observing: steps[0]).certificate
    let start = ContinuousClock.now
    while times.count < 15 || (ContinuousClock.now - start) / .seconds(1) < seconds {
      let begin = ContinuousClock.now
      certificate = try weigher.weights(observing: steps[times.count % steps.count]).certificate
      times.append((ContinuousClock.now - begin) / .microseconds(1))
    }
    return Row(
      solver: solver, strategy: Strategy.about.name, tasks: tasks, parameters: parameters,
      microseconds: times.sorted()[times.count / 2], targetMicroseconds: target,
      iterations: certificate?.iterations, residual: certificate?.residual)
  }

  private func text(_ row: Row) throws -> String {
    guard json else {
      return Self.line(
        row.solver, row.strategy, "\(row.tasks)", "\(row.parameters)",
        String(format: "%.1f", row.microseconds),
        row.targetMicroseconds.map { String(format: "%.0f", $0) } ?? "", row.iterations.map { "\($0)" } ?? "",
        row.residual.map { String(format: "%.1e", $0) } ?? "")
    }
    return try Self.json(row)
  }

  private static func json(_ row: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(row), as: UTF8.self)
  }

  /// After how many Gramians a line says how far the trial is.
  private static let progressInterval = 50_000
  private static let trialWidths = [12, 10, 9, 12, 14, 10, 9, 10, 10, 9]

  private static func line(_ cells: String..., widths: [Int] = [27, 10, 5, 5, 10, 11, 12, 10]) -> String {
    zip(cells, widths).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 2 ? cell.0 + padding : padding + cell.0
    }.joined()
  }
}
