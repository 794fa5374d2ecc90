import JointLossWeighting

/// The score of one run: its test losses against the yardstick's of the same seed.
struct SeedScore {
  /// A loss of more than so many times the yardstick's is no score: sums over seeds would leave Double's range.
  static let largestRatio = 1e100

  /// Each task's loss divided by the yardstick's.
  let ratios: [Double]
  /// The mean of `ratios`.
  let ratio: Double
  /// Δm in percent.
  let improvement: Double

  /// Scores a run.
  ///
  /// Nil where a loss of the yardstick is not positive and cannot be divided by, or a ratio is above
  /// ``largestRatio``.
  init?(losses: [Double], yardstick: [Double]) {
    let ratios = zip(losses, yardstick).map { $0 / $1 }
    guard Self.canDivide(by: yardstick), ratios.allSatisfy({ abs($0) <= Self.largestRatio }),
      let ratio = Quantiles.mean(ratios),
      let percent = try? RelativeImprovement.percent(losses: losses, baseline: yardstick)
    else { return nil }
    self.ratios = ratios
    self.ratio = ratio
    improvement = percent
  }

  /// Whether losses can be divided by these.
  static func canDivide(by yardstick: [Double]) -> Bool { yardstick.allSatisfy { $0 > 0 } }

  /// Δm minus another's, in points; 0 where the two loss ratios are equal up to rounding.
  func difference(to other: SeedScore) -> Double {
    Rounding.areEqual(ratio, other.ratio) ? 0 : improvement - other.improvement
  }
}
