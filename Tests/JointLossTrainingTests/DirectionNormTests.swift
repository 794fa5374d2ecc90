import JointLossTraining
import JointLossWeighting
import Testing

/// The norm of the shared update direction, against the task gradients of ordinary backward passes.
@Suite struct DirectionNormTests {
  private static let weights = [0.3, 1.7, -0.4]
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  private func problem() throws -> Problem {
    try Problem(inputs: 4, trunk: [6, 5], activation: .tanh, tasks: Self.tasks, samples: 9)
  }

  /// The norm of `Σ w_t g_t` from the rows, parameter by parameter.
  private func norm(_ weights: [Double], of rows: [[Double]]) -> Double {
    rows[0].indices.reduce(0) { sum, parameter in
      let value = zip(weights, rows).reduce(0) { $0 + $1.0 * $1.1[parameter] }
      return sum + value * value
    }.squareRoot()
  }

  /// The norm that an epoch of one step on the whole batch reports.
  private func reported<Scalar: TrainableScalar, Strategy: WeightingStrategy>(
    _ strategy: Strategy, on problem: Problem, in scalar: Scalar.Type = Double.self,
    options: StepOptions = StepOptions()
  ) throws -> Double? {
    let trainer: Trainer<Scalar, Strategy> = try problem.trainer(strategy, options: options)
    try trainer.step(
      on: PreparedData(problem.data, network: problem.network), samples: 0..<problem.data.sampleCount)
    return try trainer.endEpoch().directionNorm
  }

  private func constant<Gradients>(
    _ evidence: Gradients.Type, _ weights: [Double] = weights, scope: GradientScope? = nil
  ) -> ConstantWeights<Gradients, OnSharedGradient> {
    ConstantWeights(weights, scope: scope)
  }

  @Test func `It is the norm of the weighted gradients on the shared parameters, wherever it comes from`()
    throws
  {
    let problem = try problem()
    let rows = try problem.jacobianRows()
    let expected = norm(Self.weights, of: rows)
    let clipping = StepOptions(clipNorm: expected / 10)
    let found = try [
      reported(constant(Gramian.self), on: problem),
      reported(constant(Gramian.self, scope: .allParameters), on: problem),
      reported(FixedCombination(Self.weights), on: problem),
      reported(FixedCombination(Self.weights, headWeights: [2, 3, 4]), on: problem, options: clipping),
      // What is clipped is longer: the norm is that before, and without the heads.
      reported(constant(NoGradients.self), on: problem, options: clipping),
      reported(constant(Gramian.self), on: problem, options: clipping),
    ]
    for value in found { #expect(abs(try #require(value) - expected) <= 1e-12 * expected) }
    // Other weights, and a gradient that is not weighted or that has the heads in it, are told apart.
    for weights in [[1, 1, 1], [0.3, 1.7, 0.4]] {
      #expect(abs(norm(weights, of: rows) - expected) > 0.05 * expected)
    }
    let whole = try problem.gradient(constant(NoGradients.self)).values.joined()
    #expect(whole.reduce(0) { $0 + $1 * $1 }.squareRoot() > 1.05 * expected)
  }

  @Test func `Matched norms report the norm of equal weights, and scaled sums that of the scaled`() throws {
    let problem = try problem()
    let rows = try problem.jacobianRows()
    let matched = StepOptions(scalePolicy: .matchNorm)
    let equal = norm([1, 1, 1], of: rows)
    for value in try [
      reported(constant(NoGradients.self), on: problem, options: matched),
      reported(constant(Gramian.self), on: problem, options: matched),
      reported(constant(GradientNorms.self, scope: .lastSharedLayer), on: problem, options: matched),
    ] {
      #expect(abs(try #require(value) - equal) <= 1e-12 * equal)
    }
    let sum = Self.weights.reduce(0, +)
    let scaled = norm(Self.weights.map { $0 * 3 / sum }, of: rows)
    let value = try reported(
      constant(Gramian.self), on: problem, options: StepOptions(scalePolicy: .sumToTasks))
    #expect(abs(try #require(value) - scaled) <= 1e-12 * scaled)
    #expect(abs(scaled - norm(Self.weights, of: rows)) > 0.05 * scaled)
  }

  @Test func `It is unknown where it would take a pass of its own, and under an update`() throws {
    let problem = try problem()
    let parameters = problem.tensors.filter { $0.task == nil }.reduce(0) { $0 + $1.rows * $1.columns }
    let update = [Double](repeating: 0.01, count: parameters)
    for value in try [
      reported(constant(NoGradients.self), on: problem),
      reported(constant(GradientNorms.self), on: problem),
      reported(constant(Gramian.self, scope: .lastSharedLayer), on: problem),
      reported(
        constant(Gramian.self), on: problem, options: StepOptions(gradientScope: .representation)),
      reported(constant(Jacobian.self), on: problem),
      reported(FixedUpdate<Gramian>(update), on: problem),
    ] {
      #expect(value == nil)
    }
  }

  @Test func `An epoch reports the mean over its steps`() throws {
    let problem = try problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let steps = [0..<4, 4..<8, 8..<9]
    func trainer() throws -> Trainer<Double, ConstantWeights<Gramian, OnSharedGradient>> {
      try problem.trainer(constant(Gramian.self, [0.02, 0.01, 0.03]))
    }
    let (single, whole) = try (trainer(), trainer())
    let norms = try steps.map { samples in
      try single.step(on: data, samples: samples)
      return try #require(single.endEpoch().directionNorm)
    }
    for samples in steps { try whole.step(on: data, samples: samples) }
    let mean = norms.reduce(0, +) / 3
    #expect(abs(try #require(whole.endEpoch().directionNorm) - mean) <= 1e-14 * mean)
    #expect(norms.allSatisfy { abs($0 - mean) > 0.01 * mean })
  }

  @Test func `A step whose gradients nobody reads has no part in the mean, unless something else knows it`()
    throws
  {
    let problem = try problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    /// The norms that are reported for three single steps, and for the epoch of all three.
    func norms(_ options: StepOptions) throws -> (steps: [Double?], epoch: Double?) {
      let trainers = try (0..<2).map { _ in
        try problem.trainer(
          try EveryKSteps<MGDA>(taskCount: 3, parameters: ["every-steps": .number(3)]), options: options)
          as Trainer<Double, EveryKSteps<MGDA>>
      }
      let steps = try (0..<3).map { _ in
        try trainers[0].step(on: data, samples: 0..<9)
        return try trainers[0].endEpoch().directionNorm
      }
      for _ in 0..<3 { try trainers[1].step(on: data, samples: 0..<9) }
      return (steps, try trainers[1].endEpoch().directionNorm)
    }
    let sparing = try norms(StepOptions())
    #expect(sparing.steps[0] != nil && sparing.steps[1] == nil && sparing.steps[2] == nil)
    #expect(sparing.epoch == sparing.steps[0])
    for options in [StepOptions(scalePolicy: .matchNorm), StepOptions(clipNorm: 1e6)] {
      let known = try norms(options)
      let mean = try known.steps.reduce(0) { try $0 + #require($1) } / 3
      #expect(abs(try #require(known.epoch) - mean) <= 1e-14 * mean)
    }
  }

  @Test func `Tasks without labels have no part in it, and a batch without any is no step`() throws {
    let problem = try problem()
    let absent = try problem.masked([
      [Bool](repeating: true, count: 9), (0..<9).map { $0 > 7 }, (0..<9).map { $0 > 7 },
    ])
    let data = try PreparedData<Double>(absent.data, network: problem.network)
    let trainer: Trainer<Double, ConstantWeights<Gramian, OnSharedGradient>> = try absent.trainer(
      constant(Gramian.self))
    try trainer.step(on: data, samples: 0..<7)
    let rows = try problem.keeping(Array(0..<7)).jacobianRows()
    let expected = norm([Self.weights[0], 0, 0], of: rows)
    #expect(abs(try #require(trainer.endEpoch().directionNorm) - expected) <= 1e-12 * expected)

    let unlabelled = try problem.masked([[Bool]](repeating: (0..<9).map { $0 > 3 }, count: 3))
    let second: Trainer<Double, ConstantWeights<Gramian, OnSharedGradient>> = try unlabelled.trainer(
      constant(Gramian.self, [1e-300, 0, 0]))
    let other = try PreparedData<Double>(unlabelled.data, network: problem.network)
    for samples in [0..<4, 4..<9] { try second.step(on: other, samples: samples) }
    let whole: Trainer<Double, ConstantWeights<Gramian, OnSharedGradient>> = try unlabelled.trainer(
      constant(Gramian.self, [1e-300, 0, 0]))
    try whole.step(on: other, samples: 4..<9)
    #expect(try second.endEpoch().directionNorm == whole.endEpoch().directionNorm)
  }

  @Test func `In Float the Gramian gives it to a thousandth of the lengths of its terms`() throws {
    let problem = try Problem(
      inputs: 20, trunk: [30, 20], activation: .relu, tasks: Self.tasks, samples: 64)
    let rows = try problem.jacobianRows()
    // Nearly the weights of the smallest norm: the terms cancel in part.
    for weights in [Self.weights, [1, -0.5, -0.2], [1e-20, 3e-20, 2e-20]] {
      let expected = norm(weights, of: rows)
      let terms = rows.indices.reduce(0) { $0 + abs(weights[$1]) * norm([1], of: [rows[$1]]) }
      let value = try reported(constant(Gramian.self, weights), on: problem, in: Float.self)
      #expect(abs(try #require(value) - expected) <= 1e-3 * terms)
      let direction = try reported(FixedCombination(weights), on: problem, in: Float.self)
      #expect(abs(try #require(direction) - expected) <= 1e-5 * terms)
    }
  }

  @Test func `A norm beyond the range of numbers is unknown, and the step is taken`() throws {
    let problem = try problem()
    let rows = try problem.jacobianRows()
    // The Gramian's square would overflow for the first weights if they were not taken out.
    let expected = norm([1, 1, 1], of: rows) * 1e200
    let trainer = try Trainer<Double, ConstantWeights<Gramian, OnSharedGradient>>(
      network: problem.network, strategy: constant(Gramian.self, [1e200, 1e200, 1e200]),
      optimizer: .sgd(learningRate: 1e-300), batchSize: 9, seed: 0)
    try trainer.setParameters(problem.parameters)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    try trainer.step(on: data, samples: 0..<9)
    #expect(abs(try #require(trainer.endEpoch().directionNorm) - expected) <= 1e-12 * expected)
    // The squares of a direction do leave it.
    let far = try Trainer<Double, FixedCombination>(
      network: problem.network, strategy: FixedCombination([1e200, 1e200, 1e200]),
      optimizer: .sgd(learningRate: 1e-300), batchSize: 9, seed: 0)
    try far.setParameters(problem.parameters)
    try far.step(on: data, samples: 0..<9)
    #expect(try far.checkpoint().state.isEmpty == false)
    #expect(try far.endEpoch().directionNorm == nil)
  }
}
