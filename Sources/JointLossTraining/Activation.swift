/// The elementwise function of a trunk layer.
public enum Activation: String, Codable, Sendable, CaseIterable {
  /// max(x, 0), with slope 0 at 0.
  case relu
  /// The hyperbolic tangent.
  case tanh
  /// x itself.
  case identity
}
