import Foundation
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct GoldenTrainingTests {
  /// The runs of a file whose names differ from ours or that need parameters.
  private static let parameters: [String: (name: String, parameters: [String: ParameterValue])] = [
    "gradnorm": (
      "gradnorm",
      ["alpha": .number(1.5), "scope": .text("last-shared-layer"), "learning-rate": .number(0.025)]
    ),
    "pcgrad": ("pcgrad", ["order": .text("ascending")]),
    "dwa": ("dwa", ["temperature": .number(2)]),
    "random-like": ("fixed", [:]),
  ]

  @Test(arguments: GoldenTraining.files)
  func `Whole runs in Double are those of PyTorch`(file: URL) throws {
    let golden = try GoldenTraining(contentsOf: file)
    var compared = 0
    for (run, expected) in golden.runs.sorted(by: { $0.key < $1.key }) {
      var (name, parameters) = Self.parameters[run] ?? (run, [:])
      if run == "random-like" { parameters = ["weights": .numbers(golden.cutWeights)] }
      let strategy = try StrategyRegistry.builtIn.make(
        name, taskCount: golden.network.heads.count, parameters: parameters)
      #expect(try differences(from: expected, of: golden, strategy) == [], "\(run)")
      compared += 1
    }
    #expect(compared > 0)
  }

  @Test func `The comparison notices a run that is not the file's`() throws {
    let golden = try GoldenTraining(contentsOf: try #require(GoldenTraining.files.first))
    let expected = try #require(golden.runs["random-like"])
    let equal = try StrategyRegistry.builtIn.make("equal", taskCount: golden.network.heads.count)
    let differences = try differences(from: expected, of: golden, equal)
    #expect(differences.first == "weights of step 0" && differences.last == "trunk.0.weight")
  }

  /// Trains as the file says; what of losses and weights of every step and of the final parameters differs.
  private func differences<Strategy: WeightingStrategy>(
    from expected: GoldenTraining.Run, of golden: GoldenTraining, _ strategy: Strategy
  ) throws -> [String] {
    let network = try golden.specification()
    let batches = golden.batches
    let trainer = try Trainer<Double, Strategy>(
      network: network, strategy: strategy, optimizer: golden.optimizerSpecification,
      batchSize: batches.map(\.count).max() ?? 0, seed: 0)
    try trainer.setParameters(golden.parameters.mapValues(\.elements))
    let data = try PreparedData<Double>(golden.dataset(), network: network)
    var result: [String] = []
    for (step, due) in expected.steps.enumerated() {
      try trainer.step(on: data, samples: batches[step % batches.count])
      if !agree(trainer.lastLosses, due.losses, golden.tolerance) { result.append("losses of step \(step)") }
      if !agree(trainer.lastWeights, due.weights, golden.tolerance) {
        result.append("weights of step \(step)")
      }
      if (step + 1) % golden.batchesPerEpoch == 0 { try trainer.endEpoch() }
    }
    let parameters = trainer.parameters
    for name in Set(parameters.keys).union(expected.finalParameters.keys).sorted() {
      let due = expected.finalParameters[name]?.elements ?? []
      if !agree(parameters[name] ?? [], due, golden.tolerance) { result.append(name) }
    }
    return result
  }

  private func agree(_ values: [Double], _ expected: [Double], _ tolerance: Double) -> Bool {
    values.count == expected.count
      && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
  }
}

extension GoldenTraining {
  /// The fixed weights of the run `random-like`, for as many tasks as the network has.
  fileprivate var cutWeights: [Double] { Array([0.3, 1.7, 1].prefix(network.heads.count)) }
}
