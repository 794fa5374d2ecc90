import JointLossLinearAlgebra
import JointLossWeighting

/// What a checkpoint holds beside tensors.
struct CheckpointState<Strategy: WeightingStrategy>: Codable {
  var format = Self.currentFormat
  let origin: CheckpointOrigin
  let strategy: Strategy
  let optimizer: OptimizerState
  let learningRate: Double
  /// The stream that the order of the samples is drawn from, epoch after epoch.
  let batches: PhiloxStream
  let epoch: Int
  let counts: PassCounts
  /// The steps of an epoch that has not ended.
  let tally: EpochTally
  let lastLosses: [Double]
  let lastWeights: [Double]

  /// The version of the meaning of these fields.
  static var currentFormat: Int { 1 }
}

/// The field that every version of a checkpoint has.
struct CheckpointPreamble: Decodable {
  let format: Int
}

/// The part of a state that can be read before the strategy is known to be the right one.
struct CheckpointHeader: Decodable {
  let origin: CheckpointOrigin
}

/// What a trainer was created with.
struct CheckpointOrigin: Codable {
  let scalar: String
  let inputs: Int
  let tasks: [TaskSpecification]
  let strategy: String
  /// The hash of the strategy's JSON before the first step: its parameters, the seed of its draws.
  let strategySetup: String
  let optimizer: OptimizerSpecification
  let batchSize: Int
  let seed: UInt64
  let options: StepOptions

  /// Checks that a checkpoint of this origin suits a trainer of another.
  func require(_ trainer: CheckpointOrigin) throws(TrainingError) {
    func same<Value: Equatable>(
      _ path: KeyPath<CheckpointOrigin, Value>, _ what: String
    ) throws(TrainingError) {
      let (found, due) = (self[keyPath: path], trainer[keyPath: path])
      guard found == due else {
        throw TrainingError(.checkpoint, "the checkpoint is of \(what) \(found), this trainer of \(due)")
      }
    }
    try same(\.strategy, "the strategy")
    try same(\.scalar, "the element type")
    try same(\.inputs, "the number of inputs")
    try same(\.tasks, "the tasks")
    try same(\.optimizer, "the optimiser")
    try same(\.batchSize, "the batch size")
    try same(\.seed, "the seed")
    try same(\.options, "the options")
    guard strategySetup == trainer.strategySetup else {
      throw TrainingError(
        .checkpoint,
        "the checkpoint is of \(strategy) with other parameters or another seed: its setup has the hash "
          + "\(strategySetup), this trainer's \(trainer.strategySetup)")
    }
  }
}
