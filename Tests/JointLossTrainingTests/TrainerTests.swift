import JointLossTraining
import JointLossWeighting
import Testing

/// Epochs, reproducibility and what a seed fixes.
@Suite struct TrainerTests {
  private func problem(samples: Int = 23) throws -> Problem {
    try Problem(
      inputs: 5, trunk: [8, 6], activation: .relu,
      tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3)], samples: samples)
  }

  private func trainer<Strategy: WeightingStrategy>(
    _ strategy: Strategy, _ network: NetworkSpecification, seed: UInt64 = 7, batchSize: Int = 10
  ) throws -> Trainer<Float, Strategy> {
    try Trainer(
      network: network, strategy: strategy, optimizer: .adam(learningRate: 1e-2), batchSize: batchSize,
      seed: seed)
  }

  @Test func `The same seed gives the same bits, another seed does not`() throws {
    let problem = try problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    func train(_ seed: UInt64) throws -> [String: [Double]] {
      let trainer = try trainer(
        ConstantWeights<Gramian, OnSharedGradient>([1, 2]), problem.network, seed: seed)
      for _ in 0..<3 { try trainer.trainEpoch(on: data) }
      return trainer.parameters
    }
    #expect(try train(7) == train(7))
    #expect(try train(7) != train(8))
  }

  @Test func `Initial parameters and batches do not depend on the strategy`() throws {
    let problem = try problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let first = try trainer(Problem.equal(problem.network), problem.network)
    let second = try trainer(
      ConstantWeights<Gramian, OnLosses>([1, 1]), problem.network)
    #expect(first.parameters == second.parameters)
    for _ in 0..<2 {
      let (a, b) = try (first.trainEpoch(on: data), second.trainEpoch(on: data))
      // The same batches in the same order: with the same weights the losses agree to rounding.
      for (x, y) in zip(a.meanLosses, b.meanLosses) { #expect(abs(x - y) <= 1e-5 * abs(x)) }
    }
  }

  @Test func `A task alone starts from the trunk and the head it has in company`() throws {
    let problem = try problem()
    let alone = try NetworkSpecification(
      inputs: 5, trunk: [8, 6], activation: .relu, tasks: [problem.network.tasks[1]])
    let joint = try trainer(Problem.equal(problem.network), problem.network).parameters
    let single = try trainer(Problem.equal(alone), alone).parameters
    #expect(single["trunk.0.weight"] == joint["trunk.0.weight"])
    #expect(single["trunk.1.weight"] == joint["trunk.1.weight"])
    #expect(single["head.0.weight"] == joint["head.1.weight"])
    #expect(joint["head.0.weight"]?.first != joint["head.1.weight"]?.first)
  }

  @Test func `Initial weights are orthogonal, with gain √2 under ReLU, and biases are zero`() throws {
    let network = try problem().network
    let parameters = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: .sgd(learningRate: 1), batchSize: 1,
      seed: 3
    ).parameters
    // trunk.1.weight is 6×8: rows of squared length 2, orthogonal to one another.
    let weight = try #require(parameters["trunk.1.weight"])
    for i in 0..<6 {
      for j in 0..<6 {
        let product = (0..<8).reduce(0) { $0 + weight[i * 8 + $1] * weight[j * 8 + $1] }
        #expect(abs(product - (i == j ? 2 : 0)) <= 1e-14)
      }
    }
    #expect(parameters["trunk.0.bias"] == [Double](repeating: 0, count: 8))
  }

  @Test func `An epoch sees every sample once and its means weigh samples, not batches`() throws {
    // A learning rate of next to nothing: the mean over the epoch is the loss on the whole data set.
    let problem = try problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer = try Trainer<Double, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network),
      optimizer: .sgd(learningRate: 1e-300), batchSize: 10, seed: 7)
    let (whole, summary) = try (trainer.losses(on: data), trainer.trainEpoch(on: data))
    for (mean, loss) in zip(summary.meanLosses, whole) { #expect(abs(mean - loss) <= 1e-14 * loss) }
    #expect(summary.stepSeconds.count == 3 && summary.stepSeconds.allSatisfy { $0 > 0 })
    #expect(summary.meanWeights == [1, 1] && summary.seenConflictRate == nil)
    #expect(trainer.counts.steps == 3 && trainer.counts.samples == 23 && trainer.counts.backward == 3)
  }

  @Test func `The losses of an epoch are unweighted, whatever the weights`() throws {
    let problem = try problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    for application in [TaskWeights.Application.losses, .sharedGradient] {
      let trainer = try problem.network.makeTrainer(
        in: Double.self, strategy: constantWeights(NoGradients.self, [0.01, -3], appliesTo: application),
        optimizer: .sgd(learningRate: 1e-300), batchSize: 10, seed: 7)
      let (whole, summary) = try (trainer.losses(on: data), trainer.trainEpoch(on: data))
      for (mean, loss) in zip(summary.meanLosses, whole) { #expect(abs(mean - loss) <= 1e-14 * loss) }
      for (mean, weight) in zip(summary.meanWeights, [0.01, -3]) { #expect(abs(mean - weight) <= 1e-15) }
    }
  }

  @Test func `Conflicts are counted and passes are one a task where a Gramian is seen`() throws {
    let problem = try problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let trainer = try trainer(
      ConstantWeights<Gramian, OnLosses>([1, 1]), problem.network, batchSize: 23)
    // With one batch an epoch, the step's Gramian is the probe's before the step.
    for _ in 0..<5 {
      let gramian = try trainer.gramian(on: data, samples: 0..<23)
      #expect(abs(gramian[0, 1]) > 1e-6, "too near to zero for a conflict to be the same under rounding")
      #expect(try trainer.trainEpoch(on: data).seenConflictRate == (gramian[0, 1] < 0 ? 1 : 0))
    }
    #expect(trainer.counts.backward == 10 && trainer.counts.forward == 5)
  }

  @Test func `Evaluation and probes leave training as it is`() throws {
    let problem = try problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let (plain, probed) = try (
      trainer(Problem.equal(problem.network), problem.network),
      trainer(Problem.equal(problem.network), problem.network)
    )
    for _ in 0..<3 {
      try plain.trainEpoch(on: data)
      try probed.trainEpoch(on: data)
      _ = try probed.losses(on: data)
      _ = try probed.gramian(on: data, samples: 3..<20)
    }
    #expect(plain.parameters == probed.parameters && plain.counts == probed.counts)
  }

  @Test func `The strategy learns the mean losses when the epoch ends`() throws {
    let problem = try problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let trainer = try trainer(EpochRecorder(), problem.network)
    let summary = try trainer.trainEpoch(on: data)
    #expect(trainer.strategy.means == [summary.meanLosses])
    #expect(trainer.strategy.epochs == [0, 0, 0])
    try trainer.trainEpoch(on: data)
    #expect(trainer.strategy.epochs == [0, 0, 0, 1, 1, 1])
  }

  private struct EpochRecorder: WeightingStrategy {
    static let about = StrategyDescription(
      "epoch-recorder", "epoch recorder", formula: "w_t = 1", weighs: .losses)
    private(set) var means: [[Double]] = []
    private(set) var epochs: [Int] = []

    init() {}

    mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
      epochs.append(step.epoch)
      return TaskWeights(step.losses.map { _ in 1 })
    }

    mutating func epochEnded(meanLosses: [Double]) { means.append(meanLosses) }
  }
}
