import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// Rules that give the update of the shared parameters, in place of the optimiser's step there.
@Suite struct UpdateTests {
  private static let losses: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  private static func problem(_ tasks: [(TaskLoss, Int)] = losses) throws -> Problem {
    try Problem(inputs: 4, trunk: [6, 5], activation: .tanh, tasks: tasks, samples: 9)
  }

  /// A value for each of the 65 shared parameters.
  fileprivate static let update = (0..<65).map { Double($0 % 7) - 2.5 }

  private static func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  /// The shared parameters, in the order of an update.
  private func shared(_ parameters: [String: [Double]], of problem: Problem) -> [Double] {
    problem.tensors.filter { $0.task == nil }.flatMap { parameters[$0.name] ?? [] }
  }

  private func trainer<Strategy: WeightingStrategy>(
    _ problem: Problem, _ strategy: Strategy, _ optimizer: OptimizerSpecification,
    options: StepOptions = StepOptions()
  ) throws -> Trainer<Double, Strategy> {
    let trainer = try Trainer<Double, Strategy>(
      network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: 9, seed: 0,
      options: options)
    try trainer.setParameters(problem.parameters)
    return trainer
  }

  // MARK: The step

  @Test(arguments: [
    (OptimizerSpecification.sgd(learningRate: 0.05), 0.0), (.sgd(learningRate: 0.05, momentum: 0.9), 0),
    (.nesterov(learningRate: 0.05), 0), (.adam(learningRate: 0.05), 0),
    (.adamw(learningRate: 0.05, weightDecay: 0.3), 0.3),
  ])
  func `The shared parameters lose rate times update, the heads follow the optimiser`(
    optimizer: OptimizerSpecification, decay: Double
  ) throws {
    let problem = try Self.problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer = try trainer(problem, FixedUpdate<Jacobian>(Self.update), optimizer)
    // Its heads follow the same losses; its trunk is set to the other's before every step.
    let ones = ConstantWeights<Gramian, OnSharedGradient>([1, 1, 1])
    let heads = try self.trainer(problem, ones, optimizer)
    var expected = shared(trainer.parameters, of: problem)
    for rate in [0.05, 0.1, 0.02, 0.02] {
      for tensor in problem.tensors where tensor.task == nil {
        try heads.setParameters(
          heads.parameters.merging([tensor.name: trainer.parameters[tensor.name] ?? []]) { $1 })
      }
      try trainer.setLearningRate(rate)
      try heads.setLearningRate(rate)
      try trainer.step(on: data, samples: 0..<9)
      try heads.step(on: data, samples: 0..<9)
      for index in expected.indices {
        expected[index] = (1 - rate * decay) * expected[index] - rate * Self.update[index]
      }
      #expect(Self.largestDifference(shared(trainer.parameters, of: problem), expected) <= 1e-14)
      for tensor in problem.tensors where tensor.task != nil {
        let (got, due) = (trainer.parameters[tensor.name] ?? [], heads.parameters[tensor.name] ?? [])
        #expect(Self.largestDifference(got, due) <= 1e-13, "\(tensor.name)")
      }
    }
    #expect(trainer.counts.forward == 4 && trainer.counts.backward == 12)
    #expect(trainer.lastWeights == [1, 1, 1])
  }

  @Test func `Heads have their weights, under every evidence and head policy`() throws {
    let problem = try Self.problem()
    let (plain, weighted) = ([1.0, 1, 1], [2, 0.5, 1.0])
    let differences = try problem.differences()
    let equal = try problem.gradient(Problem.equal(problem.network))
    func check<Gradients: GradientEvidence>(_ evidence: Gradients.Type) throws {
      let strategy = FixedUpdate<Gradients>(Self.update, headWeights: weighted)
      for policy in StepOptions.HeadPolicy.allCases {
        let gradient = try problem.gradient(strategy, options: StepOptions(headPolicy: policy))
        #expect(Self.largestDifference(shared(gradient, of: problem), Self.update) <= 1e-14)
        var moved = gradient
        for tensor in problem.tensors where tensor.task == nil {
          // The shared part has been seen: central differences have the heads.
          moved[tensor.name] = equal[tensor.name]
        }
        // The strategy's weights of the tasks are 1.
        let heads = policy == .strategy ? weighted : plain
        #expect(differences.error(of: moved, shared: plain, heads: heads) <= 1e-7, "\(policy)")
      }
    }
    try check(Jacobian.self)
    try check(NoGradients.self)
    try check(Gramian.self)
    try check(IndependentJacobians.self)
  }

  // MARK: AdaTask

  @Test func `AdaTask of one task is Adam`() throws {
    let problem = try Self.problem([(.meanSquaredError, 2)])
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let own = try trainer(problem, try AdaTask(taskCount: 1), .adam(learningRate: 0.05))
    let adam = try trainer(problem, Problem.equal(problem.network), .adam(learningRate: 0.05))
    for step in 0..<20 {
      try own.setLearningRate(0.05 / Double(step + 1))
      try adam.setLearningRate(0.05 / Double(step + 1))
      try own.step(on: data, samples: 0..<9)
      try adam.step(on: data, samples: 0..<9)
      for (name, values) in adam.parameters {
        #expect(Self.largestDifference(own.parameters[name] ?? [], values) <= 1e-12, "\(name)")
      }
    }
  }

  @Test(arguments: [false, true])
  func `AdaTask in the trainer is AdaTask by hand`(isMasked: Bool) throws {
    var problem = try Self.problem()
    if isMasked {
      problem = try problem.masked(
        [[Bool](repeating: true, count: 9), (0..<9).map { $0 < 4 }, (0..<9).map { $0 > 2 }])
    }
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer = try trainer(problem, try AdaTask(taskCount: 3), .adam(learningRate: 0.05))
    let probe = try self.trainer(problem, FixedCombination([1, 1, 1]), .sgd(learningRate: 0.05))
    var byHand = try Weigher<AdaTask>(taskCount: 3)
    // The second task has labels in the first part alone.
    for (index, samples) in [0..<5, 4..<9, 0..<5, 0..<9, 4..<9, 0..<4].enumerated() {
      let rate = 0.05 / Double(index + 1)
      try trainer.setLearningRate(rate)
      let before = trainer.parameters
      try probe.setParameters(before)
      try probe.step(on: data, samples: samples)
      var observation = StepObservation(losses: probe.lastLosses)
      observation.jacobian = probe.strategy.jacobian
      let present = isMasked ? [true, samples.lowerBound < 4, true] : [true, true, true]
      try observation.keep(present)
      let update = try #require(try byHand.weights(observing: observation).update)
      try trainer.step(on: data, samples: samples)
      let expected = zip(shared(before, of: problem), update).map { $0 - rate * $1 }
      #expect(Self.largestDifference(shared(trainer.parameters, of: problem), expected) <= 1e-14)
      #expect(trainer.lastWeights == present.map { $0 ? 1 : 0 })
    }
  }

  // MARK: Refusals

  @Test func `An update of another length, or one that is not finite, moves nothing`() throws {
    let problem = try Self.problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    func refusal(_ update: [Double], rate: Double) throws -> TrainingError? {
      let trainer = try self.trainer(
        problem, FixedUpdate<Jacobian>(update), .adamw(learningRate: rate, weightDecay: 0.01))
      let before = trainer.parameters
      let error = #expect(throws: TrainingError.self) { try trainer.step(on: data, samples: 0..<9) }
      #expect(trainer.parameters == before)
      return error
    }
    let short = try refusal(Self.update.dropLast(2), rate: 0.1)
    #expect(short?.code == .strategy)
    #expect(short?.message.contains("an update of 63 values for 65 shared parameters") == true)
    var wrong = Self.update
    wrong[64] = .nan
    let undefined = try refusal(wrong, rate: 0.1)
    #expect(undefined?.code == .strategy && undefined?.step == 0)
    #expect(undefined?.message.contains("holds nan at parameter 64") == true)
    // Finite, and not after the rate.
    wrong[64] = 1e308
    let long = try refusal(wrong, rate: 50)
    #expect(long?.code == .diverged && long?.message.contains("element 4 of trunk.1.bias") == true)
    // Finite, and not after the difference.
    wrong[64] = 1.7e308
    let trainer = try self.trainer(problem, FixedUpdate<NoGradients>(wrong), .sgd(learningRate: 0.7))
    try trainer.step(on: data, samples: 0..<9)
    let (before, error) = (
      trainer.parameters,
      #expect(throws: TrainingError.self) { try trainer.step(on: data, samples: 0..<9) }
    )
    #expect(error?.code == .diverged && error?.step == 1)
    #expect(before == trainer.parameters)
  }

  /// An update under a descriptor that does not say so.
  private struct Undeclared: WeightingStrategy {
    static let about = StrategyDescription(
      "undeclared", "undeclared", formula: "u = 0", weighs: .losses)
    func weights(for step: Step<NoGradients>) -> TaskWeights {
      TaskWeights(update: UpdateTests.update, values: step.losses.map { _ in 1 })
    }
  }

  @Test func `An update that the description does not announce is refused`() throws {
    let problem = try Self.problem()
    let strategy = Undeclared()
    let error = #expect(throws: TrainingError.self) { try problem.gradient(strategy) }
    #expect(error?.code == .strategy)
    #expect(error?.message.contains("undeclared gave an update, and its description says losses") == true)
  }

  @Test func `What cannot go with an update is refused by name`() throws {
    let problem = try Self.problem()
    func refusal<Gradients: GradientEvidence>(
      _ evidence: Gradients.Type, scope: GradientScope? = nil,
      optimizer: OptimizerSpecification = .adam(learningRate: 0.1), options: StepOptions = StepOptions()
    ) -> String {
      let error = #expect(throws: TrainingError.self) {
        try trainer(problem, FixedUpdate<Gradients>(Self.update, scope: scope), optimizer, options: options)
      }
      #expect(error?.code == .configuration)
      return error?.message ?? ""
    }
    for policy in [StepOptions.ScalePolicy.sumToTasks, .matchNorm] {
      let message = refusal(Jacobian.self, options: StepOptions(scalePolicy: policy))
      #expect(message.contains("an update") && message.contains(policy.rawValue))
    }
    #expect(refusal(Jacobian.self, options: StepOptions(clipNorm: 1)).contains("clipped"))
    #expect(refusal(Gramian.self, options: StepOptions(accumulation: 3)).contains("3 micro-batches"))
    #expect(refusal(Jacobian.self, optimizer: .kfac(learningRate: 0.1)).contains("K-FAC"))
    for scope in GradientScope.allCases where scope != .sharedParameters {
      #expect(refusal(Jacobian.self, scope: scope).contains(scope.rawValue))
      #expect(
        refusal(Jacobian.self, options: StepOptions(gradientScope: scope)).contains(scope.rawValue))
    }
  }
}
