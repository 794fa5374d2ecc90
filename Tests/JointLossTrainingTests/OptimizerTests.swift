import Foundation
import JointLossTraining
import JointLossWeighting
import Testing

/// The rules against `python3 Tests/Golden/optimizers.py`, and what identities are made of.
@Suite struct OptimizerTests {
  private func expect(_ parameters: [Double], _ expected: [Double], within tolerance: Double = 1e-14) {
    for (value, due) in zip(parameters, expected) { #expect(abs(value - due) <= tolerance) }
    #expect(parameters.count == expected.count)
  }

  @Test(arguments: [
    (
      OptimizerSpecification.sgd(learningRate: 0.05, momentum: 0.9),
      [0.40974868836593625, 0.8291655170612334, 0.3825466856575013]
    ),
    (
      .nesterov(learningRate: 0.05, momentum: 0.9),
      [0.31491787898673373, 0.7715347573308323, 0.284836401126987]
    ),
    (.adam(learningRate: 0.05), [0.4677318249109568, 0.046056566375859094, 0.3348241831086236]),
    (
      .adamw(learningRate: 0.05, weightDecay: 0.1),
      [0.46254060961061455, 0.04852753560155808, 0.3302291085403422]
    ),
  ])
  func `Five steps are those of the definition`(optimizer: OptimizerSpecification, expected: [Double]) throws
  {
    expect(try LinearRegression.train(optimizer, steps: 5).parameters, expected)
  }

  @Test func `AdamW without decay is Adam, and without gradient shrinks by 1 − ηλ a step`() throws {
    let (plain, none) = try (
      LinearRegression.train(.adam(learningRate: 0.05), steps: 7).parameters,
      LinearRegression.train(.adamw(learningRate: 0.05, weightDecay: 0), steps: 7).parameters
    )
    #expect(plain == none)
    // With an ε beyond all gradients, Adam's own step vanishes.
    let shrunk = try LinearRegression.train(
      .adamw(learningRate: 0.05, epsilon: 1e300, weightDecay: 2), steps: 3
    ).parameters
    expect(shrunk, [0.3, -0.2, 0.1].map { $0 * 0.9 * 0.9 * 0.9 }, within: 1e-16)
  }

  @Test func `Long gradients are shortened, short ones are left alone`() throws {
    let sgd = OptimizerSpecification.sgd(learningRate: 0.05, momentum: 0.9)
    let clipped = try LinearRegression.train(sgd, steps: 5, clipNorm: 0.5)
    expect(clipped.parameters, [0.3938562059627212, 0.09435853135081247, 0.20998966268799424])
    #expect(clipped.summary.clippedShare == 1)
    let free = try LinearRegression.train(sgd, steps: 5, clipNorm: 1e3)
    #expect(free.parameters == (try LinearRegression.train(sgd, steps: 5).parameters))
    #expect(free.summary.clippedShare == 0)
    #expect(try LinearRegression.train(sgd, steps: 1).summary.clippedShare == nil)
  }

  @Test func `One gradient of trunk and heads is clipped, whatever the strategy sees`() throws {
    let problem = try Problem(
      inputs: 4, trunk: [5, 3], activation: .tanh,
      tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3)],
      samples: 9)
    func moved<Strategy: WeightingStrategy>(_ strategy: Strategy, clipNorm: Double?) throws -> [Double] {
      let trainer = try Trainer<Double, Strategy>(
        network: problem.network, strategy: strategy, optimizer: .sgd(learningRate: 1), batchSize: 9, seed: 0,
        options: StepOptions(clipNorm: clipNorm))
      try trainer.setParameters(problem.parameters)
      try trainer.step(on: PreparedData(problem.data, network: problem.network), samples: 0..<9)
      let after = trainer.parameters
      return after.keys.sorted().flatMap { name in
        zip(problem.parameters[name] ?? [], after[name] ?? []).map { $0 - $1 }
      }
    }
    func check<Strategy: WeightingStrategy>(_ strategy: Strategy) throws {
      let (whole, clipped) = try (moved(strategy, clipNorm: nil), moved(strategy, clipNorm: 0.1))
      let norm = whole.map { $0 * $0 }.reduce(0, +).squareRoot()
      #expect(norm > 0.2)
      for (a, b) in zip(whole, clipped) { #expect(abs(a * 0.1 / norm - b) <= 1e-14) }
    }
    try check(ConstantWeights<NoGradients, OnLosses>([0.5, 1.5]))
    try check(ConstantWeights<NoGradients, OnSharedGradient>([0.5, 1.5]))
    try check(ConstantWeights<Gramian, OnSharedGradient>([0.5, 1.5]))
    try check(ConstantWeights<GradientNorms, OnLosses>([0.5, 1.5], scope: .lastSharedLayer))
  }

  @Test func `The learning rate can be changed between steps`() throws {
    let problem = try Problem(
      inputs: 3, trunk: [4], activation: .tanh, tasks: [(.meanSquaredError, 1)], samples: 6)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    func steps(_ rates: [Double]) throws -> [String: [Double]] {
      let trainer = try Trainer<Double, EqualWeighting>(
        network: problem.network, strategy: Problem.equal(problem.network),
        optimizer: .sgd(learningRate: 0.1),
        batchSize: 6, seed: 0)
      for rate in rates {
        try trainer.setLearningRate(rate)
        try trainer.step(on: data, samples: 0..<6)
      }
      return trainer.parameters
    }
    #expect(try steps([0.1, 0]) == steps([0.1]))
    #expect(try steps([0.1, 0.2]) != steps([0.1, 0.1]))
    #expect(throws: TrainingError.self) { try steps([-.ulpOfOne]) }
    #expect(throws: TrainingError.self) { try steps([.infinity]) }
  }

  @Test(arguments: [
    (OptimizerSpecification.sgd(learningRate: 0.5), #"{"sgd":{"learningRate":0.5,"momentum":0}}"#),
    (
      .adam(learningRate: 0.25),
      #"{"adam":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"learningRate":0.25}}"#
    ),
    (.nesterov(learningRate: 0.5), #"{"nesterov":{"learningRate":0.5,"momentum":0.9}}"#),
    (
      .adamw(learningRate: 0.25),
      #"{"adamw":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"learningRate":0.25,"weightDecay":0.01}}"#
    ),
    (
      .kfac(learningRate: 0.5),
      #"{"kfac":{"damping":0.01,"decay":0.95,"interval":10,"learningRate":0.5,"momentum":0.9}}"#
    ),
  ])
  func `The JSON that identities are made of stays`(optimizer: OptimizerSpecification, json: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(optimizer), as: UTF8.self) == json)
    #expect(try JSONDecoder().decode(OptimizerSpecification.self, from: Data(json.utf8)) == optimizer)
  }

  @Test func `A checkpoint restores every optimiser exactly`() throws {
    for optimizer: OptimizerSpecification in [
      .sgd(learningRate: 0.1, momentum: 0.9), .nesterov(learningRate: 0.1), .adam(learningRate: 0.1),
      .adamw(learningRate: 0.1), .kfac(learningRate: 0.1, interval: 3),
    ] {
      let problem = try Problem(
        inputs: 4, trunk: [5], activation: .tanh, tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3)],
        samples: 12)
      let data = try PreparedData<Float>(problem.data, network: problem.network)
      func trainer() throws -> Trainer<Float, EqualWeighting> {
        try Trainer(
          network: problem.network, strategy: Problem.equal(problem.network), optimizer: optimizer,
          batchSize: 12, seed: 0)
      }
      let (whole, resumed) = (try trainer(), try trainer())
      for _ in 0..<7 { try whole.step(on: data, samples: 0..<12) }
      try resumed.restore(whole.checkpoint())
      for _ in 0..<7 {
        try whole.step(on: data, samples: 0..<12)
        try resumed.step(on: data, samples: 0..<12)
      }
      #expect(whole.parameters == resumed.parameters, "\(optimizer)")
    }
  }
}
