import JointLossTraining
import JointLossWeighting
import Testing

/// Every strategy on every layer and every architecture: none refuses one, and none is left without gradients.
@Suite struct StrategyNetworkTests {
  private static let steps = 3

  private func train<Strategy: WeightingStrategy>(_ type: Strategy.Type, _ problem: Problem) throws {
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer: Trainer<Double, Strategy> = try CheckpointTests.trainer(
      type, problem, in: Double.self, batchSize: 4, optimizer: .adam(learningRate: 0.001))
    let tasks = problem.network.tasks.count
    var moved: Set<String> = []
    // A head follows its weighted loss: not at all where a rule never weighs its task.
    var weighted: Set<Int> = Strategy.about.weighs == .losses ? [] : Set(0..<tasks)
    for step in 0..<Self.steps {
      let before = trainer.parameters
      try trainer.step(on: data, samples: 4 * step..<4 * step + 4)
      #expect(trainer.lastLosses.count == tasks && trainer.lastLosses.allSatisfy { $0.isFinite && $0 > 0 })
      #expect(trainer.lastWeights.count == tasks && trainer.lastWeights.allSatisfy(\.isFinite))
      weighted.formUnion((0..<tasks).filter { trainer.lastWeights[$0] != 0 })
      let after = trainer.parameters
      #expect(after.values.allSatisfy { $0.allSatisfy(\.isFinite) })
      moved.formUnion(trainer.tensors.map(\.name).filter { after[$0] != before[$0] })
    }
    let due = trainer.tensors.filter { tensor in tensor.task.map { weighted.contains($0) } ?? true }
    #expect(moved == Set(due.map(\.name)))
    #expect(!weighted.isEmpty)
    // One backward pass for the weighted loss, or one for each task.
    let passes =
      Strategy.Gradients.need == .losses ? 1 : tasks * max(Strategy.Gradients.independentBatches, 1)
    #expect(trainer.counts.backward == Self.steps * passes)
  }

  @Test(arguments: StrategyRegistry.builtIn.names, NetworkCase.all)
  func `Some steps move every tensor that a weighted loss reaches, and all losses stay finite`(
    name: String, test: NetworkCase
  ) throws {
    try train(StrategyRegistry.builtIn.type(named: name), Problem(test.network, samples: 4 * Self.steps))
  }
}
