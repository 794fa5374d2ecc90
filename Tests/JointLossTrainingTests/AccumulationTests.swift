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
      strategy: Strategy(taskCount: Self.tasks.count),
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
      let evidence = Strategy.Gradients.self
      guard evidence.need == .losses || evidence.need == .jacobian && evidence.independentBatches == 1 else {
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

  /// A batch of 12 with few labels: in parts of 3 task 1 has none in the first, and task 2 has one in all.
  private func scarce() throws -> Problem {
    let mask = Self.tasks.indices.map { task in
      (0..<29).map { sample in task == 0 || (task == 1 ? sample % 12 >= 4 : sample % 12 == 7) }
    }
    return try problem(.tanh).masked(mask)
  }

  /// Steps on consecutive samples, so that the parts are known.
  private func parameters<Strategy: WeightingStrategy>(
    after steps: Int, of strategy: Strategy, _ problem: Problem, _ options: StepOptions,
    optimizer: OptimizerSpecification = .adam(learningRate: 0.01)
  ) throws -> [String: [Double]] {
    let trainer = try Trainer<Double, Strategy>(
      network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: 12, seed: 11,
      options: options)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    for step in 0..<steps {
      let start = step % 2 * 12
      try trainer.step(on: data, samples: start..<start + 12)
    }
    return trainer.parameters
  }

  @Test(arguments: [2, 4, 12])
  func `Task gradients add up where labels lie unevenly, and a part has none of a task`(parts: Int) throws {
    func check<Strategy: WeightingStrategy>(
      _ type: Strategy.Type, optimizer: OptimizerSpecification = .adam(learningRate: 0.01),
      clipNorm: Double? = nil
    ) throws {
      let (whole, split) = (
        StepOptions(clipNorm: clipNorm), StepOptions(accumulation: parts, clipNorm: clipNorm)
      )
      let values: [String: ParameterValue] =
        Strategy.parameters.contains { $0.name == "every-steps" }
        ? ["every-steps": .number(3)] : [:]
      func strategy() throws -> Strategy {
        try Strategy(taskCount: 3, parameters: values)
      }
      let problem = try scarce()
      expectEqual(
        try parameters(after: 8, of: strategy(), problem, whole, optimizer: optimizer),
        try parameters(after: 8, of: strategy(), problem, split, optimizer: optimizer), "\(type) \(optimizer)"
      )
    }
    try check(TrimmedMean.self)
    try check(GradDrop.self, clipNorm: 0.1)
    try check(DBMTL.self)
    try check(MoCo.self, optimizer: .sgd(learningRate: 0.05, momentum: 0.5))
    try check(ExcessMTL.self, clipNorm: 0.1)
    try check(ExcessMTL.self, optimizer: .kfac(learningRate: 0.01, interval: 1))
    try check(AdaTask.self, optimizer: .adamw(learningRate: 0.01, weightDecay: 0.1))
    // In two of three steps nobody takes the task gradients.
    try check(EveryKSteps<ExcessMTL>.self)
    try check(EveryKSteps<ExcessMTL>.self, optimizer: .kfac(learningRate: 0.01, interval: 1))
  }

  @Test func `A batch without a task, under rules that weigh such batches`() throws {
    let mask = Self.tasks.indices.map { task in (0..<29).map { task != 1 || $0 >= 20 } }
    let problem = try problem(.tanh).masked(mask)
    func check<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws {
      func strategy() throws -> Strategy {
        try Strategy(taskCount: 3)
      }
      expectEqual(
        try parameters(after: 6, of: strategy(), problem, StepOptions()),
        try parameters(after: 6, of: strategy(), problem, StepOptions(accumulation: 5)), "\(type)")
    }
    try check(AdaTask.self)
    try check(GradDrop.self)
  }

  /// What a rule is shown, from the parts' own Jacobians and the labels in them.
  @Test func `The Jacobian in parts is the sum by shares of labels, and not the mean of the parts'`() throws {
    let problem = try scarce()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    func jacobian(_ samples: Range<Int>, parts: Int) throws -> [Double] {
      let trainer = try Trainer<Double, FixedCombination>(
        network: problem.network, strategy: FixedCombination([0.3, 1.7, 0.4]),
        optimizer: .sgd(learningRate: 1), batchSize: 12, seed: 0, options: StepOptions(accumulation: parts))
      try trainer.setParameters(problem.parameters)
      try trainer.step(on: data, samples: samples)
      return try #require(trainer.strategy.jacobian).elements
    }
    let split = try jacobian(0..<12, parts: 4)
    let count = split.count / 3
    // Labels of the tasks in samples 0..<3, 3..<6, 6..<9 and 9..<12, counted by hand.
    let labels = [[3, 3, 3, 3], [0, 2, 3, 3], [0, 0, 1, 0]]
    var (sum, mean) = ([Double](repeating: 0, count: 3 * count), [Double](repeating: 0, count: 3 * count))
    for part in 0..<4 {
      let own = try jacobian(part * 3..<part * 3 + 3, parts: 1)
      for (index, value) in own.enumerated() {
        let ofTask = labels[index / count]
        sum[index] += value * Double(ofTask[part]) / Double(ofTask.reduce(0, +))
        mean[index] += value / 4
      }
    }
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    let norm = distance(split, split.map { _ in 0 })
    #expect(distance(split, sum) <= 1e-13 * norm)
    #expect(distance(split, mean) > 1e-2 * norm)
    #expect(distance(split, try jacobian(0..<12, parts: 1)) <= 1e-13 * norm)
  }

  @Test func `Directions and updates, from whatever evidence, with heads of weights of their own`() throws {
    let problem = try scarce()
    let update = (0..<102).map { Double($0 % 7) - 2.5 }
    let heads = [0.5, 2, 1]
    func expectSame<Strategy: WeightingStrategy>(_ strategy: Strategy) throws {
      let (whole, split) = try (
        parameters(after: 4, of: strategy, problem, StepOptions()),
        parameters(after: 4, of: strategy, problem, StepOptions(accumulation: 4))
      )
      expectEqual(whole, split, "\(Strategy.self)")
    }
    try expectSame(FixedUpdate<Jacobian>(update, headWeights: heads))
    try expectSame(FixedUpdate<NoGradients>(update, headWeights: heads))
    try expectSame(FixedCombination([0.3, 1.7, 0.4], headWeights: heads))
  }

  @Test func `A model of one's own adds its task gradients up too`() throws {
    let problem = try scarce()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    func train<Strategy: WeightingStrategy>(_ type: Strategy.Type, parts: Int) throws -> [String: [Double]] {
      let trainer = try Trainer<Double, Strategy>(
        model: TanhModel<Double>(inputs: 5, units: 6, tasks: problem.network.tasks),
        strategy: Strategy(taskCount: 3),
        optimizer: .adam(learningRate: 0.01), batchSize: 12, seed: 3,
        options: StepOptions(accumulation: parts))
      for step in 0..<6 { try trainer.step(on: data, samples: step % 2 * 12..<step % 2 * 12 + 12) }
      return trainer.parameters
    }
    expectEqual(
      try train(ExcessMTL.self, parts: 1), try train(ExcessMTL.self, parts: 4), "excess-mtl of a model")
    expectEqual(try train(MoCo.self, parts: 1), try train(MoCo.self, parts: 4), "moco of a model")
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

  @Test func `Task gradients in parts take a third run forward, and a pass a task and part`() throws {
    let all = try train(MoCo.self, problem(), accumulation: 3, epochs: 1).counts
    #expect(all.forward == 7 + 7 + 4 && all.backward == (9 + 2) + (9 + 2) + (6 + 1))
    // Nobody takes them in the second and third step: k is 10.
    let one = try train(EveryKSteps<ExcessMTL>.self, problem(), accumulation: 3, epochs: 1).counts
    #expect(one.forward == 7 + 5 + 3 && one.backward == (9 + 2) + 3 + 2)
  }

  @Test func `Norms, inner products and independent batches are refused for what they are`() throws {
    func message<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws -> String {
      let error = #expect(throws: TrainingError.self) { try train(type, problem(), accumulation: 3) }
      return error?.message ?? ""
    }
    #expect(
      try message(MGDA.self)
        == "mgda reads gramian: norms and inner products of gradients do not add up over 3 micro-batches, as "
        + "losses and the gradients themselves do")
    #expect(try message(GradNorm.self).hasPrefix("gradnorm reads gradient norms: norms and inner products"))
    #expect(
      try message(MoDo.self)
        == "modo reads 3 independent batches, which are parts of the batch already: it is not split into 3 "
        + "micro-batches")
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
