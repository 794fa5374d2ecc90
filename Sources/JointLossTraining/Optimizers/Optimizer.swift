import JointLossLinearAlgebra

/// A rule that moves the parameters by a gradient, and what it remembers of earlier steps.
///
/// All memory is owned from the beginning (K-FAC: from the first step), so that a step allocates nothing.
protocol Optimizer<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// Moves the parameters; the gradient may be changed in place.
  ///
  /// Of tasks that are not present, nil for none, the parameters that serve them alone stay where they are, and
  /// so does what is remembered of these: for them there is no step. Nor is there ever one for frozen tensors.
  ///
  /// Returns false if a parameter is no longer finite, and throws if there is no step to take: the parameters
  /// are untouched then.
  func update(
    _ parameters: FlatParameters<Scalar>, by gradient: FlatParameters<Scalar>, learningRate: Double,
    present: [Bool]?
  ) throws(TrainingError) -> Bool

  /// Takes a look at the curvature of the pass that was just run, before the gradient is formed: at each part of
  /// a batch once.
  ///
  /// The weights are those of the tasks on the shared parameters and on their heads. Returns whether that took a
  /// backward pass.
  func observe(
    _ pass: any TrainingPass<Scalar>, tasks: [TaskSpecification], weights: [Double], headWeights: [Double],
    batch: ObservedBatch
  ) throws(TrainingError) -> Bool

  /// All that it remembers besides ``moments`` and ``factors``; setting it makes room for these.
  var state: OptimizerState { get set }

  /// What it remembers of every parameter, by name, in the layout of the parameters.
  var moments: [(name: String, values: Buffer<Scalar>)] { get }

  /// What it remembers of layers, by name. This and ``moments`` are the memory itself, to be read for a checkpoint
  /// or written from one after ``state``.
  var factors: [(name: String, values: MatrixView<Scalar>)] { get }
}

/// The batch that an observed pass is a part of.
struct ObservedBatch {
  /// Whether the part is the first that is observed.
  var isBeginning = true
  /// The position of the part's first sample in the batch.
  var firstSample = 0
  /// The samples of all parts.
  var samples = 0
  /// For each task, the samples of all parts that have a label.
  var labelled: [Int] = []
}

/// What an optimiser remembers besides its tensors.
struct OptimizerState: Codable, Hashable {
  /// The steps so far.
  var step = 0
  /// For each task, the steps that its own parameters have missed; nil as long as there are none.
  var missed: [Int]?
  /// The stream of K-FAC's cotangents.
  var stream: PhiloxStream?
  /// The layers whose curvature K-FAC knows, in the order of its factors, and how often each was averaged.
  var layers: [DensePlace] = []
  var averages = 0
}

extension Optimizer {
  // Rules of the gradient alone have nothing to see and know no layers.
  var factors: [(name: String, values: MatrixView<Scalar>)] { [] }

  func observe(
    _ pass: any TrainingPass<Scalar>, tasks: [TaskSpecification], weights: [Double], headWeights: [Double],
    batch: ObservedBatch
  ) -> Bool { false }
}

extension OptimizerSpecification {
  /// The rule, at its beginning, for so many parameters.
  func makeOptimizer<Scalar: TrainableScalar>(
    count: Int, seed: UInt64
  ) throws(TrainingError) -> any Optimizer<Scalar> {
    try validate(in: Scalar.self)
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
