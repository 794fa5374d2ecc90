import JointLossTraining
import JointLossWeighting

/// Four samples, two inputs, one dense layer: the quadratic of `Tests/Golden/optimizers.py`.
enum LinearRegression {
  static let start = ["head.0.weight": [0.3, -0.2], "head.0.bias": [0.1]]

  /// The parameters after some steps on the whole data, weights and then bias.
  static func train(
    _ optimizer: OptimizerSpecification, steps: Int, clipNorm: Double? = nil
  ) throws -> (parameters: [Double], summary: EpochSummary) {
    let network = try NetworkSpecification(
      inputs: 2, trunk: [], activation: .identity,
      tasks: [TaskSpecification(name: "y", loss: .meanSquaredError)])
    let trainer = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: optimizer, batchSize: 4, seed: 0,
      options: StepOptions(clipNorm: clipNorm))
    try trainer.setParameters(start)
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 2, inputs: [1, 2, 0, -1, 3, 0.5, -2, 1], targets: [[1, -1, 2, 0.5]], tasks: network.tasks),
      network: network)
    for _ in 0..<steps { try trainer.step(on: data, samples: 0..<4) }
    let parameters = trainer.parameters
    return (
      (parameters["head.0.weight"] ?? []) + (parameters["head.0.bias"] ?? []), try trainer.endEpoch()
    )
  }
}
