import JointLossLinearAlgebra

/// The two ends of an interval for an unknown value.
public struct ConfidenceInterval: Sendable, Hashable {
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double
}

/// Bootstrap intervals of the mean of a small sample, by the BCa method.
///
/// B. Efron, *Better bootstrap confidence intervals*, Journal of the American Statistical Association 82, 1987
/// (bias-corrected and accelerated). Losses and their ratios are skewed to the right; BCa corrects the
/// percentile interval for the skewness and is second-order accurate where the percentile interval is
/// first-order accurate. With a handful of seeds any bootstrap interval is a little too short.
///
/// One value draws its resamples once and uses them for every sample of its size, so that the intervals of a
/// table share their resampling noise and a repeated report has the same digits.
package struct Bootstrap: Sendable {
  /// The resamples of a report.
  package static let defaultResamples = 10_000

  /// The number of values in a sample.
  package let sampleSize: Int
  /// The number of resamples.
  package let resamples: Int
  // How often each value occurs in each resample, resample by resample.
  private let counts: [Double]

  /// Draws the resamples.
  ///
  /// - Parameters:
  ///   - sampleSize: the number of values in a sample, at least 1.
  ///   - resamples: the number of resamples.
  ///   - seed: the seed of the stream `bootstrap`.
  package init(sampleSize: Int, resamples: Int = Self.defaultResamples, seed: UInt64 = 0) {
    self.sampleSize = sampleSize
    self.resamples = resamples
    var stream = PhiloxStream(seed: seed, purpose: "bootstrap")
    var counts = [Double](repeating: 0, count: sampleSize * resamples)
    for resample in 0..<resamples {
      for _ in 0..<sampleSize { counts[resample * sampleSize + stream.index(below: sampleSize)] += 1 }
    }
    self.counts = counts
  }

  /// The BCa interval of the mean.
  ///
  /// With z₀ = Φ⁻¹(share of resample means below the mean, ties counted half) and the jackknife's acceleration
  /// a = Σd³ / (6 (Σd²)^{3/2}), where d are the deviations from the mean, each end is the quantile of the
  /// resample means at Φ(z₀ + (z₀ + z) / (1 − a (z₀ + z))).
  ///
  /// - Parameters:
  ///   - values: `sampleSize` finite values.
  ///   - confidence: the nominal coverage.
  /// - Returns: the interval; nil for a single value, whose spread is unknown.
  package func interval(
    ofMean values: [Double], confidence: Double = 0.95
  ) -> ConfidenceInterval? {
    precondition(values.count == sampleSize, "\(values.count) values for resamples of \(sampleSize)")
    guard sampleSize > 1, let mean = Quantiles.mean(values) else { return nil }
    let distances = values.map { $0 - mean }
    // A power of 2 near the largest, which changes no digit: cubes of large values would leave Double's range.
    let largest = distances.map(\.magnitude).max() ?? 0
    let unit = largest.isNormal ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    let deviations = distances.map { $0 / unit }
    let squares = deviations.reduce(0) { $0 + $1 * $1 }
    // Values that differ by rounding only have no spread that could be resampled.
    guard unit * squares.squareRoot() > 1e-13 * abs(mean) else {
      return ConfidenceInterval(lower: mean, upper: mean)
    }
    let cubes = deviations.reduce(0) { $0 + $1 * $1 * $1 }
    // The jackknife's deviations of the mean are those of the values over n − 1, which cancels here.
    let acceleration = cubes / (6 * squares * squares.squareRoot())

    let means = resampleMeans(of: deviations)
    // Resamples that tie with the sample do so up to rounding only; they count half, as in the definition.
    let tolerance = 1e-12 * squares.squareRoot()
    let below = means.reduce(0.0) { $0 + ($1 < -tolerance ? 1 : $1 <= tolerance ? 0.5 : 0) }
    // Kept off 0 and 1, where z₀ would be infinite: a sample of one outlier among many equal values.
    let share = min(max(below, 0.5), Double(resamples) - 0.5) / Double(resamples)
    let bias = NormalDistribution.quantile(share)
    func end(_ probability: Double) -> Double {
      let shifted = bias + NormalDistribution.quantile(probability)
      let level = NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
      return mean + unit * Quantiles.quantile(level, ofSorted: means)
    }
    let tail = (1 - confidence) / 2
    return ConfidenceInterval(lower: end(tail), upper: end(1 - tail))
  }

  private func resampleMeans(of values: [Double]) -> [Double] {
    var means: [Double] = []
    means.reserveCapacity(resamples)
    for start in stride(from: 0, to: counts.count, by: sampleSize) {
      var sum = 0.0
      for position in 0..<sampleSize { sum += counts[start + position] * values[position] }
      means.append(sum / Double(sampleSize))
    }
    means.sort()
    return means
  }
}
