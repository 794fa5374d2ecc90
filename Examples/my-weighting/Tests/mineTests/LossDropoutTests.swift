import JointLossConformance
import JointLossWeighting
import Testing

/// Leaves each task out of a step with a probability: a rule that draws at random, for which `import
/// JointLossWeighting` is enough.
struct LossDropout: WeightingStrategy {
  static let about = StrategyDescription(
      "loss-dropout", "loss dropout", formula: "w_t = b_t / (1 − p),  P(b_t = 0) = p",
    weighs: .losses,
    parameters: [
      ParameterDescriptor("rate", .number(default: 0.2, range: .halfOpen(0..<1)), "The probability p of a 0.")
    ],
    promises: [.nonNegative, .order(.inDistribution)])

  let taskCount: Int
  let rate: Double
  var stream: PhiloxStream

  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    rate = setup.parameters.number("rate")
    stream = setup.stream
  }

  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    let isAlone = taskCount == 1
    let weights = step.losses.map { _ in !isAlone && stream.uniform() < rate ? 0 : 1 / (1 - rate) }
    return TaskWeights(weights)
  }
}

@Suite struct LossDropoutTests {
  @Test func `It conforms`() {
    let report = Conformance.check(type: LossDropout.self)
    #expect(report.passes, "\(report)")
  }
}
