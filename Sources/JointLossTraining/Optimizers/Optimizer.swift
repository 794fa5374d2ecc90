import JointLossLinearAlgebra

/// A rule that moves the parameters by a gradient, and what it remembers of earlier steps.
///
/// All memory is owned from the beginning (K-FAC: from the first step), so that a step allocates nothing.
protocol Optimizer<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// Moves the parameters; the gradient may be changed in place.
  ///
  /// Returns false if a parameter is no longer finite, and throws if there is no step to take: the parameters
  /// are untouched then.
  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double
  ) throws(TrainingError) -> Bool

  /// Takes a look at the curvature of the pass that was just run, before the gradient is formed.
  ///
  /// `forward` holds the cotangents of the unweighted losses, and does so again afterwards; `backward` is free
  /// to be used. `weights` are those of the tasks on the shared parameters, `headWeights` those on the heads.
  func observe(
    _ forward: ForwardPass<Scalar>, _ backward: BackwardPass<Scalar>, weights: [Double],
    headWeights: [Double])
}

extension Optimizer {
  // Rules of the gradient alone have nothing to see.
  func observe(
    _ forward: ForwardPass<Scalar>, _ backward: BackwardPass<Scalar>, weights: [Double],
    headWeights: [Double]
  ) {}
}

extension OptimizerSpecification {
  /// The rule, at its beginning, for so many parameters.
  func makeOptimizer<Scalar: TrainableScalar>(
    count: Int, seed: UInt64
  ) throws(TrainingError) -> any Optimizer<Scalar> {
    try validate()
    return switch self {
    case .sgd(_, let momentum):
      GradientDescent<Scalar>(count: count, momentum: momentum, looksAhead: false)
    case .nesterov(_, let momentum):
      GradientDescent<Scalar>(count: count, momentum: momentum, looksAhead: true)
    case .adam(_, let beta1, let beta2, let epsilon):
      Adam<Scalar>(count: count, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: 0)
    case .adamw(_, let beta1, let beta2, let epsilon, let decay):
      Adam<Scalar>(count: count, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay)
    case .kfac(_, let momentum, let damping, let decay, let interval):
      KFAC<Scalar>(
        count: count, momentum: momentum, damping: damping, decay: decay, interval: interval, seed: seed)
    }
  }
}
