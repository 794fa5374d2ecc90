import JointLossLinearAlgebra
import Testing

@testable import JointLossStudies

@Suite struct HolmTests {
  // By hand: 0.005 × 4, 0.01 × 3, then 0.03 × 2 = 0.06, and 0.04 × 1 raised to 0.06.
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") prints the same.
  @Test func `Four tests are adjusted as by hand, in the order given`() {
    #expect(Holm.adjust([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02])
  }

  @Test func `Adjusted values are at most 1, and one test keeps its p`() {
    #expect(Holm.adjust([0.5, 0.9]) == [1, 1])
    #expect(Holm.adjust([0.04]) == [0.04])
    #expect(Holm.adjust([]) == [])
  }

  @Test func `Adjusting keeps the order, never lowers, and lies below Bonferroni`() {
    var stream = PhiloxStream(seed: 2, purpose: "test")
    for _ in 0..<50 {
      let p = (0..<6).map { _ in stream.uniform() * 0.3 }
      let adjusted = Holm.adjust(p)
      for first in p.indices {
        #expect(adjusted[first] >= p[first])
        #expect(adjusted[first] <= min(1, 6 * p[first]) + 1e-15)
        for second in p.indices where p[first] < p[second] { #expect(adjusted[first] <= adjusted[second]) }
      }
    }
  }
}
