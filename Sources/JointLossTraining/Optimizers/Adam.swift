import JointLossLinearAlgebra

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Adam, and with a weight decay AdamW: the decay shrinks the parameters and never enters the moments.
final class Adam<Scalar: TrainableScalar>: Optimizer {
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private let weightDecay: Double
  private let first: Buffer<Scalar>
  private let second: Buffer<Scalar>
  var state = OptimizerState()

  init(count: Int, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    first = Buffer(rows: 1, columns: count)
    second = Buffer(rows: 1, columns: count)
  }

  var moments: [(name: String, values: Buffer<Scalar>)] { [("first", first), ("second", second)] }

  @specialized(where Scalar == Float)
  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double
  ) -> Bool {
    state.step += 1
    let step = Double(state.step)
    let rate = learningRate / (1 - pow(beta1, step))
    let root = 1 / (1 - pow(beta2, step)).squareRoot()
    return Scalar._adam(
      parameters.pointer, first.pointer, second.pointer, gradient.pointer, parameters.count, Scalar(rate),
      Scalar(beta1), Scalar(beta2), Scalar(root), Scalar(epsilon), Scalar(1 - learningRate * weightDecay))
  }
}
