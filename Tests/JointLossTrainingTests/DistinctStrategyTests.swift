import JointLossTraining
import JointLossWeighting
import Testing

/// No two strategies are one under two names: a curve that is another's to the bit is a fault.
@Suite struct DistinctStrategyTests {
  /// Strategies whose first epochs are the same by definition.
  private static let same: Set<Set<String>> = [
    // Weights of 1 by default; the arrangement of single-task is the study's affair.
    ["equal", "fixed", "single-task"],
    // The gradient of Σ log L_t, derived in two ways.
    ["scale-invariant", "uw-o"],
  ]

  /// The parameters after four epochs on three tasks of different scale, which conflict.
  private func trained(_ name: String) throws -> [String: [Double]] {
    func train<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws -> [String: [Double]] {
      let problem = try Problem(
        inputs: 5, trunk: [8, 6], activation: .tanh,
        tasks: [(.meanSquaredError, 2), (.meanSquaredError, 1), (.binaryCrossEntropy, 1)], samples: 32,
        scale: [1, 5, 1])
      let trainer = try Trainer<Double, Strategy>(
        network: problem.network, strategy: Strategy(taskCount: 3),
        optimizer: .sgd(learningRate: 0.01), batchSize: 8, seed: 4)
      let data = try PreparedData<Double>(problem.data, network: problem.network)
      for _ in 0..<4 { try trainer.trainEpoch(on: data) }
      return trainer.parameters
    }
    return try train(StrategyRegistry.builtIn.type(named: name))
  }

  @Test func `No two strategies train the same network but those that are the same by definition`() throws {
    let names = StrategyRegistry.builtIn.names
    let groups = Dictionary(grouping: names.indices) { index in (try? trained(names[index])) ?? [:] }
    #expect(groups[[:]] == nil)
    let alike = groups.values.filter { $0.count > 1 }.map { Set($0.map { names[$0] }) }
    #expect(Set(alike) == Self.same)
  }
}
