import JointLossConformance
import JointLossWeighting
import Testing

@testable import mine

@Suite struct MyWeightingTests {
  @Test func `Weights are inverse to constant losses and sum to the number of tasks`() throws {
    var weigher = try Weigher<MyWeighting>(taskCount: 2)
    let weights = try weigher.weights(observing: StepObservation(losses: [1, 4])).values
    #expect(abs(weights[0] - 1.6) < 1e-12)
    #expect(abs(weights[1] - 0.4) < 1e-12)
  }

  @Test func `It does what any strategy must, and what it promises`() {
    let report = Conformance.check(type: MyWeighting.self)
    #expect(report.passes, "\(report)")
  }

  @Test func `A memory of one is refused`() {
    #expect(throws: WeightingError.self) {
      try Weigher<MyWeighting>(taskCount: 2, parameters: ["memory": .number(1)])
    }
  }
}
