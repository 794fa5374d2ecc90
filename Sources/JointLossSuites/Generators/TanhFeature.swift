#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A feature tanh(aᵀx) of x ~ N(0, I), as far as its covariances need: they make label moments exact.
///
/// With g ~ N(0, 1) and the normalised Hermite polynomials h_m, tanh(‖a‖ g) = Σ_m α_m h_m(g) over odd m, and
/// the covariance of two features whose directions have the cosine r is Σ_m α_m β_m r^m (Mehler). Both have
/// mean 0.
package struct TanhFeature: Sendable {
  /// The feature of a direction of length 2.
  package static let plain = TanhFeature(length: 2)
  /// The feature of a direction of length 3, further from linear.
  package static let sharp = TanhFeature(length: 3)

  let length: Double
  private let values: [Double]
  /// The coefficients α_1, α_3, α_5 ….
  private let coefficients: [Double]

  // The trapezoidal rule with step 0.1 is exact to rounding here: the nearest poles, ±iπ/6, are 5 steps away.
  // h_61 oscillates within ±2√61 = ±15.6 and is damped beyond.
  private static let nodes = (-180...180).map { Double($0) * 0.1 }
  private static let weights = nodes.map { 0.1 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }
  private static let degree = 61

  private init(length: Double) {
    self.length = length
    let values = Self.nodes.map { tanh(length * $0) }
    var coefficients: [Double] = []
    // h_0 = 1, h_1 = x, √(m + 1) h_{m+1} = x h_m − √m h_{m−1}.
    var (previous, current) = ([Double](repeating: 1, count: values.count), Self.nodes)
    for m in 1...Self.degree {
      if m % 2 == 1 { coefficients.append(Self.mean(values, current)) }
      let (a, b) = (Double(m + 1).squareRoot(), Double(m).squareRoot())
      let next = Self.nodes.indices.map { (Self.nodes[$0] * current[$0] - b * previous[$0]) / a }
      (previous, current) = (current, next)
    }
    self.values = values
    self.coefficients = coefficients
  }

  /// The covariance of two features.
  ///
  /// - Parameters:
  ///   - other: the other feature.
  ///   - cosine: the cosine between the directions.
  /// - Returns: the covariance, to 1e-6 for every cosine.
  package func covariance(with other: TanhFeature, cosine: Double) -> Double {
    var (total, power, sum) = (0.0, cosine, 0.0)
    for (a, b) in zip(coefficients, other.coefficients) {
      total += a * b * power
      sum += a * b
      power *= cosine * cosine
    }
    guard abs(power) > 1e-12 else { return total }
    // What the series' end leaves out is put on the first power beyond it, which is exact at ±1.
    return total + (Self.mean(values, other.values) - sum) * power
  }

  private static func mean(_ a: [Double], _ b: [Double]) -> Double {
    weights.indices.reduce(0) { $0 + weights[$1] * a[$1] * b[$1] }
  }
}
