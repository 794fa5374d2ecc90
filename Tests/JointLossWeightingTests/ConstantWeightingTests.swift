import JointLossWeighting
import Testing

@Suite struct ConstantWeightingTests {
  private func weights(
    _ name: String, tasks: Int = 4, _ parameters: [String: ParameterValue] = [:]
  ) throws -> TaskWeights {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: tasks, parameters: parameters)
    return try strategy.weights(observing: StepObservation(losses: [Double](repeating: 3, count: tasks)))
  }

  @Test func `Equal weighting sums, or averages`() throws {
    #expect(try weights("equal") == TaskWeights([1, 1, 1, 1]))
    #expect(try weights("equal", ["reduction": .text("mean")]).values == [0.25, 0.25, 0.25, 0.25])
  }

  @Test func `Fixed weights are the user's, or ones`() throws {
    #expect(try weights("fixed").values == [1, 1, 1, 1])
    #expect(try weights("fixed", tasks: 2, ["weights": .numbers([0.1, 0.9])]).values == [0.1, 0.9])
    #expect(try weights("fixed", tasks: 1, ["weights": .number(3)]).values == [3])
  }

  @Test(arguments: [[1.0, 2], [0, 0, 0], [1, -1, 1], [1, .infinity, 1]])
  func `Fixed weights of another number, all zero, negative or infinite are refused`(list: [Double]) {
    let error = #expect(throws: WeightingError.self) {
      try weights("fixed", tasks: 3, ["weights": .numbers(list)])
    }
    #expect(error?.code == .parameter && error?.message.contains("fixed.weights") == true)
  }

  @Test func `Single-task training asks for a network a task`() throws {
    #expect(SingleTaskTraining.about.arrangement == .separate)
    #expect(try weights("single-task").values == [1, 1, 1, 1])
    let others = StrategyRegistry.builtIn.types.filter { $0.about.name != "single-task" }
    #expect(others.allSatisfy { $0.about.arrangement == .joint })
  }
}
