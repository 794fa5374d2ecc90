import JointLossLinearAlgebra

/// Kronecker-factored natural gradient descent with momentum.
///
/// The factors are moments of the Fisher matrix itself, not of the gradients of the labels at hand: every
/// `interval` steps a ``FisherPass`` sends cotangents through the network whose second moment is the curvature
/// of the weighted losses. On a linear regression that makes the step Newton's.
final class KFAC<Scalar: TrainableScalar>: Optimizer {
  private let momentum: Scalar
  private let damping: Double
  private let decay: Double
  private let interval: Int
  private let velocity: Buffer<Scalar>
  private var fisher: FisherPass<Scalar>
  private var step = 0
  /// The layers that a pass has shown, in its order; all other parameters take the plain gradient.
  private(set) var factors: [KroneckerFactors<Scalar>] = []

  init(count: Int, momentum: Double, damping: Double, decay: Double, interval: Int, seed: UInt64) {
    self.momentum = Scalar(momentum)
    self.damping = damping
    self.decay = decay
    self.interval = interval
    velocity = Buffer(rows: 1, columns: count)
    fisher = FisherPass(seed: seed)
  }

  private var isDue: Bool { step.isMultiple(of: interval) }

  func observe(
    _ forward: ForwardPass<Scalar>, _ backward: BackwardPass<Scalar>, weights: [Double],
    headWeights: [Double]
  ) {
    guard isDue else { return }
    fisher.run(forward, backward, weights: weights, headWeights: headWeights, shows: self)
  }

  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double
  ) throws(TrainingError) -> Bool {
    if isDue {
      for factors in factors { try factorize(factors) }
    }
    step += 1
    for factors in factors { factors.precondition(gradient) }
    return Scalar._sgd(
      parameters.pointer, velocity.pointer, gradient.pointer, parameters.count, Scalar(learningRate),
      momentum, false)
  }

  private func factorize(_ factors: KroneckerFactors<Scalar>) throws(TrainingError) {
    do {
      try factors.factorize(damping: damping)
    } catch {
      let layer = "the factors of a \(factors.layer.outputs)×\(factors.layer.inputs) layer"
      guard case .notPositiveDefinite = error.code else {
        throw TrainingError(.diverged, "K-FAC: \(layer) are not finite: \(error)", step: step)
      }
      throw TrainingError(
        .optimizer, "K-FAC: \(layer) are not positive definite with a damping of \(damping): \(error)",
        step: step)
    }
  }
}

extension KFAC: DenseLayerObserver {
  func reached(_ layer: DenseLayout, input: MatrixView<Scalar>, cotangent: MatrixView<Scalar>) {
    if let known = factors.first(where: { $0.layer.weightOffset == layer.weightOffset }) {
      known.average(input: input, cotangent: cotangent, decay: decay)
    } else {
      let new = KroneckerFactors<Scalar>(layer)
      factors.append(new)
      new.average(input: input, cotangent: cotangent, decay: decay)
    }
  }
}
