import ArgumentParser
import Foundation
import JointLossLinearAlgebra
import JointLossWeighting

/// `jointloss bench solvers`: what the solvers on the Gramian cost.
struct SolverBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solvers",
    abstract: "Times the solvers on Gramians of 10 and 100 tasks.",
    discussion: """
      Each call is one step of a strategy on a ready Gramian of standard normal gradients, with T/2 or 2T \
      parameters: dependent or independent gradients. Median over the calls, after the first; one BLAS thread.
      """)

  @Option(help: "The time of a measurement.")
  var seconds = 0.5

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
    #if DEBUG
      throw ValidationError("this is a debug build: time a release build (swift build -c release)")
    #else
      guard seconds > 0, seconds.isFinite else {
        throw ValidationError("--seconds needs a time > 0, not \(seconds)")
      }
    #endif
  }

  func run() throws {
    BLASLibrary.setThreads(1)
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

  private func measure<Strategy: WeightingStrategy>(
    _ strategy: Strategy, _ solver: String, tasks: Int, parameters: Int, target: Double?
  ) throws -> Row {
    var strategy = strategy
    var stream = PhiloxStream(seed: 0, purpose: "bench solvers")
    let steps = try (0..<8).map { _ in
      var observation = StepObservation(losses: [Double](repeating: 1, count: tasks))
      let rows = (0..<tasks).map { _ in (0..<parameters).map { _ in stream.normal() } }
      observation.gramian = try Jacobian(rows: rows).gramian
      return try Strategy.Evidence(observing: observation)
    }
    var times: [Double] = []
    var certificate = try strategy.weights(for: steps[0]).certificate
    let start = ContinuousClock.now
    while times.count < 15 || (ContinuousClock.now - start) / .seconds(1) < seconds {
      let begin = ContinuousClock.now
      certificate = try strategy.weights(for: steps[times.count % steps.count]).certificate
      times.append((ContinuousClock.now - begin) / .microseconds(1))
    }
    return Row(
      solver: solver, strategy: Strategy.descriptor.name, tasks: tasks, parameters: parameters,
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
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(row), as: UTF8.self)
  }

  private static func line(_ cells: String...) -> String {
    let widths = [27, 10, 5, 5, 10, 11, 12, 10]
    return zip(cells, widths).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 2 ? cell.0 + padding : padding + cell.0
    }.joined()
  }
}
