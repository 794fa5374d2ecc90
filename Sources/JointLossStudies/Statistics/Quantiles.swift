/// Order statistics of a sample.
package enum Quantiles {
  /// The quantile of a sorted sample by linear interpolation between order statistics (numpy's default).
  ///
  /// - Parameters:
  ///   - fraction: in [0, 1].
  ///   - sorted: the sample in ascending order, not empty.
  /// - Returns: the quantile.
  package static func quantile(_ fraction: Double, ofSorted sorted: [Double]) -> Double {
    let position = fraction * Double(sorted.count - 1)
    let lower = min(max(Int(position), 0), sorted.count - 1)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
  }

  /// The median of a sample, or nil of an empty one.
  ///
  /// - Parameter values: the sample, in any order.
  /// - Returns: the middle value, or the mean of the two middle ones.
  package static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : quantile(0.5, ofSorted: values.sorted())
  }

  /// The arithmetic mean of a sample, or nil of an empty one.
  ///
  /// - Parameter values: the sample.
  /// - Returns: the mean.
  package static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
