import JointLossTraining
import JointLossWeighting
import Testing

/// Micro-batches: the step of the whole batch in the memory of a part.
@Suite struct AccumulationTests {
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  private func problem(_ activation: Activation = .relu) throws -> Problem {
    try Problem(inputs: 5, trunk: [8, 6], activation: activation, tasks: Self.tasks, samples: 29)
  }

  private func train<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ problem: Problem, accumulation: Int, batchSize: Int = 12, epochs: Int = 6,
    optimizer: OptimizerSpecification = .sgd(learningRate: 0.05, momentum: 0.5)
  ) throws -> (parameters: [String: [Double]], rows: [[Double]], counts: PassCounts) {
    let trainer = try Trainer<Double, Strategy>(
      network: problem.network,
      strategy: Strategy(StrategySetup(for: Strategy.descriptor, taskCount: Self.tasks.count)),
      optimizer: optimizer, batchSize: batchSize, seed: 11,
      options: StepOptions(accumulation: accumulation))
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let rows = try (0..<epochs).map { _ in
      let summary = try trainer.trainEpoch(on: data)
      return summary.meanLosses + summary.meanWeights + (try trainer.losses(on: data))
    }
    return (trainer.parameters, rows, trainer.counts)
  }

  private func expectEqual(_ a: [String: [Double]], _ b: [String: [Double]], _ comment: String) {
    for (name, values) in a {
      let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let error = zip(values, b[name] ?? []).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      #expect(b[name]?.count == values.count && error <= 1e-10 * max(norm, 1), "\(comment): \(name)")
    }
  }

  /// Whole batches, parts that do not divide them, single samples; the last batch of 5 is short anyway.
  @Test(arguments: StrategyRegistry.builtIn.names, [2, 5, 12])
  func `Micro-batches equal a batch, or are refused`(name: String, parts: Int) throws {
    func check<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws {
      let problem = try problem()
      guard Strategy.Evidence.need == .losses else {
        let error = #expect(throws: TrainingError.self) { try train(type, problem, accumulation: parts) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(name) == true && error?.message.contains("\(parts)") == true)
        return
      }
      let (whole, split) = try (
        train(type, problem, accumulation: 1), train(type, problem, accumulation: parts)
      )
      expectEqual(whole.parameters, split.parameters, name)
      for (a, b) in zip(whole.rows, split.rows) {
        for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-10 * max(abs(x), 1)) }
      }
      #expect(split.counts.steps == whole.counts.steps && split.counts.samples == whole.counts.samples)
      #expect(split.counts.forward > whole.counts.forward && split.counts.backward > whole.counts.backward)
    }
    try check(StrategyRegistry.builtIn.type(named: name))
  }

  @Test func `Dropout's masks and missing labels do not depend on the parts`() throws {
    let network = try NetworkSpecification(
      inputs: 5, trunk: [8, 6], activation: .gelu, block: BlockSpecification(dropout: 0.3),
      tasks: problem().network.tasks)
    let mask = Self.tasks.indices.map { task in (0..<29).map { ($0 + task) % 3 != 0 } }
    let problem = try Problem(network, samples: 29).masked(mask)
    let (whole, split) = try (
      train(UncertaintyWeighting.self, problem, accumulation: 1),
      train(UncertaintyWeighting.self, problem, accumulation: 4)
    )
    expectEqual(whole.parameters, split.parameters, "dropout and masks")
  }

  /// Factors are sums over samples: K-FAC sees all parts.
  @Test(arguments: [2, 5, 12])
  func `So are the steps of every optimiser`(parts: Int) throws {
    let mask = Self.tasks.indices.map { task in (0..<29).map { ($0 + task) % 3 != 0 } }
    let networks = try [
      problem(.tanh).network,
      NetworkSpecification(
        inputs: 5, architecture: .mixtureOfExperts(experts: 2), trunk: [6], activation: .gelu,
        block: BlockSpecification(layerNorm: true, dropout: 0.2), tasks: problem().network.tasks),
    ]
    for network in networks {
      let problem = try Problem(network, samples: 29).masked(mask)
      for optimizer in [
        OptimizerSpecification.adamw(learningRate: 0.01), .nesterov(learningRate: 0.01),
        .kfac(learningRate: 0.01, interval: 1), .kfac(learningRate: 0.01, interval: 4),
      ] {
        let (whole, split) = try (
          train(UncertaintyWeighting.self, problem, accumulation: 1, optimizer: optimizer),
          train(UncertaintyWeighting.self, problem, accumulation: parts, optimizer: optimizer)
        )
        expectEqual(whole.parameters, split.parameters, "\(optimizer)")
      }
    }
  }

  @Test func `Parts count their passes: each but the last runs forward twice`() throws {
    let counts = try train(EqualWeighting.self, problem(), accumulation: 3, epochs: 1).counts
    // Batches of 12, 12 and 5 in parts of 4: three, three and two parts.
    #expect(counts.steps == 3 && counts.backward == 8 && counts.forward == 5 + 5 + 3 && counts.samples == 29)
  }

  @Test func `More parts than samples, fewer than one, and norms to match are refused`() throws {
    func message(_ options: StepOptions) -> String {
      do {
        let problem = try problem()
        _ =
          try problem.trainer(Problem.equal(problem.network), options: options)
          as Trainer<Double, EqualWeighting>
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    #expect(
      message(StepOptions(accumulation: 30))
        == "a batch of 29 samples cannot be split into 30 micro-batches")
    #expect(message(StepOptions(accumulation: 0)).contains("into 0 micro-batches"))
    #expect(
      message(StepOptions(scalePolicy: .matchNorm, accumulation: 2)).contains("does not add up over 2"))
    #expect(message(StepOptions(accumulation: 29)) == "accepted")
  }

  @Test func `A batch larger than the data is refused with both numbers`() throws {
    let problem = try problem()
    let error = #expect(throws: TrainingError.self) {
      try train(EqualWeighting.self, problem, accumulation: 1, batchSize: 30)
    }
    #expect(error?.message == "a batch of 30 samples is larger than the training data of 29")
    #expect(error?.code == .shape)
  }
}
