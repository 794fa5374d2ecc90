import JointLossConformance
import JointLossWeighting
import Testing

@testable import mine

@Suite struct ConflictDropoutTests {
  /// Two gradients of which the first conflicts with the sum: its products are 1 − 2, those of the second −2 + 9.
  private func observation() throws -> StepObservation {
    var observation = StepObservation(losses: [1, 4])
    observation.gramian = try Gramian(rows: [[1, -2], [-2, 9]])
    return observation
  }

  @Test func `A task whose loss fell less weighs more in the next step`() throws {
    var weigher = try Weigher<ConflictDropout>(taskCount: 2, parameters: ["rate": .number(0)])
    #expect(try weigher.weights(observing: observation()).values == [1, 1])
    weigher.stepEnded(lossesAfter: [0.75, 5])
    let weights = try weigher.weights(observing: observation()).values
    // 0.9 + 0.1 · 0.75/1 and 0.9 + 0.1 · 5/4.
    #expect(abs(weights[0] - 0.975) < 1e-12)
    #expect(abs(weights[1] - 1.025) < 1e-12)
  }

  @Test func `A conflicting task is left out in about a quarter of the steps, the other in none`() throws {
    var weigher = try Weigher<ConflictDropout>(taskCount: 2, parameters: ["rate": .number(0.25)])
    var leftOut = 0
    for index in 0..<10_000 {
      var observation = try observation()
      observation.step = index
      let weights = try weigher.weights(observing: observation).values
      #expect(weights[1] == 1)
      if weights[0] == 0 { leftOut += 1 }
    }
    // Five standard deviations of 10,000 draws are 217.
    #expect(abs(leftOut - 2500) < 217)
  }

  @Test func `The weight of a task without labels is 0, and its ratio stays`() throws {
    var weigher = try Weigher<ConflictDropout>(taskCount: 2, parameters: ["rate": .number(0)])
    var observation = try observation()
    try observation.keep([true, false])
    #expect(try weigher.weights(observing: observation).values == [1, 0])
    weigher.stepEnded(lossesAfter: [0.75, 0])
    #expect(weigher.strategy.ratios[1] == 1)
  }

  @Test func `It does what any strategy must, and what it promises`() {
    let report = Conformance.check(type: ConflictDropout.self)
    #expect(report.passes, "\(report)")
  }
}
