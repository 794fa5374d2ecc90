import ArgumentParser
import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// `jointloss bench steps`, or `jointloss bench` alone: what a training step costs beyond its BLAS products.
struct StepBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steps",
    abstract: "Times a training step of each strategy against its BLAS products alone.",
    discussion: """
      A step is forward pass, losses, gradients, weights and Adam, in Float on one BLAS thread. The floor is \
      the step's matrix products alone, in the same run. The peak is the resident memory of the whole process \
      before the floor takes its own. The first steps are repeated in Double, by a plain reference that has \
      nothing of the trainer. Where the losses deviate from its own by more than \(LossCheck.tolerance), \
      relatively, it runs again from parameters that differ by a rounding; where that does not explain the \
      deviation the command ends with an error.
      """)

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
    try printPreamble()
    var deviating: [String] = []
    for workload in Workload.all where self.workload.isEmpty || self.workload.contains(workload.name) {
      let dataset = try workload.data()
      let data = (timed: try PreparedData<Float>(dataset, network: workload.network()), reference: dataset)
      for row in try BenchmarkStrategy.all(in: JointLoss.registry, tasks: workload.tasks)
      where strategy.isEmpty || strategy.contains(row.name) {
        let result = try measure(workload, data, row.name, row.strategy)
        try StandardOutput.write(try text(result))
        if !result.check.passes { deviating.append("\(row.name) on \(workload.name)") }
      }
    }
    guard deviating.isEmpty else {
      Self.warn(
        "losses deviate from those of the reference by more than rounding explains: "
          + deviating.joined(separator: ", "))
      throw ExitCode.failure
    }
  }

  private func measure<Strategy: WeightingStrategy>(
    _ workload: Workload, _ data: (timed: PreparedData<Float>, reference: TaskDataset),
    _ name: String, _ strategy: Strategy
  ) throws -> StepBenchmark {
    try StepBenchmark(workload, data: data, name: name, strategy: strategy, seconds: seconds)
  }

  private func text(_ result: StepBenchmark) throws -> String {
    guard json else {
      return Self.row(
        result.workload, result.strategy, Self.number(result.microseconds),
        Self.number(result.floorMicroseconds), String(format: "%.2f", result.ratio),
        result.peakMemoryBytes.map { String(format: "%.0f", Double($0) / 1e6) } ?? "",
        String(format: "%.1e", result.check.deviation),
        result.check.sensitivity.map { String(format: "%.1e", $0) } ?? "")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }

  private func printPreamble() throws {
    for variable in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] {
      guard let value = ProcessInfo.processInfo.environment[variable] else { continue }
      Self.warn("\(variable)=\(value) is set: OpenBLAS may not run at this machine's speed")
    }
    guard !json else { return }
    let threads = BLASLibrary.threads.map { "\($0)" } ?? "an unknown number of"
    let title = "\(BLASLibrary.name), \(threads) threads, Float"
    try StandardOutput.write(
      title + "\n"
        + Self.row("workload", "strategy", "µs", "floor µs", "ratio", "peak MB", "deviation", "rounding"))
  }

  /// Writes a line on standard error.
  static func warn(_ message: String) {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
  }

  /// Refuses a name that is not among those known.
  static func check(_ names: [String], against known: [String], _ what: String) throws {
    for name in names where !known.contains(name) {
      let hint = NearestNames.hint(for: name, among: known, what: "names")
      throw ValidationError("no \(what) to time is named “\(name)”: \(hint)")
    }
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func row(_ cells: String...) -> String {
    let widths = [16, 22, 12, 12, 7, 9, 11, 10]
    return zip(cells, widths).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 2 ? cell.0 + padding : padding + cell.0
    }.joined()
  }
}
