/// Wilcoxon's signed-rank test of paired differences, two-sided.
///
/// F. Wilcoxon, *Individual comparisons by ranking methods*, Biometrics Bulletin 1, 1945. The null hypothesis
/// is that the differences are symmetric about 0.
///
/// Conventions: differences of exactly 0 are dropped before ranking, as in Wilcoxon's paper; equal magnitudes
/// share their average rank. Up to 25 remaining differences, p is exact: all 2ⁿ assignments of signs to the
/// ranks as they are, ties included, are equally likely. Beyond, the normal approximation with the variance
/// corrected for ties and the continuity correction of ½.
package struct WilcoxonSignedRank: Sendable, Hashable {
  /// The largest number of differences whose p is exact.
  package static let largestExactCount = 25

  /// The differences that are not 0.
  package let count: Int
  /// The sum of the ranks of the positive differences.
  package let positiveRankSum: Double
  /// The sum of the ranks of the negative differences.
  package let negativeRankSum: Double
  /// The two-sided p-value; 1 where every difference is 0.
  package let pValue: Double

  /// Tests the differences.
  ///
  /// - Parameter differences: one finite difference a pair.
  package init(_ differences: [Double]) {
    let nonZero = differences.filter { $0 != 0 }
    let magnitudes = nonZero.map(\.magnitude)
    let ranks = Ranks.average(magnitudes)
    count = nonZero.count
    positiveRankSum = zip(nonZero, ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    negativeRankSum = zip(nonZero, ranks).reduce(0) { $0 + ($1.0 < 0 ? $1.1 : 0) }
    let smaller = min(positiveRankSum, negativeRankSum)
    pValue =
      count == 0
      ? 1
      : count <= Self.largestExactCount
        ? Self.exactPValue(smaller, ranks: ranks)
        : Self.approximatePValue(smaller, tieSizes: Ranks.tieSizes(magnitudes))
  }

  /// The smallest p-value that a number of differences can give: all of one sign.
  ///
  /// - Parameter count: the differences that are not 0.
  /// - Returns: 2/2ⁿ, at most 1.
  package static func smallestPValue(count: Int) -> Double {
    count < 2 ? 1 : 2 / Double(sign: .plus, exponent: count, significand: 1)
  }

  private static func exactPValue(_ smaller: Double, ranks: [Double]) -> Double {
    // Average ranks are multiples of ½: twice the rank is a whole number. 2²⁵ assignments are exact in Double.
    let doubled = ranks.map { Int(2 * $0) }
    var ways = [Double](repeating: 0, count: doubled.reduce(0, +) + 1)
    ways[0] = 1
    var reached = 0
    for rank in doubled {
      for sum in stride(from: reached, through: 0, by: -1) where ways[sum] > 0 {
        ways[sum + rank] += ways[sum]
      }
      reached += rank
    }
    let inTail = ways[0...Int(2 * smaller)].reduce(0, +)
    return min(1, 2 * inTail / Double(sign: .plus, exponent: ranks.count, significand: 1))
  }

  private static func approximatePValue(_ smaller: Double, tieSizes: [Int]) -> Double {
    let n = Double(tieSizes.reduce(0, +))
    let mean = n * (n + 1) / 4
    let ties = tieSizes.reduce(0.0) { $0 + Double($1) * (Double($1) * Double($1) - 1) }
    let variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48
    let z = min(0, smaller - mean + 0.5) / variance.squareRoot()
    return min(1, 2 * NormalDistribution.cumulative(z))
  }
}
