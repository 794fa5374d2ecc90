/// The optimiser of a training run and its constants.
public enum OptimizerSpecification: Codable, Hashable, Sendable {
  /// Stochastic gradient descent: `v ← μv + g`, `θ ← θ − ηv`.
  case sgd(learningRate: Double, momentum: Double = 0)
  /// Adam (D. P. Kingma, J. Ba, ICLR 2015, Algorithm 1), bias-corrected.
  case adam(learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
}
