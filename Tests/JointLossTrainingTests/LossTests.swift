import JointLossTraining
import JointLossWeighting
import Testing

/// The losses of given predictions: heads that are the identity on the inputs.
@Suite struct LossTests {
  private func loss<Scalar: TrainableScalar>(
    _ loss: TaskLoss, predictions: [Double], targets: [Double], outputs: Int, in scalar: Scalar.Type
  ) throws -> Double {
    let network = try NetworkSpecification(
      inputs: outputs, trunk: [], activation: .identity,
      tasks: [TaskSpecification(name: "only", loss: loss, outputs: outputs)])
    let trainer = try Trainer<Scalar, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: .sgd(learningRate: 1), batchSize: 2,
      seed: 0)
    try trainer.setParameters([
      "head.0.weight": (0..<outputs * outputs).map { $0 % (outputs + 1) == 0 ? 1 : 0 },
      "head.0.bias": [Double](repeating: 0, count: outputs),
    ])
    let data = try TaskDataset(
      inputCount: outputs, inputs: predictions, targets: [targets], tasks: network.tasks)
    return try trainer.losses(on: PreparedData(data, network: network))[0]
  }

  @Test func `Mean squared error is the mean over samples and outputs`() throws {
    // ((1 − 0.5)² + (2 − 2.5)² + (3 − 3)² + (−4 + 1)²) / 4
    let value = try loss(
      .meanSquaredError, predictions: [1, 2, 3, -4], targets: [0.5, 2.5, 3, -1], outputs: 2, in: Double.self)
    #expect(value == 2.375)
  }

  @Test func `Softmax cross-entropy is scipy's, far from zero too`() throws {
    // -scipy.special.log_softmax(z, axis=1)[range(3), y].mean(); the batch size of 2 splits the samples.
    let (z, y) = ([0.5, -1.25, 2.0, -30.0, 0.0, 40.0, 1.0, 1.0, 1.0], [0.0, 2, 1])
    let double = try loss(
      .softmaxCrossEntropy, predictions: z, targets: y, outputs: 3, in: Double.self)
    #expect(abs(double - 0.9437447572567143) <= 1e-15)
    let single = try loss(.softmaxCrossEntropy, predictions: z, targets: y, outputs: 3, in: Float.self)
    #expect(abs(single - 0.9437447572567143) <= 1e-6)
  }

  @Test func `Binary cross-entropy is numpy's, far from zero too`() throws {
    // numpy.mean(numpy.logaddexp(0, z) - z * t)
    let (z, t) = ([0.75, -40.0, 800.0, -800.0, 0.0], [1.0, 0, 1, 1, 0])
    let double = try loss(.binaryCrossEntropy, predictions: z, targets: t, outputs: 5, in: Double.self)
    #expect(abs(double - 160.21600363733495) <= 1e-12)
    let single = try loss(.binaryCrossEntropy, predictions: z, targets: t, outputs: 5, in: Float.self)
    #expect(abs(single - 160.21600363733495) <= 1e-4)
  }

  @Test func `A NaN among the predictions reaches every loss`() throws {
    for (loss, outputs) in [
      (TaskLoss.meanSquaredError, 2), (.softmaxCrossEntropy, 2), (.binaryCrossEntropy, 2),
    ] {
      let problem = try Problem(
        inputs: 2, trunk: [3], activation: .relu, tasks: [(loss, outputs)], samples: 4)
      // Infinite weights of both signs are refused as parameters; products that overflow are not.
      let trainer: Trainer<Double, EqualWeighting> = try problem.replacing(
        "trunk.0.weight", by: [1e308, 1e308, -1e308, 1e308, 1e308, -1e308]
      ).replacing("head.0.weight", by: [1e308, -1e308, 1e308, -1e308, 1e308, -1e308])
        .trainer(Problem.equal(problem.network))
      let value = try trainer.losses(on: PreparedData(problem.data, network: problem.network))[0]
      #expect(!value.isFinite)
    }
  }
}
