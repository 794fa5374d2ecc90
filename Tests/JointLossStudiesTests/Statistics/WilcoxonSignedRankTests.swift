import JointLossLinearAlgebra
import Testing

@testable import JointLossStudies

@Suite struct WilcoxonSignedRankTests {
  // python3 -c "from scipy import stats; print(stats.wilcoxon([...], method='exact'))", scipy 1.17.1
  @Test func `Without ties or zeros p is scipy's exact one`() {
    let ten = WilcoxonSignedRank([0.9, -0.3, 1.4, 0.2, 2.1, -0.6, 0.7, 1.9, -1.1, 0.4])
    #expect(ten.positiveRankSum == 42)
    #expect(ten.negativeRankSum == 13)
    #expect(ten.pValue == 0.16015625)
    let alternating = (1...25).map { Double($0 % 3 == 0 ? -$0 : $0) }
    let largest = WilcoxonSignedRank(alternating)
    #expect(min(largest.positiveRankSum, largest.negativeRankSum) == 108)
    #expect(abs(largest.pValue - 0.14847958087921143) < 1e-15)
  }

  // np.array zeros dropped; stats.wilcoxon(d, method=stats.PermutationMethod(n_resamples=10**7)): all 2^9 signs
  @Test func `With ties and zeros p is that of all sign assignments`() {
    let test = WilcoxonSignedRank([0, 1, 1, -1, 2, 3, 3, -2, 0, 5, 4])
    #expect(test.count == 9)
    #expect(test.positiveRankSum == 38.5)
    #expect(test.negativeRankSum == 6.5)
    #expect(test.pValue == 0.0703125)
  }

  // i = np.arange(1, 31); d = np.where(i % 4 == 0, -1, 1) * ((i * 7) % 13 + 1) / 2
  // stats.wilcoxon(d, correction=True, method='asymptotic')
  @Test func `Beyond 25 differences p is scipy's approximation with both corrections`() {
    let differences = (1...30).map { index -> Double in
      let magnitude = Double(index * 7 % 13 + 1) / 2
      return index % 4 == 0 ? -magnitude : magnitude
    }
    let test = WilcoxonSignedRank(differences)
    #expect(test.negativeRankSum == 114)
    #expect(abs(test.pValue - 0.015154319197384287) < 1e-14)
  }

  @Test func `Small samples agree with counting every assignment of signs`() {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    for _ in 0..<60 {
      let count = 1 + stream.index(below: 8)
      let differences = (0..<count).map { _ in Double(stream.index(below: 9)) - 4 }
      let test = WilcoxonSignedRank(differences)
      let kept = differences.filter { $0 != 0 }
      let ranks = Ranks.average(kept.map(\.magnitude))
      let observed = min(test.positiveRankSum, test.negativeRankSum)
      let inTail = (0..<(1 << kept.count)).count { signs in
        ranks.indices.reduce(0) { signs >> $1 & 1 == 1 ? $0 + ranks[$1] : $0 } <= observed
      }
      #expect(test.pValue == min(1, 2 * Double(inTail) / Double(1 << kept.count)))
    }
  }

  @Test func `Opposite differences give the same p and swap the rank sums`() {
    let differences = [0.5, -1.25, 3, 2, -0.25, 4]
    let (test, opposite) = (WilcoxonSignedRank(differences), WilcoxonSignedRank(differences.map { -$0 }))
    #expect(test.pValue == opposite.pValue)
    #expect(test.positiveRankSum == opposite.negativeRankSum)
    #expect(test.positiveRankSum != test.negativeRankSum)
  }

  @Test func `All of one sign gives the smallest p and no difference gives 1`() {
    for count in 1...12 {
      let test = WilcoxonSignedRank((1...count).map(Double.init))
      #expect(test.pValue == WilcoxonSignedRank.smallestPValue(count: count))
    }
    #expect(WilcoxonSignedRank.smallestPValue(count: 10) == 0.001953125)
    #expect(WilcoxonSignedRank([0, 0, 0]).pValue == 1)
    #expect(WilcoxonSignedRank([]).pValue == 1)
  }
}
