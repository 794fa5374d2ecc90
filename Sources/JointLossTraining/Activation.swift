/// The elementwise function of a layer.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// max(x, 0), with slope 0 at 0.
  case relu
  /// x Φ(x) with the standard normal distribution function Φ, in its exact form by the error function.
  ///
  /// D. Hendrycks, K. Gimpel, *Gaussian error linear units*, 2016.
  case gelu
  /// The hyperbolic tangent.
  case tanh
  /// x itself.
  case identity

  /// The kernels' number of the function (`JL_RELU` …).
  var kernel: Int32 {
    switch self {
    case .relu: 0
    case .tanh: 1
    case .identity: 2
    case .gelu: 3
    }
  }

  /// The gain of the orthogonal initial weights of a layer with this activation: √2 under a rectifier.
  var initialGain: Double {
    switch self {
    case .relu, .gelu: 2.0.squareRoot()
    case .tanh, .identity: 1
    }
  }
}
