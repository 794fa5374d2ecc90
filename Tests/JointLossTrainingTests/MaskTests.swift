import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// Missing labels: a task's loss is the mean over its labelled samples, and nothing else of it exists.
@Suite struct MaskTests {
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1), (.meanSquaredError, 1),
  ]
  private static let weights = [0.3, 1.7, -0.4, 1]

  private func problem(_ activation: Activation = .tanh, tasks: [(TaskLoss, Int)] = tasks) throws -> Problem {
    try Problem(inputs: 4, trunk: [6, 5], activation: activation, tasks: tasks, samples: 11)
  }

  /// About half of the labels; every task has one.
  private func mask(tasks: Int = tasks.count, samples: Int = 11, seed: UInt64 = 3) -> [[Bool]] {
    var stream = PhiloxStream(seed: seed, purpose: "mask")
    return (0..<tasks).map { task in
      (0..<samples).map { sample in stream.index(below: 2) == 0 || sample == task }
    }
  }

  @Test(arguments: [Activation.relu, .gelu, .tanh])
  func `Gradients under masks are those of the masked losses`(activation: Activation) throws {
    let masked = try problem(activation).masked(mask())
    let differences = try masked.differences()
    let plain = try masked.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights))
    let stacked = try masked.gradient(
      ConstantWeights<Gramian, OnSharedGradient>(Self.weights))
    let norms = try masked.gradient(
      ConstantWeights<GradientNorms, OnLosses>(Self.weights, scope: .lastSharedLayer))
    #expect(differences.error(of: plain, shared: Self.weights, heads: Self.weights) <= 1e-7)
    #expect(differences.error(of: stacked, shared: Self.weights) <= 1e-7)
    #expect(differences.error(of: norms, shared: Self.weights, heads: Self.weights) <= 1e-7)
    // The check would notice a mask that is not applied.
    let whole = try problem(activation).gradient(
      ConstantWeights<NoGradients, OnLosses>(Self.weights))
    #expect(differences.error(of: whole, shared: Self.weights, heads: Self.weights) > 1e-2)
  }

  @Test func `A task's loss and gradient are those of its labelled samples alone`() throws {
    let (problem, mask) = try (problem(), mask())
    let masked = try problem.masked(mask)
    let data = try PreparedData<Double>(masked.data, network: problem.network)
    let trainer: Trainer<Double, EqualWeighting> = try masked.trainer(Problem.equal(problem.network))
    let losses = try trainer.losses(on: data)
    let gramian = try masked.gramian(in: Double.self)
    for task in Self.tasks.indices {
      let subset = try problem.keeping(mask[task].indices.filter { mask[task][$0] })
      let alone: Trainer<Double, EqualWeighting> = try subset.trainer(Problem.equal(problem.network))
      let expected = try alone.losses(on: PreparedData(subset.data, network: problem.network))[task]
      #expect(abs(losses[task] - expected) <= 1e-14 * expected)
      let square = try subset.gramian(in: Double.self)[task, task]
      #expect(abs(gramian[task, task] - square) <= 1e-12 * square)
    }
  }

  @Test func `Training with samples that have no label at all is training without them, but for the batches`()
    throws
  {
    let problem = try problem()
    let flags = (0..<11).map { !$0.isMultiple(of: 3) }
    let masked = try problem.masked(Self.tasks.map { _ in flags })
    let subset = try problem.keeping(flags.indices.filter { flags[$0] })
    func train(_ problem: Problem) throws -> [[Double]] {
      let trainer = try Trainer<Double, UncertaintyWeighting>(
        network: problem.network,
        strategy: UncertaintyWeighting(taskCount: Self.tasks.count),
        optimizer: .adam(learningRate: 0.01), batchSize: problem.data.sampleCount, seed: 5)
      let data = try PreparedData<Double>(problem.data, network: problem.network)
      // One batch an epoch, so that its order does not matter.
      return try (0..<20).map { _ in try trainer.trainEpoch(on: data).meanLosses } + [trainer.lastWeights]
    }
    for (a, b) in zip(try train(masked), try train(subset)) {
      for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-9 * abs(y)) }
    }
  }

  @Test func `A task without a label in a batch gets no weight, and no gradient but its own head's rest`()
    throws
  {
    var mask = mask()
    for sample in 0..<5 { mask[1][sample] = false }
    let masked = try problem().masked(mask)
    let data = try PreparedData<Double>(masked.data, network: masked.network)
    let trainer = try Trainer<Double, PCGrad>(
      network: masked.network, strategy: PCGrad(taskCount: 4),
      optimizer: .sgd(learningRate: 0.1), batchSize: 5, seed: 1)
    let before = trainer.parameters
    try trainer.step(on: data, samples: 0..<5)
    #expect(trainer.lastWeights[1] == 0 && trainer.lastLosses[1] == 0)
    #expect(trainer.lastWeights[0] > 0 && trainer.lastWeights[2] > 0 && trainer.lastWeights[3] > 0)
    let after = trainer.parameters
    #expect(
      after["head.1.weight"] == before["head.1.weight"] && after["head.1.bias"] == before["head.1.bias"])
    #expect(after["head.0.weight"] != before["head.0.weight"])
    // The epoch's mean of the task is over the steps in which it had labels.
    try trainer.step(on: data, samples: 5..<10)
    let later = trainer.lastLosses[1]
    #expect(try trainer.endEpoch().meanLosses[1] == later)
  }

  @Test func `A direction without a task is that of the network without it`() throws {
    func check<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws {
      func trained(_ tasks: [Int], labelled: [[Bool]]?) throws -> Trainer<Double, Strategy> {
        let whole = try problem()
        let network = try NetworkSpecification(
          inputs: 4, trunk: [6, 5], activation: .tanh, tasks: tasks.map { whole.network.tasks[$0] })
        let strategy = try Strategy(taskCount: tasks.count)
        let trainer = try Trainer<Double, Strategy>(
          network: network, strategy: strategy, optimizer: .adam(learningRate: 0.01), batchSize: 11, seed: 1)
        let data = try TaskDataset(
          inputCount: 4, inputs: whole.data.inputs, targets: tasks.map { whole.data.targets[$0] },
          labelled: labelled, tasks: network.tasks)
        let prepared = try PreparedData<Double>(data, network: network)
        for _ in 0..<4 { try trainer.step(on: prepared, samples: 0..<9) }
        return trainer
      }
      let first = try trained(
        [0, 1, 2, 3], labelled: (0..<4).map { t in (0..<11).map { t != 1 || $0 >= 9 } })
      let alone = try trained([0, 2, 3], labelled: nil)
      #expect(first.lastWeights[1] == 0)
      // The check would notice a task that is not left out.
      let whole = try trained([0, 1, 2, 3], labelled: nil)
      #expect(whole.parameters["trunk.0.weight"] != first.parameters["trunk.0.weight"])
      for (name, values) in alone.parameters where name.hasPrefix("trunk") {
        let own = try #require(first.parameters[name])
        for (a, b) in zip(own, values) { #expect(abs(a - b) <= 1e-9, "\(Strategy.about.name): \(name)") }
      }
    }
    try check(TrimmedMean.self)
    try check(DBMTL.self)
    try check(MoCo.self)
    try check(ExcessMTL.self)
    // On three parts of the batch, none of which has a label of the task.
    try check(MoDo.self)
    try check(SDMGrad.self)
  }

  /// Linear heads on the inputs, which share nothing: the head of a task is then a network of its own.
  @Test(arguments: [
    OptimizerSpecification.sgd(learningRate: 0.1, momentum: 0.9), .nesterov(learningRate: 0.1),
    .adam(learningRate: 0.1), .adamw(learningRate: 0.1, weightDecay: 0.5),
  ])
  func `For a head without labels there is no step, whatever momentum it has`(
    optimizer: OptimizerSpecification
  ) throws {
    let mask = [(0..<12).map { _ in true }, (0..<12).map { !(3..<9).contains($0) }]
    let both = try Problem(
      inputs: 4, trunk: [], activation: .identity,
      tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3)],
      samples: 12
    ).masked(mask)
    func train(_ tasks: [Int], samples: [Int]) throws -> [[String: [Double]]] {
      let network = try NetworkSpecification(
        inputs: 4, trunk: [], activation: .identity, tasks: tasks.map { both.network.tasks[$0] })
      let trainer = try Trainer<Double, EqualWeighting>(
        network: network, strategy: Problem.equal(network), optimizer: optimizer, batchSize: 3, seed: 0)
      let data = try TaskDataset(
        inputCount: 4, inputs: both.data.inputs, targets: tasks.map { both.data.targets[$0] },
        labelled: tasks.map { mask[$0] }, tasks: network.tasks)
      let prepared = try PreparedData<Double>(data, network: network)
      return try samples.map { start in
        try trainer.step(on: prepared, samples: start..<start + 3)
        return trainer.parameters
      }
    }
    // The second task has labels in the first and the last batch.
    let together = try train([0, 1], samples: [0, 3, 6, 9, 0])
    for name in ["head.1.weight", "head.1.bias"] {
      #expect(together[1][name] == together[0][name] && together[2][name] == together[0][name])
      #expect(together[3][name] != together[0][name])
    }
    let (first, second) = (
      try train([0], samples: [0, 3, 6, 9, 0]), try train([1], samples: [0, 9, 0])
    )
    for part in ["weight", "bias"] {
      let values = [("head.0.\(part)", first.last), ("head.1.\(part)", second.last)]
      for (name, alone) in values {
        let (own, due) = (together[4][name] ?? [], alone?["head.0.\(part)"] ?? [])
        #expect(own.count == due.count && !own.isEmpty)
        for (a, b) in zip(own, due) { #expect(abs(a - b) <= 1e-14) }
      }
    }
  }

  @Test(arguments: NetworkCase.all)
  func `All that serves an absent task alone stays, and all else moves`(_ test: NetworkCase) throws {
    guard test.network.tasks.count == 3 else { return }
    let mask = (0..<3).map { task in (0..<8).map { task != 1 || $0 < 4 } }
    let problem = try Problem(test.network, samples: 8).masked(mask)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    for optimizer in [OptimizerSpecification.adam(learningRate: 0.01), .kfac(learningRate: 0.001)] {
      let trainer = try Trainer<Double, GradNorm>(
        network: problem.network, strategy: GradNorm(taskCount: 3),
        optimizer: optimizer, batchSize: 4, seed: 0)
      for _ in 0..<2 { try trainer.step(on: data, samples: 0..<4) }
      let before = trainer.parameters
      try trainer.step(on: data, samples: 4..<8)
      for tensor in trainer.tensors {
        let stays = trainer.parameters[tensor.name] == before[tensor.name]
        #expect(stays == (tensor.task == 1), "\(tensor.name)")
      }
    }
  }

  @Test
  func `A batch without any label moves nothing, and a loop of one's own may have a task without a mean`()
    throws
  {
    var mask = mask()
    for task in mask.indices { for sample in 0..<4 { mask[task][sample] = false } }
    for sample in 4..<8 { mask[2][sample] = false }
    mask = mask.map { flags in flags.enumerated().map { $0.offset >= 8 || $0.element } }
    let masked = try problem().masked(mask)
    let data = try PreparedData<Double>(masked.data, network: masked.network)
    let trainer = try Trainer<Double, UncertaintyWeighting>(
      network: masked.network,
      strategy: UncertaintyWeighting(taskCount: 4),
      optimizer: .adam(learningRate: 0.1), batchSize: 4, seed: 1)
    let before = trainer.parameters
    try trainer.step(on: data, samples: 0..<4)
    #expect(trainer.parameters == before && trainer.lastWeights == [0, 0, 0, 0] && trainer.counts.steps == 1)
    #expect(throws: TrainingError.self) { try trainer.endEpoch() }
    try trainer.step(on: data, samples: 4..<8)
    let means = try trainer.endEpoch().meanLosses
    #expect(means[2].isNaN && [0, 1, 3].allSatisfy { means[$0] > 0 })
  }

  @Test func `Masks of the wrong shape, and tasks without labels, are refused with the numbers`() throws {
    let problem = try problem()
    func message(_ labelled: [[Bool]]) -> String {
      do {
        _ = try PreparedData<Float>(problem.masked(labelled).data, network: problem.network)
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(Array(mask().dropLast())) == "masks of 3 tasks for 4 tasks")
    var short = mask()
    short[2].removeLast(4)
    #expect(message(short) == "the mask of task task 2 has 7 flags for 11 samples")
    var none = mask()
    none[1] = none[1].map { _ in false }
    #expect(message(none) == "task task 1 has no label among 11 samples")
  }

  @Test func `NaN is no label, but under a mask a target is not looked at`() throws {
    let task = TaskSpecification(name: "a", loss: .meanSquaredError)
    func dataset(_ labelled: [[Bool]]?) throws -> TaskDataset {
      try TaskDataset(
        inputCount: 1, inputs: [1, 2], targets: [[.nan, 1]], labelled: labelled, tasks: [task])
    }
    #expect(throws: TrainingError.self) { try dataset(nil) }
    #expect(throws: TrainingError.self) { try dataset([[true, false]]) }
    #expect(try dataset([[false, true]]).targets == [[0, 1]])
    // A mask that masks nothing is none.
    let whole = try TaskDataset(
      inputCount: 1, inputs: [1, 2], targets: [[0, 1]], labelled: [[true, true]], tasks: [task])
    #expect(whole.labelled == nil)
  }
}
