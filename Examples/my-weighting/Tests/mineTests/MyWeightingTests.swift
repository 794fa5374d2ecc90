import JointLossConformance
import JointLossWeighting
import Testing

@testable import mine

@Suite struct MyWeightingTests {
  private func strategy(memory: Double = 0.9) throws -> MyWeighting {
    MyWeighting(
      try StrategySetup(for: MyWeighting.descriptor, taskCount: 2, parameters: ["memory": .number(memory)]))
  }

  private func evidence(_ losses: [Double]) throws -> LossEvidence {
    try LossEvidence(observing: StepObservation(losses: losses))
  }

  @Test func `Weights are inverse to constant losses and sum to the number of tasks`() throws {
    var strategy = try strategy()
    let weights = try strategy.weights(for: try evidence([1, 4])).values
    #expect(abs(weights[0] - 1.6) < 1e-12)
    #expect(abs(weights[1] - 0.4) < 1e-12)
  }

  @Test func `It does what any strategy must, and what it promises`() {
    let report = Conformance.check(type: MyWeighting.self)
    #expect(report.passes, "\(report)")
  }

  @Test func `A memory of one is refused`() {
    #expect(throws: WeightingError.self) { try strategy(memory: 1) }
  }
}
