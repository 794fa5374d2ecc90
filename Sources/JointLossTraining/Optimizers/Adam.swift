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
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double,
    present: [Bool]?
  ) -> Bool {
    state.step += 1
    if let present {
      if state.missed == nil { state.missed = [Int](repeating: 0, count: present.count) }
      for task in present.indices where !present[task] { state.missed?[task] += 1 }
    }
    guard state.missed != nil || parameters.hasFrozen else {
      return update(
        parameters, by: gradient, offset: 0, count: parameters.count, step: state.step, learningRate)
    }
    // Tasks may be at different steps, and moments are corrected for the number of their own.
    var isFinite = true
    for (index, tensor) in parameters.tensors.enumerated() {
      guard parameters.moves(index, present: present) else { continue }
      let step = state.step - (tensor.task.flatMap { state.missed?[$0] } ?? 0)
      let isMoved = update(
        parameters, by: gradient, offset: parameters.offset(of: index), count: tensor.count, step: step,
        learningRate)
      isFinite = isFinite && isMoved
    }
    return isFinite
  }

  /// The step of a block of the parameters.
  private func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, offset: Int, count: Int,
    step: Int, _ learningRate: Double
  ) -> Bool {
    let rate = learningRate / (1 - pow(beta1, Double(step)))
    let root = 1 / (1 - pow(beta2, Double(step))).squareRoot()
    return Scalar._adam(
      parameters.pointer + offset, first.pointer + offset, second.pointer + offset, gradient.pointer + offset,
      count, Scalar(rate), Scalar(beta1), Scalar(beta2), Scalar(root), Scalar(epsilon),
      Scalar(1 - learningRate * weightDecay))
  }
}
