import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
  /// The probability of a value of at most `z`.
  ///
  /// - Parameter z: the value.
  /// - Returns: Φ(z), accurate in both tails.
  package static func cumulative(_ z: Double) -> Double {
    0.5 * erfc(-z / 2.0.squareRoot())
  }

  /// The value below which lies a given probability.
  ///
  /// - Parameter probability: in (0, 1); 0 and 1 give −∞ and +∞.
  /// - Returns: Φ⁻¹ of it.
  package static func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return -.infinity }
    guard probability < 1 else { return .infinity }
    // Bisection: a handful of calls an interval need no faster way. Φ(−40) is below the smallest Double.
    var (lower, upper) = (-40.0, 40.0)
    while true {
      let middle = lower + (upper - lower) / 2
      if middle <= lower || middle >= upper { return middle }
      if cumulative(middle) < probability { lower = middle } else { upper = middle }
    }
  }
}
