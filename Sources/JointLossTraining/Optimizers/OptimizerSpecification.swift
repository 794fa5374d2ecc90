/// The optimiser of a training run and its constants.
///
/// The gradient `g` is that of all parameters, combined over tasks (and clipped, where that is asked for); η is
/// the learning rate, which a ``LearningRateSchedule`` may change from epoch to epoch.
public enum OptimizerSpecification: Codable, Hashable, Sendable {
  /// Stochastic gradient descent: `v ← μv + g`, `θ ← θ − ηv`.
  case sgd(learningRate: Double, momentum: Double = 0)
  /// Stochastic gradient descent with Nesterov's momentum: `v ← μv + g`, `θ ← θ − η(g + μv)`.
  ///
  /// I. Sutskever et al., ICML 2013, in the form that evaluates the gradient at the point looked ahead to.
  case nesterov(learningRate: Double, momentum: Double = 0.9)
  /// Adam (D. P. Kingma, J. Ba, ICLR 2015, Algorithm 1), bias-corrected.
  case adam(learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
  /// Adam with decoupled weight decay (I. Loshchilov, F. Hutter, ICLR 2019, Algorithm 2): `θ ← (1 − ηλ)θ`,
  /// then Adam's step on the undecayed gradient. The decay reaches all parameters, biases too.
  case adamw(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01)
  /// Kronecker-factored natural gradient (J. Martens, R. Grosse, ICML 2015) on dense layers, then
  /// `v ← μv + F⁻¹g`, `θ ← θ − ηv`; parameters that belong to no dense layer take the plain gradient.
  ///
  /// The damping λ is added to the factors as their §6.3 does. `decay` is the share of the old factors in a
  /// new average, `interval` the number of steps between two averages after as many first steps that all count.
  /// Its rate is no other optimiser's: about 0.1 without momentum, 0.01 with a momentum of 0.9.
  case kfac(
    learningRate: Double, momentum: Double = 0.9, damping: Double = 0.01, decay: Double = 0.95,
    interval: Int = 10)

  /// The learning rate η, before any schedule.
  public var learningRate: Double {
    switch self {
    case .sgd(let rate, _), .nesterov(let rate, _), .adam(let rate, _, _, _), .adamw(let rate, _, _, _, _),
      .kfac(let rate, _, _, _, _):
      rate
    }
  }

  /// Whether it looks at the curvature of the losses beside their gradient.
  var observesCurvature: Bool { if case .kfac = self { true } else { false } }

  /// Checks the constants.
  ///
  /// - Throws: ``TrainingError`` with the code `configuration` and the first constant that makes no sense.
  public func validate() throws(TrainingError) {
    try Self.require(learningRate > 0 && learningRate.isFinite, "a learning rate > 0", learningRate)
    switch self {
    case .sgd(_, let momentum), .nesterov(_, let momentum):
      try Self.require(momentum >= 0 && momentum < 1, "a momentum in [0, 1)", momentum)
    case .adam(_, let beta1, let beta2, let epsilon):
      try Self.validateMoments(beta1, beta2, epsilon)
    case .adamw(_, let beta1, let beta2, let epsilon, let decay):
      try Self.validateMoments(beta1, beta2, epsilon)
      try Self.require(decay >= 0 && decay * learningRate < 1, "a weight decay in [0, 1/η)", decay)
    case .kfac(_, let momentum, let damping, let decay, let interval):
      try Self.require(momentum >= 0 && momentum < 1, "a momentum in [0, 1)", momentum)
      try Self.require(damping > 0 && damping.isFinite, "a damping > 0", damping)
      try Self.require(decay >= 0 && decay < 1, "a decay of the factors in [0, 1)", decay)
      try Self.require(interval >= 1, "an interval of at least one step", Double(interval))
    }
  }

  /// Checks the constants, and that they still make sense rounded to a scalar type: 1e-50 is 0 in `Float`.
  ///
  /// - Throws: ``TrainingError`` with the code `configuration` and the first constant that makes no sense.
  package func validate<Scalar: TrainableScalar>(in scalar: Scalar.Type) throws(TrainingError) {
    try validate()
    do {
      try rounded(to: scalar).validate()
    } catch {
      throw TrainingError(.configuration, "in \(scalar), \(error.message)")
    }
  }

  private func rounded<Scalar: TrainableScalar>(to scalar: Scalar.Type) -> OptimizerSpecification {
    func rounded(_ value: Double) -> Double { Double(Scalar(value)) }
    return switch self {
    case .sgd(let rate, let momentum): .sgd(learningRate: rounded(rate), momentum: rounded(momentum))
    case .nesterov(let rate, let momentum):
      .nesterov(learningRate: rounded(rate), momentum: rounded(momentum))
    case .adam(let rate, let beta1, let beta2, let epsilon):
      .adam(
        learningRate: rounded(rate), beta1: rounded(beta1), beta2: rounded(beta2), epsilon: rounded(epsilon))
    case .adamw(let rate, let beta1, let beta2, let epsilon, let decay):
      .adamw(
        learningRate: rounded(rate), beta1: rounded(beta1), beta2: rounded(beta2), epsilon: rounded(epsilon),
        weightDecay: decay)
    case .kfac(let rate, let momentum, let damping, let decay, let interval):
      .kfac(
        learningRate: rounded(rate), momentum: rounded(momentum), damping: damping, decay: decay,
        interval: interval)
    }
  }

  private static func validateMoments(
    _ beta1: Double, _ beta2: Double, _ epsilon: Double
  ) throws(TrainingError) {
    try require(beta1 >= 0 && beta1 < 1, "β1 in [0, 1)", beta1)
    try require(beta2 >= 0 && beta2 < 1, "β2 in [0, 1)", beta2)
    try require(epsilon > 0 && epsilon.isFinite, "ε > 0", epsilon)
  }

  private static func require(_ holds: Bool, _ what: String, _ value: Double) throws(TrainingError) {
    guard holds else {
      throw TrainingError(.configuration, "the optimiser needs \(what), not \(value)")
    }
  }
}
