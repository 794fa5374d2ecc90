import JointLossWeighting
import Testing

@Suite struct RelativeImprovementTests {
  @Test func `Less loss is a gain, in percent, averaged over tasks`() throws {
    #expect(try RelativeImprovement.percent(losses: [0.5, 2], baseline: [1, 2]) == 25)
    #expect(try RelativeImprovement.percent(losses: [1, 3], baseline: [1, 2]) == -25)
    #expect(try RelativeImprovement.percent(losses: [4, 4], baseline: [4, 4]) == 0)
  }

  @Test func `A tiny baseline is a number as any other`() throws {
    #expect(try RelativeImprovement.percent(losses: [2e-13], baseline: [1e-13]) == -100)
    #expect(try RelativeImprovement.percent(losses: [0], baseline: [.leastNonzeroMagnitude]) == 100)
  }

  // LibMTL divides by the signed baseline and calls this a loss (issues 29 and 75).
  @Test func `A negative baseline keeps the sign of the gain`() throws {
    #expect(try RelativeImprovement.percent(losses: [-2], baseline: [-1]) == 100)
  }

  @Test func `What has no relative improvement is refused by task`() {
    for (losses, baseline, code) in [
      ([1.0, 1], [1.0, 0], WeightingError.Code.domain), ([1, 1e300], [1, 1e-13], .domain),
      ([1, .nan], [1, 1], .nonFinite), ([1, 1], [1, .infinity], .nonFinite),
    ] {
      let error = #expect(throws: WeightingError.self) {
        try RelativeImprovement.percent(losses: losses, baseline: baseline)
      }
      #expect(error?.code == code && error?.task == 1)
    }
    #expect(throws: WeightingError.self) { try RelativeImprovement.percent(losses: [1], baseline: [1, 1]) }
    #expect(throws: WeightingError.self) { try RelativeImprovement.percent(losses: [], baseline: []) }
  }
}
