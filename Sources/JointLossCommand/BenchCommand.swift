import ArgumentParser
import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// `jointloss bench`: what a training step costs beyond its BLAS products.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times a training step of each strategy against its BLAS products alone.",
    discussion: """
      A step is forward pass, losses, gradients, weights and Adam, in Float on one BLAS thread. The floor is \
      the step's matrix products alone, in the same run.
      """,
    subcommands: [SolverBenchCommand.self])

  @Option(help: ArgumentHelp("A workload; repeatable.", valueName: "name"))
  var workload: [String] = []

  @Option(help: ArgumentHelp("A strategy; repeatable.", valueName: "name"))
  var strategy: [String] = []

  @Option(help: "The time of a measurement, step and floor together.")
  var seconds = 2.0

  @Flag(help: "One JSON object a line instead of a table.")
  var json = false

  func validate() throws {
    #if DEBUG
      throw ValidationError("this is a debug build: time a release build (swift build -c release)")
    #else
      guard seconds > 0, seconds.isFinite else {
        throw ValidationError("--seconds needs a time > 0, not \(seconds)")
      }
      try Self.check(workload, against: Workload.all.map(\.name), "workload")
      let known = try BenchmarkStrategy.all(in: JointLoss.registry, tasks: 2).map(\.name)
      try Self.check(strategy, against: known, "strategy")
    #endif
  }

  func run() throws {
    BLASLibrary.setThreads(1)
    printPreamble()
    for workload in Workload.all where self.workload.isEmpty || self.workload.contains(workload.name) {
      let data = try workload.data()
      for row in try BenchmarkStrategy.all(in: JointLoss.registry, tasks: workload.tasks)
      where strategy.isEmpty || strategy.contains(row.name) {
        print(try measure(workload, data, row.name, row.strategy))
      }
    }
  }

  private func measure<Strategy: WeightingStrategy>(
    _ workload: Workload, _ data: PreparedData<Float>, _ name: String, _ strategy: Strategy
  ) throws -> String {
    let result = try StepBenchmark(
      workload, data: data, name: name, strategy: strategy, seconds: seconds)
    guard json else {
      return Self.row(
        result.workload, result.strategy, Self.number(result.microseconds),
        Self.number(result.floorMicroseconds), String(format: "%.2f", result.ratio))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }

  private func printPreamble() {
    for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] {
      guard let value = ProcessInfo.processInfo.environment[variable] else { continue }
      FileHandle.standardError.write(
        Data("\(variable)=\(value) is set: OpenBLAS may not run at this machine's speed\n".utf8))
    }
    guard !json else { return }
    let threads = BLASLibrary.threads.map { "\($0)" } ?? "an unknown number of"
    print("\(BLASLibrary.name), \(threads) threads, Float")
    print(Self.row("workload", "strategy", "µs", "floor µs", "ratio"))
  }

  private static func check(_ names: [String], against known: [String], _ what: String) throws {
    for name in names where !known.contains(name) {
      let hint = NearestNames.hint(for: name, among: known, what: "names")
      throw ValidationError("no \(what) to time is named “\(name)”: \(hint)")
    }
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func row(_ cells: String...) -> String {
    let widths = [16, 16, 12, 12, 7]
    return zip(cells, widths).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 2 ? cell.0 + padding : padding + cell.0
    }.joined()
  }
}
