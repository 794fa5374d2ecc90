import JointLossLinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An optimiser's state, and its step: one pass over the flat parameters.
final class Optimizer<Scalar: TrainableScalar> {
  private let specification: OptimizerSpecification
  /// The velocity of gradient descent, or Adam's first moment.
  private let first: Buffer<Scalar>
  /// Adam's second moment.
  private let second: Buffer<Scalar>
  private var step = 0

  init(_ specification: OptimizerSpecification, count: Int) throws(TrainingError) {
    try specification.validate()
    self.specification = specification
    first = Buffer(rows: 1, columns: count)
    if case .adam = specification {
      second = Buffer(rows: 1, columns: count)
    } else {
      second = Buffer(rows: 1, columns: 0)
    }
  }

  /// Moves the parameters; false if one of them, or a second moment, is no longer finite.
  @specialized(where Scalar == Float)
  func update(_ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>) -> Bool {
    step += 1
    switch specification {
    case .sgd(let learningRate, let momentum):
      return Scalar._sgd(
        parameters.pointer, first.pointer, gradient.pointer, parameters.count, Scalar(learningRate),
        Scalar(momentum))
    case .adam(let learningRate, let beta1, let beta2, let epsilon):
      let rate = learningRate / (1 - pow(beta1, Double(step)))
      let root = 1 / (1 - pow(beta2, Double(step))).squareRoot()
      return Scalar._adam(
        parameters.pointer, first.pointer, second.pointer, gradient.pointer, parameters.count, Scalar(rate),
        Scalar(beta1), Scalar(beta2), Scalar(root), Scalar(epsilon))
    }
  }
}

extension OptimizerSpecification {
  func validate() throws(TrainingError) {
    switch self {
    case .sgd(let learningRate, let momentum):
      try Self.require(learningRate > 0 && learningRate.isFinite, "a learning rate > 0", learningRate)
      try Self.require(momentum >= 0 && momentum < 1, "a momentum in [0, 1)", momentum)
    case .adam(let learningRate, let beta1, let beta2, let epsilon):
      try Self.require(learningRate > 0 && learningRate.isFinite, "a learning rate > 0", learningRate)
      try Self.require(beta1 >= 0 && beta1 < 1, "β1 in [0, 1)", beta1)
      try Self.require(beta2 >= 0 && beta2 < 1, "β2 in [0, 1)", beta2)
      try Self.require(epsilon > 0 && epsilon.isFinite, "ε > 0", epsilon)
    }
  }

  private static func require(_ holds: Bool, _ what: String, _ value: Double) throws(TrainingError) {
    guard holds else {
      throw TrainingError(.configuration, "the optimiser needs \(what), not \(value)")
    }
  }
}
