import JointLossTraining
import JointLossWeighting

/// What is trained on the tasks of a suite.
enum TrainedModel {
  /// The network that the study and the suite's recipe describe.
  case network(NetworkSpecification)
  /// The suite's own model.
  case own(any MultiTaskModel<Float>)

  /// Checks that a strategy can train it under these options.
  func validate(
    for strategy: some WeightingStrategy, optimizer: OptimizerSpecification, options: StepOptions
  ) throws(TrainingError) {
    switch self {
    case .network(let network): try network.validate(for: strategy, optimizer: optimizer, options: options)
    case .own(let model): try model.validate(for: strategy, optimizer: optimizer, options: options)
    }
  }

  /// A data set as it reads it.
  func prepare(_ data: TaskDataset) throws(TrainingError) -> PreparedData<Float> {
    switch self {
    case .network(let network): try PreparedData(data, network: network)
    case .own(let model): try PreparedData(data, model: model)
    }
  }

  /// A trainer as a run asks for it.
  func makeTrainer<Strategy: WeightingStrategy>(
    of strategy: Strategy, for run: RunSpecification
  ) throws(TrainingError) -> Trainer<Float, Strategy> {
    let options = run.step ?? StepOptions()
    return switch self {
    case .network(let network):
      try Trainer(
        network: network, strategy: strategy, optimizer: run.optimizer, batchSize: run.batchSize,
        seed: run.seed, options: options)
    case .own(let model):
      try Trainer(
        model: model, strategy: strategy, optimizer: run.optimizer, batchSize: run.batchSize,
        seed: run.seed, options: options)
    }
  }
}
