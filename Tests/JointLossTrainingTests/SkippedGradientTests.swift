import JointLossTraining
import JointLossWeighting
import Testing

/// Steps in which the strategy will not read the task gradients: nobody takes them, and nothing else changes.
@Suite struct SkippedGradientTests {
  private static let every: [String: ParameterValue] = ["every-steps": .number(3)]
  /// The samples of an epoch lie in four batches.
  private static let batches = 4

  /// What 6 epochs amount to: mean losses and weights of each, the losses at the end, the passes.
  private struct Run {
    var numbers: [Double] = []
    let counts: PassCounts
    var conflicts: [Double?] = []

    init<Strategy: WeightingStrategy>(
      _ type: Strategy.Type, _ problem: Problem, _ parameters: [String: ParameterValue],
      _ optimizer: OptimizerSpecification, _ options: StepOptions
    ) throws {
      let data = try PreparedData<Double>(problem.data, network: problem.network)
      let trainer: Trainer<Double, Strategy> = try CheckpointTests.trainer(
        type, problem, in: Double.self, parameters: parameters, optimizer: optimizer, options: options)
      for _ in 0..<6 {
        let summary = try trainer.trainEpoch(on: data)
        numbers += summary.meanLosses + summary.meanWeights
        conflicts.append(summary.seenConflictRate)
      }
      numbers += try trainer.losses(on: data)
      counts = trainer.counts
    }

    func error(against other: Run) -> Double {
      zip(numbers, other.numbers).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) }
    }
  }

  /// Trains with and without the gradients that nobody reads; the number of steps in which they are read.
  private func expectSameTraining<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ problem: Problem, _ parameters: [String: ParameterValue] = every,
    optimizer: OptimizerSpecification = .adam(learningRate: 0.01), options: StepOptions = StepOptions(),
    reading steps: Int = 8, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let sparing = try Run(type, problem, parameters, optimizer, options)
    let attentive = try Run(Attentive<Strategy>.self, problem, parameters, optimizer, options)
    // The gradient of a step is summed in another order where the tasks' own are not formed.
    #expect(sparing.error(against: attentive) <= 1e-9, sourceLocation: sourceLocation)
    let tasks = problem.network.tasks.count
    #expect(sparing.counts.steps == 24 && sparing.counts.forward == 24, sourceLocation: sourceLocation)
    #expect(sparing.counts.backward == steps * tasks + (24 - steps), sourceLocation: sourceLocation)
    #expect(attentive.counts.backward == 24 * tasks, sourceLocation: sourceLocation)
    // Equal weights would be another run.
    let equal = try Run(EqualWeighting.self, problem, [:], optimizer, options)
    #expect(sparing.error(against: equal) > 1e-3, sourceLocation: sourceLocation)
  }

  @Test func `Losses and weights are those of a run that takes the gradients in every step`() throws {
    let problem = try CheckpointTests.problem()
    try expectSameTraining(EveryKSteps<MGDA>.self, problem)
    try expectSameTraining(EveryKSteps<GradNorm>.self, problem)
    try expectSameTraining(EveryKSteps<ExcessMTL>.self, problem)
    try expectSameTraining(NashMTL.self, problem, ["update-every": .number(5)], reading: 5)
    try expectSameTraining(Normalized<ExponentialAverage<EveryKSteps<PCGrad>>>.self, problem)
    // The rule within is asked in the steps 0, 2, 4 … and solves in every third of these.
    try expectSameTraining(
      EveryKSteps<NashMTL>.self, problem, ["every-steps": .number(2), "update-every": .number(3)], reading: 4)
  }

  @Test(arguments: GradientScope.allCases)
  func `So they are for gradients of every scope`(scope: GradientScope) throws {
    try expectSameTraining(
      EveryKSteps<MGDA>.self, CheckpointTests.problem(), options: StepOptions(gradientScope: scope))
  }

  @Test(arguments: NetworkCase.all.filter { $0.network.tasks.count > 1 })
  func `And for every layer and architecture`(_ test: NetworkCase) throws {
    try expectSameTraining(EveryKSteps<MGDA>.self, Problem(test.network, samples: 29))
  }

  @Test(arguments: [
    OptimizerSpecification.sgd(learningRate: 0.01, momentum: 0.9),
    .adamw(learningRate: 0.01, weightDecay: 0.1),
  ])
  func `And for every optimiser, with clipping and weights of a common sum`(
    optimizer: OptimizerSpecification
  ) throws {
    try expectSameTraining(
      EveryKSteps<MGDA>.self, CheckpointTests.problem(), optimizer: optimizer,
      options: StepOptions(scalePolicy: .sumToTasks, clipNorm: 0.5))
  }

  @Test func `A rule that clips to a length reads the gradients in every step`() throws {
    let run = try Run(
      NashMTL.self, CheckpointTests.problem(), ["update-every": .number(5), "max-norm": .number(1)],
      .adam(learningRate: 0.01), StepOptions())
    #expect(run.counts.backward == 24 * 3)
  }

  @Test
  func `Matched norms need the Gramian all the same: the same bits, and its conflicts are not the rule's`()
    throws
  {
    let (problem, options) = (try CheckpointTests.problem(), StepOptions(scalePolicy: .matchNorm))
    for scope in GradientScope.allCases {
      var options = options
      options.gradientScope = scope
      let adam = OptimizerSpecification.adam(learningRate: 0.01)
      let sparing = try Run(EveryKSteps<MGDA>.self, problem, Self.every, adam, options)
      let attentive = try Run(Attentive<EveryKSteps<MGDA>>.self, problem, Self.every, adam, options)
      #expect(sparing.numbers == attentive.numbers && sparing.counts == attentive.counts)
      #expect(sparing.counts.backward == 24 * 3)
      #expect(sparing.conflicts != attentive.conflicts)
    }
  }

  @Test func `A step with labels of a task that had none reads the gradients before its turn`() throws {
    // Task 0 has labels in the second half of the samples alone; the steps take the samples in their order.
    let mask = [(0..<24).map { $0 >= 12 }, (0..<24).map { _ in true }]
    let problem = try Problem(
      inputs: 4, trunk: [6], activation: .tanh, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 2)],
      samples: 24
    ).masked(mask)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer: Trainer<Double, EveryKSteps<MGDA>> = try CheckpointTests.trainer(
      EveryKSteps<MGDA>.self, problem, in: Double.self, parameters: ["every-steps": .number(4)])
    let passes = try stride(from: 0, to: 24, by: 4).map { start in
      let before = trainer.counts.backward
      try trainer.step(on: data, samples: start..<start + 4)
      return trainer.counts.backward - before
    }
    // Due are the steps 0 and 4; step 3 has the first labels of task 0.
    #expect(passes == [2, 1, 1, 2, 2, 1])
    #expect(trainer.lastWeights.allSatisfy { $0 > 0 })
  }

  @Test func `Where gradients are not read the strategy is shown zeros, not those of an earlier step`() throws
  {
    func check<Gradients: NumberedGradients>(_ gradients: Gradients.Type) throws {
      let problem = try CheckpointTests.problem()
      let data = try PreparedData<Float>(problem.data, network: problem.network)
      let trainer: Trainer<Float, GradientRecorder<Gradients>> = try CheckpointTests.trainer(
        GradientRecorder<Gradients>.self, problem)
      for _ in 0..<2 { try trainer.trainEpoch(on: data) }
      let seen = trainer.strategy.seen
      #expect(seen.count == 2 * Self.batches)
      for (step, numbers) in seen.enumerated() {
        #expect(numbers.count == seen[0].count && !numbers.isEmpty)
        #expect(numbers.contains { $0 != 0 } == step.isMultiple(of: 3), "step \(step)")
      }
    }
    try check(GradientNorms.self)
    try check(Gramian.self)
    try check(Jacobian.self)
  }

  @Test func `Conflicts are those of the steps in which the strategy saw a Gramian`() throws {
    // One batch an epoch: epochs 0 and 3 have the conflicts of their step, the others none.
    let problem = try Problem(
      inputs: 4, trunk: [6], activation: .tanh, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 2)],
      samples: 20)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer: Trainer<Double, EveryKSteps<MGDA>> = try CheckpointTests.trainer(
      EveryKSteps<MGDA>.self, problem, in: Double.self, parameters: Self.every, batchSize: 20)
    for epoch in 0..<6 {
      let gramian = try trainer.gramian(on: data, samples: 0..<20)
      let rate = try trainer.trainEpoch(on: data).seenConflictRate
      #expect(rate == (epoch.isMultiple(of: 3) ? (gramian[0, 1] < 0 ? 1 : 0) : nil))
    }
  }

  @Test func `A model of one's own runs one cotangent backward where nobody reads the tasks' own`() throws {
    let problem = try CheckpointTests.problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let model = TanhModel<Double>(inputs: 5, units: 6, tasks: problem.network.tasks)
    func train<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws -> (losses: [Double], backward: Int)
    {
      let trainer = try Trainer<Double, Strategy>(
        model: model, strategy: try Strategy(taskCount: 3, parameters: Self.every),
        optimizer: .adam(learningRate: 0.01), batchSize: 8, seed: 3)
      for _ in 0..<6 { try trainer.trainEpoch(on: data) }
      return (try trainer.losses(on: data), trainer.counts.backward)
    }
    let (sparing, attentive) = try (train(EveryKSteps<MGDA>.self), train(Attentive<EveryKSteps<MGDA>>.self))
    for (a, b) in zip(sparing.losses, attentive.losses) { #expect(abs(a - b) <= 1e-9 * b) }
    #expect(sparing.backward == 8 * 3 + 16 && attentive.backward == 24 * 3)
  }
}
