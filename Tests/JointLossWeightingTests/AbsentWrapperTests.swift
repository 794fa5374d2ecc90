import Foundation
import JointLossWeighting
import Testing

/// Wrapped rules in steps in which tasks have no labels, by hand.
@Suite struct AbsentWrapperTests {
  /// Weighs each task by its loss.
  private struct ByLoss: WeightingStrategy {
    static let about = StrategyDescription(
      "by-loss", "by loss", formula: "w_t = L_t", weighs: .losses)
    private(set) var asked = 0
    private(set) var told = 0
    mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
      asked += 1
      return TaskWeights(step.losses)
    }
    mutating func stepEnded(lossesAfter: [Double]) { told += 1 }
  }

  private func make<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ parameters: [String: ParameterValue] = [:]
  ) throws -> Weigher<Strategy> {
    try Weigher<Strategy>(taskCount: 3, parameters: parameters)
  }

  /// The weights of a step with these losses; NaN stands for a task without labels.
  private func weigh(_ strategy: inout some StepWeigher, _ losses: Double...) throws -> [Double] {
    var observation = StepObservation(losses: losses.map { $0.isNaN ? 0 : $0 })
    try observation.keep(losses.map { !$0.isNaN })
    let weights = try strategy.weights(observing: observation).values
    strategy.stepEnded(lossesAfter: losses)
    return weights
  }

  @Test func `An average of an absent task stays, and begins with its first weight`() throws {
    var rule = try make(ExponentialAverage<ByLoss>.self, ["average-memory": .number(0.5)])
    #expect(try weigh(&rule, 4, .nan, 8) == [4, 0, 8])
    #expect(try weigh(&rule, 2, 6, .nan) == [3, 6, 0])
    #expect(try weigh(&rule, .nan, 2, 2) == [0, 4, 5])
    #expect(try weigh(&rule, 1, .nan, .nan) == [2, 0, 0])
  }

  @Test func `Normalised weights sum to the number of present tasks, whatever the rule gives the others`()
    throws
  {
    var tasks = try make(Normalized<ByLoss>.self)
    #expect(try weigh(&tasks, 1, 2, 3) == [0.5, 1, 1.5])
    #expect(try weigh(&tasks, 1, .nan, 3) == [0.5, 0, 1.5])
    #expect(try weigh(&tasks, 0, .nan, 0) == [1, 0, 1])
    var one = try make(
      Normalized<ByLoss>.self, ["normalised-sum": .text("one"), "normalised-by": .text("plain")])
    #expect(try weigh(&one, 1, .nan, 3) == [0.25, 0, 0.75])
  }

  @Test func `Kept weights serve the tasks that they were made for; for another one there are new ones`()
    throws
  {
    var rule = try make(EveryKSteps<ByLoss>.self, ["every-steps": .number(4)])
    #expect(try weigh(&rule, 1, 2, 3) == [1, 2, 3])
    #expect(try weigh(&rule, 5, .nan, 6) == [1, 0, 3])
    #expect(try weigh(&rule, 5, 7, 6) == [1, 2, 3])
    #expect(try weigh(&rule, 5, 7, 6) == [1, 2, 3])
    // The fifth step is due, without the second task.
    #expect(try weigh(&rule, 8, .nan, 9) == [8, 0, 9])
    #expect(try weigh(&rule, 1, .nan, 1) == [8, 0, 9])
    // Its weight is of an earlier step than the others': all are made anew.
    #expect(try weigh(&rule, 4, 5, 6) == [4, 5, 6])
    #expect(try weigh(&rule, 1, 1, 1) == [4, 5, 6])
    #expect(try weigh(&rule, 2, 2, 2) == [2, 2, 2])
    // The rule is told of what follows the steps in which it was asked.
    let state = try JSONSerialization.jsonObject(with: JSONEncoder().encode(rule.strategy)) as? [String: Any]
    let base = state?["base"] as? [String: Int]
    #expect(base == ["asked": 4, "told": 4])
  }
}
