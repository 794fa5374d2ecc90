import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

/// What joint training gains over single tasks on a suite, and what its tasks have to do with one another.
struct TransferMeasurement {
  /// 100 (1 − joint / single) of the test errors' means over tasks, each network at its best validation
  /// epoch.
  let gain: Double
  /// The mean over pairs of tasks of the test labels' correlation.
  let labelCorrelation: Double
  /// The mean over pairs of tasks and the first 20 epochs of the cosine between trunk gradients on 256
  /// training samples.
  let gradientCosine: Double

  /// Trains a suite's recipe with equal weighting, jointly and task by task.
  init(_ suite: any TaskSuite, seed: UInt64, cosineEpochs: Int = 20) throws {
    var stream = PhiloxStream(seed: seed, purpose: "data")
    let data = try suite.generate(using: &stream)
    labelCorrelation = LabelStatistics.meanCorrelation(data.test.targets)
    let all = Array(suite.taskSpecifications.indices)
    let joint = try Self.train(suite, data, tasks: all, seed: seed, cosineEpochs: cosineEpochs)
    let single = try all.map {
      try Self.train(suite, data, tasks: [$0], seed: seed, cosineEpochs: 0).testLoss
    }
    gain = 100 * (1 - joint.testLoss / LabelStatistics.mean(single))
    gradientCosine = LabelStatistics.mean(joint.cosines)
  }

  private static func train(
    _ suite: any TaskSuite, _ data: SuiteData, tasks: [Int], seed: UInt64, cosineEpochs: Int
  ) throws -> (testLoss: Double, cosines: [Double]) {
    let (recipe, specifications) = (suite.recipe, tasks.map { suite.taskSpecifications[$0] })
    let network = try NetworkSpecification(
      inputs: data.train.inputCount, trunk: #require(recipe.trunk),
      activation: #require(recipe.activation),
      tasks: specifications)
    func prepared(_ split: TaskDataset) throws -> PreparedData<Float> {
      try PreparedData(
        TaskDataset(
          inputCount: split.inputCount, inputs: split.inputs, targets: tasks.map { split.targets[$0] },
          tasks: specifications), network: network)
    }
    let (trainData, validation, test) = (
      try prepared(data.train), try prepared(data.validation), try prepared(data.test)
    )
    let trainer = try Trainer<Float, EqualWeighting>(
      network: network, strategy: EqualWeighting(), optimizer: .adam(learningRate: recipe.learningRate),
      batchSize: recipe.batchSize, seed: seed)
    var best = (validation: Double.infinity, test: Double.infinity)
    var cosines: [Double] = []
    for epoch in 1...recipe.epochs {
      if epoch <= cosineEpochs {
        let gramian = try trainer.gramian(on: trainData, samples: 0..<min(256, data.train.sampleCount))
        for i in tasks.indices {
          for j in tasks.indices where j > i {
            cosines.append(gramian[i, j] / (gramian.norm(of: i) * gramian.norm(of: j)))
          }
        }
      }
      _ = try trainer.trainEpoch(on: trainData)
      guard epoch % 5 == 0 else { continue }
      let loss = LabelStatistics.mean(try trainer.losses(on: validation))
      if loss < best.validation {
        best = (loss, LabelStatistics.mean(try trainer.losses(on: test)))
      }
    }
    return (best.test, cosines)
  }
}
