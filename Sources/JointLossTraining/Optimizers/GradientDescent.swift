import JointLossLinearAlgebra

/// Stochastic gradient descent with momentum, Nesterov's or the ordinary one.
final class GradientDescent<Scalar: TrainableScalar>: Optimizer {
  private let momentum: Scalar
  private let looksAhead: Bool
  private let velocity: Buffer<Scalar>
  var state = OptimizerState()

  init(count: Int, momentum: Double, looksAhead: Bool) {
    self.momentum = Scalar(momentum)
    self.looksAhead = looksAhead
    velocity = Buffer(rows: 1, columns: count)
  }

  var moments: [(name: String, values: Buffer<Scalar>)] { [("first", velocity)] }

  @specialized(where Scalar == Float)
  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double
  ) -> Bool {
    state.step += 1
    return Scalar._sgd(
      parameters.pointer, velocity.pointer, gradient.pointer, parameters.count, Scalar(learningRate),
      momentum,
      looksAhead)
  }
}
