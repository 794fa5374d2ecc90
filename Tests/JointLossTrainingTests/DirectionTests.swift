import JointLossTraining
import JointLossWeighting
import Testing

/// Rules that look at the task gradients themselves, on one batch or three, and give the shared gradient.
@Suite struct DirectionTests {
  private static let losses: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]
  private static let weights = [0.3, 1.7, -0.4]
  private static let heads = [2, 0.5, 1.0]

  private static func problem(_ activation: Activation = .tanh, samples: Int = 9) throws -> Problem {
    try Problem(inputs: 4, trunk: [6, 5], activation: activation, tasks: losses, samples: samples)
  }

  private static func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  // MARK: One batch

  @Test(arguments: Activation.allCases)
  func `The shared parameters follow the direction, the heads their own losses`(activation: Activation) throws
  {
    let problem = try Self.problem(activation)
    let differences = try problem.differences()
    let plain = try problem.gradient(FixedCombination(Self.weights))
    #expect(differences.error(of: plain, shared: Self.weights) <= 1e-7)
    let weighted = try problem.gradient(FixedCombination(Self.weights, headWeights: Self.heads))
    #expect(differences.error(of: weighted, shared: Self.weights, heads: Self.heads) <= 1e-7)
    // The options of a step hold for directions too.
    let unit = try problem.gradient(
      FixedCombination(Self.weights, headWeights: Self.heads), options: StepOptions(headPolicy: .unit))
    #expect(differences.error(of: unit, shared: Self.weights) <= 1e-7)
  }

  @Test func `In every architecture the rows are the task gradients, in the order of the tensors`() throws {
    for network in NetworkCase.all.map(\.network) {
      let problem = try Problem(network, samples: 9)
      guard problem.tensors.contains(where: { $0.task == nil }) else { continue }
      let ones = network.tasks.map { _ in 1.0 }
      let jacobian = try #require(try problem.stepped(FixedCombination(ones)).jacobian)
      for (task, row) in try problem.jacobianRows().enumerated() {
        let got = Array(jacobian.elements[task * row.count..<(task + 1) * row.count])
        let largest = row.reduce(0) { max($0, abs($1)) }
        #expect(Self.largestDifference(got, row) <= 1e-12 * largest, "\(problem), task \(task)")
      }
    }
  }

  @Test func `A direction takes T backward passes, and nothing more forward`() throws {
    let problem = try Self.problem()
    let trainer: Trainer<Double, FixedCombination> = try problem.trainer(FixedCombination(Self.weights))
    try trainer.step(on: PreparedData(problem.data, network: problem.network), samples: 0..<9)
    #expect(trainer.counts.forward == 1 && trainer.counts.backward == 3)
    #expect(trainer.lastWeights == Self.weights)
  }

  @Test func `A direction of another length is refused, and no parameter moves`() throws {
    let problem = try Self.problem()
    var strategy = FixedCombination(Self.weights)
    strategy.shortfall = 2
    let trainer: Trainer<Double, FixedCombination> = try problem.trainer(strategy)
    let before = trainer.parameters
    let error = #expect(throws: TrainingError.self) {
      try trainer.step(on: PreparedData(problem.data, network: problem.network), samples: 0..<9)
    }
    // 4·6 + 6 + 6·5 + 5 shared parameters.
    #expect(error?.code == .strategy && error?.message.contains("63 values for 65") == true)
    #expect(trainer.parameters == before)
  }

  @Test func `What cannot go with a direction is refused by name`() throws {
    let problem = try Self.problem()
    func refusal(
      _ strategy: FixedCombination = FixedCombination(Self.weights),
      optimizer: OptimizerSpecification = .sgd(learningRate: 1), options: StepOptions = StepOptions()
    ) -> TrainingError? {
      #expect(throws: TrainingError.self) {
        try Trainer<Double, FixedCombination>(
          network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: 9, seed: 0,
          options: options)
      }
    }
    for policy in [StepOptions.ScalePolicy.sumToTasks, .matchNorm] {
      let error = refusal(options: StepOptions(scalePolicy: policy))
      #expect(error?.code == .configuration && error?.message.contains(policy.rawValue) == true)
    }
    let curved = refusal(optimizer: .kfac(learningRate: 0.1))
    #expect(curved?.code == .configuration && curved?.message.contains("K-FAC") == true)
    let scoped = refusal(FixedCombination(Self.weights, scope: .lastSharedLayer))
    #expect(scoped?.code == .configuration && scoped?.message.contains("last-shared-layer") == true)
  }

  // MARK: Three batches

  @Test func `A batch is split in three, and the heads follow all of it`() throws {
    let problem = try Self.problem(samples: 11)
    let parts = [Array(0..<3), Array(3..<7), Array(7..<11)]
    let recorder = try problem.stepped(BatchRecorder())
    #expect(recorder.jacobians.count == 3)
    for (jacobian, part) in zip(recorder.jacobians, parts) {
      let rows = try problem.keeping(part).jacobianRows().flatMap { $0 }
      #expect(Self.largestDifference(jacobian.elements, rows) <= 1e-12)
    }
    let gradient = try problem.gradient(BatchRecorder())
    let equal = try problem.gradient(Problem.equal(problem.network))
    let last = try problem.keeping(parts[2]).gradient(Problem.equal(problem.network))
    for tensor in problem.tensors {
      let expected = try #require((tensor.task == nil ? last : equal)[tensor.name])
      #expect(
        Self.largestDifference(try #require(gradient[tensor.name]), expected) <= 1e-12, "\(tensor.name)")
    }
  }

  @Test func `Losses, steps and order are those of any other strategy; the passes are counted`() throws {
    let problem = try Self.problem(samples: 23)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let equal = try Trainer<Double, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network),
      optimizer: .sgd(learningRate: 1e-300),
      batchSize: 7, seed: 3)
    let split = try Trainer<Double, BatchRecorder>(
      network: problem.network, strategy: BatchRecorder(), optimizer: .sgd(learningRate: 1e-300),
      batchSize: 7,
      seed: 3)
    for _ in 0..<3 {
      let (one, other) = (try equal.trainEpoch(on: data), try split.trainEpoch(on: data))
      #expect(Self.largestDifference(one.meanLosses, other.meanLosses) <= 1e-13)
      // The last batch, of two samples, serves as each of the three.
      #expect(Self.largestDifference(equal.lastLosses, split.lastLosses) <= 1e-13)
    }
    #expect(split.counts.steps == equal.counts.steps && split.counts.samples == equal.counts.samples)
    #expect(split.counts.forward == 3 * split.counts.steps)
    #expect(split.counts.backward == 9 * split.counts.steps)
    let last = split.strategy.jacobians
    #expect(last[0] == last[1] && last[1] == last[2])
  }

  @Test func `A batch of two, and a part without labels, are refused`() throws {
    let problem = try Self.problem()
    let small = #expect(throws: TrainingError.self) {
      try Trainer<Double, BatchRecorder>(
        network: problem.network, strategy: BatchRecorder(), optimizer: .sgd(learningRate: 1), batchSize: 2,
        seed: 0)
    }
    #expect(small?.code == .configuration && small?.message.contains("batch-recorder") == true)
    let all = [Bool](repeating: true, count: 9)
    let masked = try problem.masked([all, all, all.indices.map { $0 < 2 }])
    let unlabelled = #expect(throws: TrainingError.self) { try masked.stepped(BatchRecorder()) }
    #expect(unlabelled?.code == .strategy && unlabelled?.task == 2)
    #expect(
      unlabelled?.message
        == "batch-recorder needs labels of task task 2 in each of the 3 parts of a batch, or in none, and no "
        + "division of these 9 samples gives them: 2 have a label of it")
  }

  /// The parts are those of the samples in this order, found by hand.
  @Test(
    arguments: [
      // The third part lacks the last task: it gets the first sample that has it, and so do the others.
      ([nil, nil, [0, 1, 2]], [0, 3, 4, 1, 5, 6, 2, 7, 8]),
      // Nothing is lacking: nothing moves.
      ([nil, nil, [2, 3, 8]], Array(0..<9)),
      // Two rare tasks with a sample in common: it is enough for one part.
      ([[0, 1, 2], [2, 3, 4], nil], [2, 5, 6, 0, 3, 7, 1, 4, 8]),
      // Three rare tasks, two to a sample: whoever takes the first that fits finds no end, and has to go back.
      ([[0, 1, 2], [0, 3, 4], [1, 3, 5]], [0, 5, 6, 1, 4, 7, 2, 3, 8]),
      // A task without labels is lacking nowhere.
      ([nil, [0, 1, 2, 3], []], [0, 3, 4, 1, 5, 6, 2, 7, 8]),
    ] as [([[Int]?], [Int])])
  func `Samples change places so that every part has the labels of the batch`(
    labelled: [[Int]?], order: [Int]
  ) throws {
    let whole = try Problem(
      inputs: 4, trunk: [6, 5], activation: .tanh, tasks: Self.losses, samples: 12)
    // Samples beyond the batch: every task needs a label somewhere.
    let masked = try whole.masked(
      labelled.map { labels in (0..<12).map { $0 >= 9 || labels?.contains($0) ?? true } })
    let trainer = try Trainer<Double, BatchRecorder>(
      network: masked.network, strategy: BatchRecorder(), optimizer: .sgd(learningRate: 1e-300), batchSize: 9,
      seed: 0)
    try trainer.setParameters(masked.parameters)
    try trainer.step(on: PreparedData(masked.data, network: masked.network), samples: 0..<9)
    let jacobians = trainer.strategy.jacobians
    try #require(jacobians.count == 3)
    for part in 0..<3 {
      let samples = Set(order[3 * part..<3 * part + 3])
      // Samples without any label leave no trace.
      let seen = (0..<9).filter { sample in labelled.contains { $0?.contains(sample) ?? true } }
      let found = try sortedParts(of: masked, jacobians[part])
      #expect(
        found.intersection(seen) == samples.intersection(seen), "part \(part): \(found), not \(samples)")
      for labels in labelled.compactMap({ $0 }) where !labels.isEmpty {
        #expect(!samples.isDisjoint(with: labels))
      }
    }
  }

  /// The three samples of nine whose task gradients are these.
  private func sortedParts(of problem: Problem, _ jacobian: Jacobian) throws -> Set<Int> {
    for a in 0..<9 {
      for b in a + 1..<9 {
        for c in b + 1..<9 {
          let trainer = try Trainer<Double, FixedCombination>(
            network: problem.network, strategy: FixedCombination([1, 1, 1]),
            optimizer: .sgd(learningRate: 1e-300),
            batchSize: 3, seed: 0)
          try trainer.setParameters(problem.parameters)
          let data = try PreparedData<Double>(
            problem.picking([a, b, c, 9, 10, 11]).data, network: problem.network)
          try trainer.step(on: data, samples: 0..<3)
          let elements = try #require(trainer.strategy.jacobian).elements
          if Self.largestDifference(elements, jacobian.elements) <= 1e-12 { return [a, b, c] }
        }
      }
    }
    return []
  }

  @Test func `Rules of three batches train on labels that are rare`() throws {
    let problem = try Problem(inputs: 4, trunk: [6, 5], activation: .tanh, tasks: Self.losses, samples: 36)
    let masked = try problem.masked(
      [36, 12, 9].map { count in (0..<36).map { $0 * 7 % 36 < count } })
    let data = try PreparedData<Double>(masked.data, network: masked.network)
    for name in ["modo", "sdmgrad"] {
      func epochs(_ seed: UInt64) throws -> [[Double]] {
        let trainer = try masked.network.makeTrainer(
          in: Double.self, strategy: StrategyRegistry.builtIn.make(name, taskCount: 3),
          optimizer: .sgd(learningRate: 0.05), batchSize: 36, seed: seed)
        return try (0..<20).map { _ in try trainer.trainEpoch(on: data).meanLosses }
      }
      let first = try epochs(3)
      #expect(try epochs(3) == first)
      let (begin, end) = (first[0].reduce(0, +), first[19].reduce(0, +))
      #expect(end < begin, "\(name): \(begin) → \(end)")
    }
  }

  // MARK: After the step

  @Test(arguments: [1, 4])
  func `The losses after a step are those of its batch at the new parameters`(parts: Int) throws {
    let problem = try Self.problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer = try Trainer<Double, AfterStepRecorder>(
      network: problem.network, strategy: AfterStepRecorder(), optimizer: .sgd(learningRate: 0.1),
      batchSize: 9,
      seed: 0, options: StepOptions(accumulation: parts))
    try trainer.setParameters(problem.parameters)
    for step in 0..<3 {
      try trainer.step(on: data, samples: 0..<9)
      #expect(
        Self.largestDifference(trainer.strategy.after[step], try trainer.losses(on: data)) <= 1e-13)
      #expect(trainer.strategy.after[step] != trainer.strategy.before[step])
      if step > 0 { #expect(trainer.strategy.before[step] == trainer.strategy.after[step - 1]) }
    }
    // Parts run twice before the step, but for the last, and once after it.
    #expect(trainer.counts.forward == 3 * (parts == 1 ? 2 : 3 * 3 - 1) && trainer.lastLosses.count == 3)
  }

  @Test func `FAMO in the trainer is FAMO by hand`() throws {
    let problem = try Self.problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer: Trainer<Double, FAMO> = try problem.trainer(FAMO(taskCount: 3))
    try trainer.setLearningRate(0.05)
    var byHand = try Weigher<FAMO>(taskCount: 3)
    for _ in 0..<10 {
      let weights = try byHand.weights(observing: StepObservation(losses: trainer.losses(on: data)))
      try trainer.step(on: data, samples: 0..<9)
      byHand.stepEnded(lossesAfter: try trainer.losses(on: data))
      #expect(Self.largestDifference(trainer.lastWeights, weights.values) <= 1e-12)
    }
    #expect(trainer.counts.forward == 20 && trainer.counts.backward == 10)
  }
}
