import JointLossLinearAlgebra
public import JointLossWeighting

/// Trains one network under one weighting strategy.
///
/// A step runs the network forward, takes the T losses, computes of the task gradients what the strategy's
/// evidence asks for and nothing else, and nothing in a step in which the strategy will not read them, asks for the
/// weights, forms the gradient they amount to and moves the parameters. The trainer knows no strategy by name. After
/// the first step of a batch size it allocates no memory.
///
/// Everything drawn at random comes from streams of the seed that do not depend on the strategy: strategies of
/// one seed see the same initial parameters and the same batches.
///
/// ``NetworkSpecification/makeTrainer(in:strategy:optimizer:batchSize:seed:options:)`` makes one for a strategy that is
/// known by name alone.
public final class Trainer<Scalar: TrainableScalar, Strategy: WeightingStrategy>: MultiTaskTrainer {
  /// The number of inputs of a sample.
  public let inputs: Int
  /// The tasks.
  public let tasks: [TaskSpecification]
  /// The strategy in its present state.
  public var strategy: Strategy { weigher.strategy }
  /// What training cost so far.
  public internal(set) var counts = PassCounts()
  /// The unweighted losses of the last step's batch, one a task.
  public var lastLosses: [Double] { observation.losses }
  /// The weights of the last step on the shared gradient, one a task, as ``StepOptions/scalePolicy`` scales them.
  public internal(set) var lastWeights: [Double]
  /// The number of epochs that have ended.
  public internal(set) var epoch = 0
  /// The rate of the steps to come: the optimiser's own until ``setLearningRate(_:)`` changes it.
  public internal(set) var learningRate: Double
  /// What a step does where the strategy leaves it open.
  public let options: StepOptions

  /// The gradients that the strategy sees: those that it prescribes, else those of the options; nil where it sees
  /// losses alone.
  package var gradientScope: GradientScope? { Strategy.Gradients.need == .losses ? nil : scope }

  /// What the strategy's weights apply to, or what it gives in their place.
  let application = Strategy.about.weighs
  let batchSize: Int
  var weigher: Weigher<Strategy>
  /// The strategy before the first step.
  let initialStrategy: Strategy
  let network: any TrainedNetwork<Scalar>
  let flat: FlatParameters<Scalar>
  let pass: any TrainingPass<Scalar>
  let optimizerSpecification: OptimizerSpecification
  var optimizer: any Optimizer<Scalar>
  let seed: UInt64
  /// The gradients that the strategy sees.
  let scope: GradientScope
  /// The widest scope of gradients that a step takes, or nil where it takes the losses alone.
  let passScope: SharedScope?
  /// What the strategy's evidence is cut from; its arrays are written in place from step to step.
  var observation: StepObservation
  /// Whether the strategy sees the task gradients of this step.
  var seesGradients = false
  var tally: EpochTally
  var batchStream: PhiloxStream
  var order: [Int] = []
  let gathered: Batch<Scalar>
  private let gatheredMemory: [Buffer<Scalar>]
  // What a step works with, kept so that it allocates nothing.
  var headWeights: [Double]
  /// For each task, the samples of the batch, and of its part, that have a label.
  var labelled: [Int]
  var partLabelled: [Int]
  var present: [Bool]
  var partLosses: [Double]
  var partWeights: (shared: [Double], heads: [Double])
  /// Zeros, and ones.
  let noWeights: [Double]
  let unitWeights: [Double]
  /// The task gradients of a micro-batch, where the strategy reads those of the batch.
  var partJacobian: Jacobian
  /// The squares of the task gradients on what serves one task alone, where the strategy sees those.
  var ownSquares: [Double]
  /// The Gramian over all shared parameters, where the strategy sees that or the scale policy needs it.
  var sharedGramian: Gramian
  /// The sum of the gradients of micro-batches or independent batches, where there are such.
  let total: FlatParameters<Scalar>?
  /// The losses of the batch after the step, where the strategy looks at them.
  var lossesAfter: [Double]
  /// What takes the place of the shared gradient in this step, where the rule gives it.
  var direction: [Double]?
  /// What takes the place of the optimiser's step on the shared parameters, where the rule gives it.
  var update: [Double]?
  var probe: (any TrainingPass<Scalar>)?
  /// The division of a batch, where the strategy asks for independent ones.
  let labelledParts: LabelledParts<Scalar>?

  /// Creates a trainer with the seed's initial parameters.
  ///
  /// - Parameters:
  ///   - network: the network's shape.
  ///   - strategy: the strategy with its parameters; training starts it for as many tasks as the network has.
  ///   - optimizer: the optimiser of all parameters.
  ///   - batchSize: the samples of a batch, at least 1.
  ///   - seed: the seed of initial parameters, batch order and what the strategy draws at random.
  ///   - options: what a step does where the strategy leaves it open.
  /// - Throws: ``TrainingError`` with the code `strategy` if the strategy's parameters make no sense for so many tasks,
  ///   `configuration` if a number makes no sense, or if the strategy
  ///   sees gradients on shared parameters and there are none, or if the options do not suit the strategy.
  public convenience init(
    network: NetworkSpecification, strategy: Strategy, optimizer: OptimizerSpecification, batchSize: Int,
    seed: UInt64, options: StepOptions = StepOptions()
  ) throws(TrainingError) {
    try network.requireMemory(
      batchSize: batchSize / max(options.accumulation, 1),
      cotangents: Strategy.Gradients.need == .losses ? 1 : network.tasks.count, in: Scalar.self)
    try self.init(
      network.trained(in: Scalar.self), strategy: strategy, optimizer: optimizer, batchSize: batchSize,
      seed: seed, options: options)
  }

  /// Creates a trainer of a model of one's own, with the model's initial parameters.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - strategy: the strategy with its parameters; training starts it for as many tasks as the model has.
  ///   - optimizer: the optimiser of all parameters.
  ///   - batchSize: the samples of a batch, at least 1.
  ///   - seed: the seed of initial parameters, dropout, batch order and what the strategy draws at random.
  ///   - options: what a step does where the strategy leaves it open.
  /// - Throws: ``TrainingError`` with the code `model` if the model describes no parameters or tasks, or two of
  ///   one name; `configuration` as for a network.
  public convenience init(
    model: some MultiTaskModel<Scalar>, strategy: Strategy, optimizer: OptimizerSpecification, batchSize: Int,
    seed: UInt64, options: StepOptions = StepOptions()
  ) throws(TrainingError) {
    try model.validate()
    try self.init(
      ModelNetwork(model), strategy: strategy, optimizer: optimizer, batchSize: batchSize, seed: seed,
      options: options)
  }

  private init(
    _ network: any TrainedNetwork<Scalar>, strategy: Strategy, optimizer: OptimizerSpecification,
    batchSize: Int, seed: UInt64, options: StepOptions
  ) throws(TrainingError) {
    guard batchSize >= 1, batchSize <= Int(Int32.max) / network.tasks.count else {
      throw TrainingError(
        .configuration,
        "a batch needs at least one sample, and samples × tasks below 2^31, not \(batchSize) samples")
    }
    let need = Strategy.Gradients.need
    try options.validate(for: Strategy.self, batchSize: batchSize)
    (scope, passScope) = try network.scopes(of: strategy, options: options)
    try strategy.requireDirection(of: scope, optimizer: optimizer, options: options)
    self.network = network
    inputs = network.inputs
    tasks = network.tasks
    do {
      weigher = try Weigher(strategy, taskCount: network.tasks.count, seed: seed)
    } catch {
      throw TrainingError(.strategy, error.message, task: error.task)
    }
    initialStrategy = weigher.strategy
    self.batchSize = batchSize
    self.seed = seed
    self.options = options
    flat = FlatParameters(network.placement)
    try network.initialise(flat, seed: seed)
    let (capacity, count) = (
      (batchSize + options.accumulation - 1) / options.accumulation, network.tasks.count
    )
    gatheredMemory = [network.inputs, network.tasks.reduce(0) { $0 + $1.targetColumns }, count].map {
      Buffer(rows: capacity, columns: $0)
    }
    gathered = Batch(
      inputs: gatheredMemory[0].view, targets: gatheredMemory[1].view, labels: gatheredMemory[2].view)
    pass = network.makePass(
      parameters: flat, capacity: capacity, empty: gathered.rows(0..<0), scope: passScope)
    let batches = Strategy.Gradients.independentBatches
    total = options.accumulation > 1 || batches > 1 ? FlatParameters(network.placement) : nil
    labelledParts = batches > 1 ? LabelledParts(count: batches, tasks: count, batchSize: batchSize) : nil
    self.optimizer = try optimizer.makeOptimizer(count: flat.count, seed: seed)
    optimizerSpecification = optimizer
    learningRate = optimizer.learningRate
    lastWeights = [Double](repeating: 1, count: count)
    (headWeights, partLosses, partWeights) = (lastWeights, lastWeights, (lastWeights, lastWeights))
    (lossesAfter, unitWeights, ownSquares) = (lastWeights, lastWeights, lastWeights)
    noWeights = [Double](repeating: 0, count: count)
    labelled = [Int](repeating: 0, count: count)
    (partLabelled, present) = (labelled, [Bool](repeating: true, count: count))
    sharedGramian = Gramian(taskCount: passScope == nil ? 0 : count)
    observation = StepObservation(losses: [Double](repeating: 0, count: count))
    if need == .gramian { observation.gramian = Gramian(taskCount: count) }
    if need == .gradientNorms { observation.gradientNorms = [Double](repeating: 0, count: count) }
    let addsJacobians = need == .jacobian && options.accumulation > 1
    partJacobian = Jacobian(taskCount: addsJacobians ? count : 0, parameterCount: flat.sharedCount)
    if need == .jacobian {
      if scope == .representation, let units = network.representationUnits {
        observation.representation = Representation(samples: capacity, units: units)
      }
      let jacobian = Jacobian(
        taskCount: count, parameterCount: observation.representation?.elements.count ?? flat.sharedCount)
      if batches == 1 { observation.jacobian = jacobian }
      if batches > 1 { observation.jacobians = [Jacobian](repeating: jacobian, count: batches) }
    }
    tally = EpochTally(taskCount: count)
    batchStream = PhiloxStream(seed: seed, purpose: "batches")
  }

  // MARK: Parameters by name

  /// The tensors of the network, and which tasks each serves.
  public var tensors: [ParameterTensor] { flat.tensors }

  /// All parameters, row by row: with the plain architecture `trunk.K.weight` (outputs × inputs), `trunk.K.bias`,
  /// `head.T.weight` and `head.T.bias`.
  public var parameters: [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { index, tensor in
        (tensor.name, flat.view(index).elements.map { Double($0) })
      })
  }

  /// Replaces all parameters, before the first step say.
  ///
  /// - Parameter values: every tensor of ``parameters``, by name.
  /// - Throws: ``TrainingError`` if a tensor is missing, unknown, of another size or not finite; no parameter
  ///   is changed then.
  public func setParameters(_ values: [String: [Double]]) throws(TrainingError) {
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
    for (index, tensor) in tensors.enumerated() {
      let view = flat.view(index)
      for (index, value) in (values[tensor.name] ?? []).enumerated() {
        view[index / tensor.columns, index % tensor.columns] = Scalar(value)
      }
    }
  }
}
