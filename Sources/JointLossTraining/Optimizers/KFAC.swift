import JointLossLinearAlgebra

/// Kronecker-factored natural gradient descent with momentum.
///
/// The factors are moments of the Fisher matrix itself, not of the gradients of the labels at hand: every
/// `interval` steps a ``FisherPass`` sends cotangents through the network whose second moment is the curvature
/// of the weighted losses. On a linear regression that makes the step Newton's. A task without labels in such a
/// step has no curvature in it: unlike its momentum, the moments of its head go on, towards 0.
final class KFAC<Scalar: TrainableScalar>: Optimizer {
  private let momentum: Scalar
  private let damping: Double
  private let decay: Double
  private let interval: Int
  private let velocity: Buffer<Scalar>
  private var fisher: FisherPass<Scalar>
  private var step = 0
  /// The samples of the batch that is being observed, and whether its first part is.
  ///
  /// Not the whole batch: a second reference to the trainer's counts would make the next step copy them.
  private var observed = (samples: 0, isBeginning: true)
  /// Whether the factors of the moments have to be formed again.
  private var isStale = true
  /// The layers that a pass has shown, in its order; all other parameters take the plain gradient.
  private(set) var layers: [KroneckerFactors<Scalar>] = []

  init(count: Int, momentum: Double, damping: Double, decay: Double, interval: Int, seed: UInt64) {
    self.momentum = Scalar(momentum)
    self.damping = damping
    self.decay = decay
    self.interval = interval
    velocity = Buffer(rows: 1, columns: count)
    fisher = FisherPass(seed: seed)
  }

  /// At first every step counts: the moments of a single batch are poor.
  private var isDue: Bool { step < interval || step.isMultiple(of: interval) }

  var state: OptimizerState {
    get {
      OptimizerState(
        step: step, stream: fisher.stream, layers: layers.map(\.layer), averages: layers.first?.averages ?? 0)
    }
    set {
      step = newValue.step
      if let stream = newValue.stream { fisher.stream = stream }
      layers = newValue.layers.map { KroneckerFactors($0, averages: newValue.averages) }
      isStale = true
    }
  }

  var moments: [(name: String, values: Buffer<Scalar>)] { [("first", velocity)] }

  var factors: [(name: String, values: MatrixView<Scalar>)] {
    layers.enumerated().flatMap { index, layer in
      [
        ("input-moment.\(index)", layer.inputMoment.view),
        ("cotangent-moment.\(index)", layer.cotangentMoment.view),
      ]
    }
  }

  func observe(
    _ pass: any TrainingPass<Scalar>, tasks: [TaskSpecification], weights: [Double], headWeights: [Double],
    batch: ObservedBatch
  ) throws(TrainingError) -> Bool {
    guard isDue else { return false }
    observed = (batch.samples, batch.isBeginning)
    try fisher.run(
      pass, tasks: tasks, weights: weights, headWeights: headWeights, batch: batch, shows: self)
    isStale = true
    return true
  }

  @specialized(where Scalar == Float)
  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double,
    present: [Bool]?
  ) throws(TrainingError) -> Bool {
    if isStale {
      for index in 0..<layers.count { try factorize(layers[index]) }
      isStale = false
    }
    step += 1
    for index in 0..<layers.count { layers[index].precondition(gradient) }
    return parameters.descend(
      by: gradient, velocity, Scalar(learningRate), momentum, looksAhead: false, present: present)
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
  func reached(
    _ layer: DensePlace, input: MatrixView<Scalar>, cotangent: MatrixView<Scalar>, factor: Double
  ) {
    // By index: generic code that is not specialised allocates for an iterator.
    var index = 0
    while index < layers.count, layers[index].layer != layer { index += 1 }
    if index == layers.count { layers.append(KroneckerFactors(layer)) }
    layers[index].average(
      input: input, cotangent: cotangent, factor: factor, decay: decay, samples: observed.samples,
      continuing: !observed.isBeginning)
  }
}
