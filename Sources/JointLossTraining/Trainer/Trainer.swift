import JointLossLinearAlgebra
public import JointLossWeighting

/// Trains one network under one weighting strategy.
///
/// A step runs the network forward, takes the T losses, computes of the task gradients what the strategy's
/// evidence asks for and nothing else, asks for the weights, forms the gradient they amount to and moves the
/// parameters. The trainer knows no strategy by name. After the first step of a batch size it allocates no
/// memory.
///
/// Everything drawn at random comes from streams of the seed that do not depend on the strategy: strategies of
/// one seed see the same initial parameters and the same batches.
public final class Trainer<Scalar: TrainableScalar, Strategy: WeightingStrategy> {
  /// The network's shape.
  public let network: NetworkSpecification
  /// The strategy in its present state.
  public internal(set) var strategy: Strategy
  /// What training cost so far.
  public internal(set) var counts = PassCounts()
  /// The unweighted losses of the last step's batch, one a task.
  public var lastLosses: [Double] { observation.losses }
  /// The weights of the last step, one a task.
  public internal(set) var lastWeights: [Double]
  /// The number of epochs that have ended.
  public internal(set) var epoch = 0
  /// The rate of the steps to come: the optimiser's own until ``setLearningRate(_:)`` changes it.
  public internal(set) var learningRate: Double
  /// The largest norm that a step's gradient keeps; nil where gradients are not clipped.
  public let clipNorm: Double?

  let batchSize: Int
  let flat: FlatParameters<Scalar>
  let forward: ForwardPass<Scalar>
  let backward: BackwardPass<Scalar>
  /// Present where the strategy sees gradients.
  let stacked: StackedBackwardPass<Scalar>?
  let optimizer: any Optimizer<Scalar>
  let scope: GradientScope
  let ones: [Double]
  /// What the strategy's evidence is cut from; its arrays are written in place from step to step.
  var observation: StepObservation
  var tally: EpochTally
  var batchStream: PhiloxStream
  var order: [Int] = []
  let gathered: (inputs: Buffer<Scalar>, targets: Buffer<Scalar>)
  var probe: (forward: ForwardPass<Scalar>, stacked: StackedBackwardPass<Scalar>)?

  /// Creates a trainer with the seed's initial parameters.
  ///
  /// - Parameters:
  ///   - network: the network's shape.
  ///   - strategy: the strategy, created for as many tasks as the network has.
  ///   - optimizer: the optimiser of all parameters.
  ///   - batchSize: the samples of a batch, at least 1.
  ///   - seed: the seed of initial parameters and batch order.
  ///   - clipNorm: the largest norm of the combined gradient of trunk and heads, above 0: longer ones are
  ///     shortened to it.
  /// - Throws: ``TrainingError`` with the code `configuration` if a number makes no sense, or if the strategy
  ///   sees gradients on shared parameters and the trunk has no layer.
  public init(
    network: NetworkSpecification, strategy: Strategy, optimizer: OptimizerSpecification, batchSize: Int,
    seed: UInt64, clipNorm: Double? = nil
  ) throws(TrainingError) {
    guard batchSize >= 1, batchSize <= Int(Int32.max) / network.tasks.count else {
      throw TrainingError(
        .configuration,
        "a batch needs at least one sample, and samples × tasks below 2^31, not \(batchSize) samples")
    }
    let need = Strategy.Evidence.need
    guard need != .jacobian else {
      throw TrainingError(
        .configuration,
        "\(Strategy.descriptor.name) reads the task gradients themselves, which this trainer does not form")
    }
    guard need == .losses || !network.trunk.isEmpty else {
      throw TrainingError(
        .configuration,
        "\(Strategy.descriptor.name) reads \(need.rawValue) on shared parameters, but a trunk without layers "
          + "shares none")
    }
    self.network = network
    self.strategy = strategy
    self.batchSize = batchSize
    let tasks = network.tasks.count
    scope = need == .gradientNorms ? strategy.gradientScope : .sharedParameters
    flat = FlatParameters(ParameterLayout(network))
    try flat.initialise(network, seed: seed)
    gathered = (
      Buffer(rows: batchSize, columns: network.inputs),
      Buffer(rows: batchSize, columns: network.targetColumns)
    )
    forward = ForwardPass(
      network, parameters: flat, capacity: batchSize,
      empty: Batch(inputs: gathered.inputs.view.rows(0..<0), targets: gathered.targets.view.rows(0..<0)))
    backward = BackwardPass(forward)
    stacked = need == .losses ? nil : StackedBackwardPass(forward, scope: scope)
    self.optimizer = try optimizer.makeOptimizer(count: flat.count, seed: seed)
    learningRate = optimizer.learningRate
    if let clipNorm { try Self.validate(clipNorm: clipNorm) }
    self.clipNorm = clipNorm
    ones = [Double](repeating: 1, count: tasks)
    lastWeights = ones
    observation = StepObservation(losses: [Double](repeating: 0, count: tasks))
    if need == .gramian { observation.gramian = Gramian(taskCount: tasks) }
    if need == .gradientNorms { observation.gradientNorms = [Double](repeating: 0, count: tasks) }
    tally = EpochTally(taskCount: tasks)
    batchStream = PhiloxStream(seed: seed, purpose: "batches")
  }

  // MARK: Parameters by name

  /// All parameters, row by row: `trunk.K.weight` (outputs × inputs), `trunk.K.bias`, `head.T.weight` and
  /// `head.T.bias`.
  public var parameters: [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: flat.layout.tensors.map { tensor in
        (tensor.name, flat.view(tensor).elements.map { Double($0) })
      })
  }

  /// Replaces all parameters, before the first step say.
  ///
  /// - Parameter values: every tensor of ``parameters``, by name.
  /// - Throws: ``TrainingError`` if a tensor is missing, unknown, of another size or not finite; no parameter
  ///   is changed then.
  public func setParameters(_ values: [String: [Double]]) throws(TrainingError) {
    let tensors = flat.layout.tensors
    for tensor in tensors {
      guard let elements = values[tensor.name] else {
        throw TrainingError(.shape, "no values are given for the parameter \(tensor.name)")
      }
      guard elements.count == tensor.rows * tensor.columns else {
        throw TrainingError(
          .shape,
          "\(elements.count) values are given for the \(tensor.rows)×\(tensor.columns) parameter \(tensor.name)"
        )
      }
      if let value = elements.first(where: { !Scalar($0).isFinite }) {
        throw TrainingError(.nonFinite, "the parameter \(tensor.name) cannot hold \(value)")
      }
    }
    let names = Set(tensors.map(\.name))
    if let name = values.keys.sorted().first(where: { !names.contains($0) }) {
      throw TrainingError(.shape, "the network has no parameter \(name)")
    }
    for tensor in tensors {
      let view = flat.view(tensor)
      for (index, value) in (values[tensor.name] ?? []).enumerated() {
        view[index / tensor.columns, index % tensor.columns] = Scalar(value)
      }
    }
  }
}
