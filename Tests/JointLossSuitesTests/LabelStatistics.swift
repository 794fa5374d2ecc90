/// Moments of labels, for the tests of this folder.
enum LabelStatistics {
  static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  static func deviation(_ values: [Double]) -> Double {
    let center = mean(values)
    return mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
  }

  /// Pearson's correlation.
  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (mean(a), mean(b))
    let covariance = mean(zip(a, b).map { ($0 - meanA) * ($1 - meanB) })
    return covariance / (deviation(a) * deviation(b))
  }

  /// The mean of Pearson's correlation over all pairs of tasks.
  static func meanCorrelation(_ targets: [[Double]]) -> Double {
    var values: [Double] = []
    for i in targets.indices {
      for j in targets.indices where j > i { values.append(correlation(targets[i], targets[j])) }
    }
    return mean(values)
  }

  static func cosine(_ a: [Double], _ b: [Double]) -> Double {
    dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
