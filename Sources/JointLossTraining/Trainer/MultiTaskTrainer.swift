public import JointLossWeighting

/// What a ``Trainer`` does, whatever its strategy: `any MultiTaskTrainer<Float>` trains under one that is known by name
/// alone.
///
/// It is the same trainer behind an existential: the step inside is compiled for its strategy as ever.
public protocol MultiTaskTrainer<Scalar>: AnyObject {
  /// `Float`, or `Double` for checks.
  associatedtype Scalar: TrainableScalar
  /// The strategy's type.
  associatedtype Strategy: WeightingStrategy

  /// The number of inputs of a sample.
  var inputs: Int { get }
  /// The tasks.
  var tasks: [TaskSpecification] { get }
  /// The strategy in its present state.
  var strategy: Strategy { get }
  /// What a step does where the strategy leaves it open.
  var options: StepOptions { get }
  /// What training cost so far.
  var counts: PassCounts { get }
  /// The unweighted losses of the last step's batch, one a task.
  var lastLosses: [Double] { get }
  /// The weights of the last step on the shared gradient, one a task.
  var lastWeights: [Double] { get }
  /// The number of epochs that have ended.
  var epoch: Int { get }
  /// The rate of the steps to come.
  var learningRate: Double { get }
  /// The tensors of the network, and which tasks each serves.
  var tensors: [ParameterTensor] { get }
  /// All parameters by name, row by row.
  var parameters: [String: [Double]] { get }
  /// Whether more than one task's loss can depend on a parameter.
  var sharesParameters: Bool { get }

  /// Replaces all parameters: see ``Trainer/setParameters(_:)``.
  func setParameters(_ values: [String: [Double]]) throws(TrainingError)
  /// Changes the learning rate of the steps to come: see ``Trainer/setLearningRate(_:)``.
  func setLearningRate(_ rate: Double) throws(TrainingError)
  /// Trains one epoch: see ``Trainer/trainEpoch(on:)``.
  @discardableResult
  func trainEpoch(on data: PreparedData<Scalar>) throws(TrainingError) -> EpochSummary
  /// Takes one step on consecutive samples: see ``Trainer/step(on:samples:)``.
  func step(on data: PreparedData<Scalar>, samples: Range<Int>) throws(TrainingError)
  /// Ends an epoch of one's own steps: see ``Trainer/endEpoch()``.
  @discardableResult
  func endEpoch() throws(TrainingError) -> EpochSummary
  /// The unweighted loss of each task on a data set: see ``Trainer/losses(on:)``.
  func losses(on data: PreparedData<Scalar>) throws(TrainingError) -> [Double]
  /// The outputs of each task: see ``Trainer/predictions(on:)``.
  func predictions(on data: PreparedData<Scalar>) throws(TrainingError) -> [[Double]]
  /// The inner products of the task gradients on a probe batch: see ``Trainer/gramian(on:samples:)``.
  func gramian(on data: PreparedData<Scalar>, samples: Range<Int>) throws(TrainingError) -> Gramian
  /// Everything that training goes on from: see ``Trainer/checkpoint()``.
  func checkpoint() throws(TrainingError) -> Checkpoint
  /// Goes on from a checkpoint: see ``Trainer/restore(_:)``.
  func restore(_ checkpoint: Checkpoint) throws(TrainingError)
}

extension NetworkSpecification {
  /// Creates a trainer under any strategy, one that ``JointLossWeighting/StrategyRegistry`` made say.
  ///
  /// - Parameters:
  ///   - scalar: what the network is trained in: `Float`, or `Double` for checks.
  ///   - strategy: the strategy, created for as many tasks as the network has.
  ///   - optimizer: the optimizer of all parameters.
  ///   - batchSize: the samples of a batch, at least 1.
  ///   - seed: the seed of initial parameters and batch order.
  ///   - options: what a step does where the strategy leaves it open.
  /// - Returns: the same trainer as ``Trainer/init(network:strategy:optimizer:batchSize:seed:options:)`` creates.
  /// - Throws: ``TrainingError`` as that initializer does.
  public func makeTrainer<Scalar: TrainableScalar>(
    in scalar: Scalar.Type = Float.self, strategy: some WeightingStrategy, optimizer: OptimizerSpecification,
    batchSize: Int, seed: UInt64, options: StepOptions = StepOptions()
  ) throws(TrainingError) -> any MultiTaskTrainer<Scalar> {
    try Trainer(
      network: self, strategy: strategy, optimizer: optimizer, batchSize: batchSize, seed: seed,
      options: options)
  }
}

extension MultiTaskModel {
  /// Creates a trainer of this model under any strategy, one that ``JointLossWeighting/StrategyRegistry`` made say.
  ///
  /// - Parameters:
  ///   - strategy: the strategy, created for as many tasks as the model has.
  ///   - optimizer: the optimizer of all parameters.
  ///   - batchSize: the samples of a batch, at least 1.
  ///   - seed: the seed of initial parameters, dropout and batch order.
  ///   - options: what a step does where the strategy leaves it open.
  /// - Returns: the same trainer as ``Trainer/init(model:strategy:optimizer:batchSize:seed:options:)`` creates.
  /// - Throws: ``TrainingError`` as that initializer does.
  public func makeTrainer(
    strategy: some WeightingStrategy, optimizer: OptimizerSpecification, batchSize: Int, seed: UInt64,
    options: StepOptions = StepOptions()
  ) throws(TrainingError) -> any MultiTaskTrainer<Scalar> {
    try Trainer(
      model: self, strategy: strategy, optimizer: optimizer, batchSize: batchSize, seed: seed,
      options: options)
  }
}
