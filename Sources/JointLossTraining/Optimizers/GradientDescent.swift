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
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double,
    present: [Bool]?
  ) -> Bool {
    state.step += 1
    return parameters.descend(
      by: gradient, velocity, Scalar(learningRate), momentum, looksAhead: looksAhead, present: present)
  }
}

extension FlatParameters {
  /// A step of gradient descent with momentum, of all parameters but frozen ones and those of tasks that are not
  /// present.
  ///
  /// Returns whether all parameters that moved are finite.
  @specialized(where Scalar == Float)
  func descend(
    by gradient: FlatParameters, _ velocity: Buffer<Scalar>, _ rate: Scalar, _ momentum: Scalar,
    looksAhead: Bool, present: [Bool]?
  ) -> Bool {
    guard present != nil || hasFrozen else {
      return Scalar._sgd(pointer, velocity.pointer, gradient.pointer, count, rate, momentum, looksAhead)
    }
    var isFinite = true
    for (index, tensor) in tensors.enumerated() {
      guard moves(index, present: present) else { continue }
      let offset = offset(of: index)
      let isMoved = Scalar._sgd(
        pointer + offset, velocity.pointer + offset, gradient.pointer + offset, tensor.count, rate, momentum,
        looksAhead)
      isFinite = isFinite && isMoved
    }
    return isFinite
  }
}
