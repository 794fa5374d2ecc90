import JointLossConformance
import JointLossWeighting
import Testing

/// Leaves each task out of a step with a probability: a rule that draws at random, for which `import
/// JointLossWeighting` is enough.
struct LossDropout: WeightingStrategy {
  static let about = StrategyDescription(
    "loss-dropout", "loss dropout", formula: "w_t = b_t / (1 − p),  P(b_t = 0) = p",
    weighs: .losses, promises: [.nonNegative, .order(.inDistribution), .memoryless])

  @Parameter("The probability p of a 0.", in: 0..<1) var rate = 0.2

  func weights(for step: Step<NoGradients>) -> TaskWeights {
    var random = step.random
    let isAlone = step.taskCount == 1
    return TaskWeights(step.losses.map { _ in !isAlone && random.uniform() < rate ? 0 : 1 / (1 - rate) })
  }
}

@Suite struct LossDropoutTests {
  @Test func `It conforms`() {
    let report = Conformance.check(type: LossDropout.self)
    #expect(report.passes, "\(report)")
  }
}
