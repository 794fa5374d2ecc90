import Testing

@testable import JointLossStudies

@Suite struct RanksTests {
  // stats.rankdata([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5])
  @Test func `Equal values share their average rank, as in scipy`() {
    #expect(
      Ranks.average([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]) == [4.5, 1.5, 6, 1.5, 8, 11, 3, 10, 8, 4.5, 8])
    #expect(Ranks.tieSizes([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]) == [2, 1, 2, 1, 3, 1, 1])
  }

  @Test func `Infinities tie with each other at the end`() {
    #expect(Ranks.average([.infinity, 1, .infinity, 0]) == [3.5, 2, 3.5, 1])
  }

  // np.quantile([1, 2, 4, 8], [0, .1, .5, .9, 1])
  @Test func `Quantiles are numpy's`() {
    let quantiles = [0, 0.1, 0.5, 0.9, 1].map { Quantiles.quantile($0, ofSorted: [1, 2, 4, 8]) }
    for (found, expected) in zip(quantiles, [1, 1.3, 3, 6.8, 8]) { #expect(abs(found - expected) < 1e-14) }
    #expect(Quantiles.median([5, 1, 3]) == 3)
    #expect(Quantiles.median([5, 1, 3, 4]) == 3.5)
    #expect(Quantiles.median([]) == nil)
  }

  // stats.norm.cdf([-8, -1.96, 0.3]); stats.norm.ppf([1e-10, 0.025, 0.8])
  @Test func `The normal distribution is scipy's`() {
    let cumulative = [(-8, 6.22096057e-16), (-1.96, 2.49978951e-02), (0.3, 6.17911422e-01)]
    for (z, expected) in cumulative {
      #expect(abs(NormalDistribution.cumulative(z) / expected - 1) < 1e-8)
    }
    for (p, expected) in [(1e-10, -6.3613409), (0.025, -1.95996398), (0.8, 0.84162123)] {
      #expect(abs(NormalDistribution.quantile(p) - expected) < 1e-7)
    }
    #expect(abs(NormalDistribution.quantile(0.5)) < 1e-15)
    #expect(NormalDistribution.quantile(0) == -.infinity)
  }
}
