import JointLossTraining
import JointLossWeighting
import Testing

/// Everything that a user can get wrong, and everything that can go wrong in a run.
@Suite struct TrainingErrorTests {
  private static let task = TaskSpecification(name: "a", loss: .meanSquaredError)

  private func network(
    inputs: Int = 2, trunk: [Int] = [3], tasks: [TaskSpecification] = [task]
  ) throws(TrainingError) -> NetworkSpecification {
    try NetworkSpecification(inputs: inputs, trunk: trunk, activation: .relu, tasks: tasks)
  }

  private func message(_ code: TrainingError.Code, _ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was thrown"
    } catch let error as TrainingError {
      return error.code == code ? error.message : "the code is \(error.code): \(error.message)"
    } catch {
      return "another error: \(error)"
    }
  }

  @Test func `Networks that cannot be`() {
    let softmax = TaskSpecification(name: "digits", loss: .softmaxCrossEntropy, outputs: 1)
    #expect(message(.configuration) { _ = try network(tasks: []) }.contains("at least one task"))
    #expect(message(.configuration) { _ = try network(inputs: 0) }.contains("at least one input, not 0"))
    #expect(message(.configuration) { _ = try network(trunk: [3, 0]) }.contains("layer 1"))
    #expect(
      message(.configuration) { _ = try network(tasks: [softmax]) }.contains("at least 2 outputs, not 1"))
    #expect(message(.configuration) { _ = try network(tasks: [Self.task, Self.task]) }.contains("“a”"))
    for (name, quoted) in [("", "“”"), ("a\u{1B}[2J", "“a\\u{1B}[2J”"), ("a\u{202E}", "“a\\u{202E}”")] {
      let task = TaskSpecification(name: name, loss: .meanSquaredError)
      let refusal = message(.configuration) { _ = try network(tasks: [task]) }
      #expect(refusal.hasPrefix("the name of a task is") && refusal.hasSuffix("not \(quoted)"), "\(refusal)")
    }
    #expect(message(.configuration) { _ = try network(trunk: [1 << 40]) }.contains("2^31"))
    let huge = TaskSpecification(name: "b", loss: .meanSquaredError, outputs: .max)
    #expect(message(.configuration) { _ = try network(tasks: [huge, Self.task]) }.contains("2^31"))
  }

  @Test(arguments: [
    (
      Architecture.mixtureOfExperts(experts: 0), BlockSpecification.plain, [3],
      "1 to 4096 shared experts, not 0"
    ),
    (.customizedGateControl(sharedExperts: 1, taskExperts: -1), .plain, [3], "experts a task, not -1"),
    (.progressiveExtraction(levels: 0, sharedExperts: 1, taskExperts: 1), .plain, [3], "levels, not 0"),
    (.progressiveExtraction(levels: 99, sharedExperts: 99, taskExperts: 1), .plain, [3], "99 levels of 99"),
    (.crossStitch, .plain, [], "the trunk, and it has none"),
    (.hardSharing, BlockSpecification(dropout: 1), [3], "a dropout rate is in [0, 1), not 1.0"),
    (.hardSharing, BlockSpecification(dropout: .nan), [3], "a dropout rate is in [0, 1), not nan"),
    (.hardSharing, BlockSpecification(layerNorm: true), [], "the trunk has none"),
    (.hardSharing, BlockSpecification(residual: true), [3, 4], "as wide as its input"),
  ])
  func `Architectures and blocks that cannot be`(
    architecture: Architecture, block: BlockSpecification, trunk: [Int], text: String
  ) {
    let found = message(.configuration) {
      _ = try NetworkSpecification(
        inputs: 2, architecture: architecture, trunk: trunk, activation: .relu, block: block,
        tasks: [Self.task])
    }
    #expect(found.contains(text), "\(found)")
  }

  @Test(arguments: [
    OptimizerSpecification.sgd(learningRate: 0), .sgd(learningRate: .nan), .sgd(learningRate: -1),
    .sgd(learningRate: 1, momentum: 1), .adam(learningRate: .infinity), .adam(learningRate: 1, beta1: 1),
    .adam(learningRate: 1, beta2: -0.1), .adam(learningRate: 1, epsilon: 0),
    .nesterov(learningRate: 1, momentum: -0.1), .adamw(learningRate: 1, weightDecay: 1),
    .adamw(learningRate: 1, beta1: 1), .kfac(learningRate: 1, damping: 0), .kfac(learningRate: 1, decay: 1),
    .kfac(learningRate: 1, momentum: 1), .kfac(learningRate: 1, interval: 0),
  ])
  func `Optimisers that cannot be`(optimizer: OptimizerSpecification) {
    let text = message(.configuration) {
      let network = try network()
      _ = try Trainer<Double, EqualWeighting>(
        network: network, strategy: Problem.equal(network), optimizer: optimizer, batchSize: 1, seed: 0)
    }
    #expect(text.contains("the optimiser needs"))
  }

  @Test func `Constants that make no sense once they are rounded to the scalars of the training`() throws {
    let network = try network()
    func found<Scalar: TrainableScalar>(_ optimizer: OptimizerSpecification, in scalar: Scalar.Type) -> String
    {
      message(.configuration) {
        _ = try Trainer<Scalar, EqualWeighting>(
          network: network, strategy: Problem.equal(network), optimizer: optimizer, batchSize: 1, seed: 0)
      }
    }
    let cases: [(OptimizerSpecification, String)] = [
      (.sgd(learningRate: 1e-50), "in Float, the optimiser needs a learning rate > 0, not 0.0"),
      (.kfac(learningRate: 1e50), "in Float, the optimiser needs a learning rate > 0, not inf"),
      (
        .nesterov(learningRate: 1, momentum: 1 - 1e-12),
        "in Float, the optimiser needs a momentum in [0, 1), not 1.0"
      ),
      (.adam(learningRate: 1, beta2: 1 - 1e-12), "in Float, the optimiser needs β2 in [0, 1), not 1.0"),
      (
        .adamw(learningRate: 1, epsilon: 1e-60, weightDecay: 0),
        "in Float, the optimiser needs ε > 0, not 0.0"
      ),
    ]
    for (optimizer, message) in cases {
      #expect(found(optimizer, in: Float.self) == message)
      #expect(found(optimizer, in: Double.self) == "nothing was thrown")
    }
  }

  @Test func `A network beyond the memory of any machine is refused with the bytes, not tried`() throws {
    let wide = try network(trunk: [Int](repeating: 46_000, count: 50))
    let text = message(.configuration) {
      _ = try Trainer<Float, EqualWeighting>(
        network: wide, strategy: Problem.equal(wide), optimizer: .sgd(learningRate: 1), batchSize: 1, seed: 0)
    }
    // 49 · 46000² weights between layers, 3 · 46000 at the ends, 50 · 46000 + 1 biases; thrice, in 4 bytes.
    let parameters = 49 * 46_000 * 46_000 + 3 * 46_000 + 50 * 46_000 + 1
    #expect(
      text.hasPrefix("a network of \(parameters) parameters on batches of 1 samples needs at least 1244.3 GB")
    )
  }

  private func trainer<Strategy: WeightingStrategy>(
    _ strategy: Strategy, trunk: [Int] = [3], batchSize: Int = 4, learningRate: Double = 0.1
  ) throws -> Trainer<Double, Strategy> {
    try Trainer(
      network: network(trunk: trunk), strategy: strategy, optimizer: .sgd(learningRate: learningRate),
      batchSize: batchSize, seed: 0)
  }

  @Test func `A batch of nothing, and gradients of nothing`() {
    let losses = ConstantWeights<NoGradients, OnLosses>([1])
    let gramian = ConstantWeights<Gramian, OnLosses>([1])
    let norms = ConstantWeights<GradientNorms, OnLosses>([1], scope: .lastSharedLayer)
    #expect(message(.configuration) { _ = try trainer(losses, batchSize: 0) }.contains("not 0 samples"))
    #expect(message(.configuration) { _ = try trainer(gramian, trunk: []) }.contains("share none"))
    #expect(message(.configuration) { _ = try trainer(norms, trunk: []) }.contains("share none"))
    let text = message(.configuration) {
      _ = try trainer(losses, trunk: []).gramian(on: data(network(trunk: [])), samples: 0..<2)
    }
    #expect(text.contains("have no Gramian"))
  }

  private func data<Scalar: TrainableScalar>(
    _ network: NetworkSpecification, inputs: [Double] = [1, 2, 3, 4], targets: [[Double]] = [[1, 2]]
  ) throws -> PreparedData<Scalar> {
    try PreparedData(
      TaskDataset(inputCount: 2, inputs: inputs, targets: targets, tasks: network.tasks), network: network)
  }

  @Test func `Data that do not fit the network`() throws {
    let (plain, wider) = try (network(), network(inputs: 3))
    let labels = TaskSpecification(name: "a", loss: .softmaxCrossEntropy, outputs: 3)
    let fewer = try network(tasks: [TaskSpecification(name: "a", loss: .softmaxCrossEntropy, outputs: 2)])
    let set = try TaskDataset(inputCount: 2, inputs: [1, 2, 3, 4], targets: [[1, 2]], tasks: [labels])
    let other = TaskSpecification(name: "b", loss: .meanSquaredError)
    let two = try network(tasks: [Self.task, other])
    let empty = try TaskDataset(inputCount: 2, inputs: [], targets: [[]], tasks: [Self.task])
    #expect(message(.shape) { _ = try PreparedData<Float>(set, network: wider) }.contains("3 inputs"))
    #expect(message(.shape) { _ = try PreparedData<Float>(set, network: two) }.contains("2 tasks"))
    #expect(message(.shape) { _ = try PreparedData<Float>(empty, network: plain) }.contains("no sample"))
    // A label that is no class of a smaller head must not be read as an index.
    #expect(message(.nonFinite) { _ = try PreparedData<Float>(set, network: fewer) }.contains("target 1"))
    let large = message(.nonFinite) {
      let _: PreparedData<Float> = try data(plain, inputs: [1, 1e300, 3, 4])
    }
    #expect(large.contains("input 1 of sample 0"))
    #expect(
      message(.shape) {
        try trainer(ConstantWeights<NoGradients, OnLosses>([1])).step(
          on: data(wider.tasks.isEmpty ? wider : two, targets: [[1, 2], [1, 2]]), samples: 0..<1)
      }
      .contains("another network"))
  }

  @Test func `Batches and parameters that do not fit`() throws {
    let (trainer, data): (_, PreparedData<Double>) = try (
      trainer(ConstantWeights<NoGradients, OnLosses>([1]), batchSize: 1), data(network())
    )
    #expect(message(.shape) { try trainer.step(on: data, samples: 0..<0) }.contains("make no batch"))
    #expect(message(.shape) { try trainer.step(on: data, samples: 1..<3) }.contains("1..<3 of 2"))
    #expect(message(.shape) { try trainer.step(on: data, samples: 0..<2) }.contains("at most 1"))
    #expect(message(.configuration) { try trainer.endEpoch() }.contains("without a step"))
    var parameters = trainer.parameters
    parameters["head.0.bias"] = [1, 2]
    #expect(message(.shape) { try trainer.setParameters(parameters) }.contains("1×1 parameter head.0.bias"))
    parameters["head.0.bias"] = [.nan]
    #expect(message(.nonFinite) { try trainer.setParameters(parameters) }.contains("cannot hold nan"))
    parameters["head.0.bias"] = nil
    #expect(message(.shape) { try trainer.setParameters(parameters) }.contains("head.0.bias"))
    parameters["head.0.bias"] = [1]
    parameters["head.7.bias"] = [1]
    #expect(message(.shape) { try trainer.setParameters(parameters) }.contains("no parameter head.7.bias"))
  }

  // MARK: In a run

  private func failure<Strategy: WeightingStrategy>(
    _ strategy: Strategy, learningRate: Double = 0.1, steps: Int = 200
  ) throws -> TrainingError? {
    let trainer = try trainer(strategy, learningRate: learningRate)
    let data: PreparedData<Double> = try data(network())
    do {
      for _ in 0..<steps { try trainer.step(on: data, samples: 0..<2) }
      return nil
    } catch {
      #expect(trainer.counts.steps == error.step)
      return error
    }
  }

  @Test func `A run that explodes has diverged, at a step and a task`() throws {
    let error = try #require(
      try failure(ConstantWeights<NoGradients, OnLosses>([1]), learningRate: 1e6))
    #expect(error.code == .diverged && (error.step ?? 0) > 0)
    let overflow = try #require(
      try failure(ConstantWeights<NoGradients, OnLosses>([1e308]), learningRate: 1e6))
    #expect(overflow.code == .diverged && overflow.step == 0 && overflow.message.contains("parameter"))
  }

  @Test func `Gradients whose squares overflow do not stop Adam without a word`() throws {
    let network = try NetworkSpecification(inputs: 2, trunk: [3], activation: .identity, tasks: [Self.task])
    let trainer = try Trainer<Float, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: .adam(learningRate: 1e9), batchSize: 2,
      seed: 0)
    let data: PreparedData<Float> = try data(network)
    let text = message(.diverged) {
      for _ in 0..<20 { try trainer.step(on: data, samples: 0..<2) }
    }
    #expect(text.contains("the update of a parameter is not finite"))
    #expect(trainer.parameters.values.joined().allSatisfy { $0.isFinite })
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `A weight that is not finite is the strategy's fault`(weight: Double) throws {
    let error = try failure(ConstantWeights<NoGradients, OnLosses>([weight]))
    #expect(error?.code == .strategy && error?.task == 0 && error?.step == 0)
  }

  /// A solver's certificate, and the words about it in the message; nil where nothing is wrong.
  private static let certificates: [(certificate: SolverCertificate, words: String?)] = [
    (SolverCertificate(iterations: 1, residual: .nan), "the residual nan"),
    (SolverCertificate(iterations: 1, residual: .infinity), "the residual inf"),
    (SolverCertificate(iterations: 1, residual: -.infinity), "the residual -inf"),
    (SolverCertificate(iterations: 1, residual: 0, ridge: .nan), "the ridge nan"),
    (SolverCertificate(iterations: 1, residual: 0, ridge: .infinity), "the ridge inf"),
    (SolverCertificate(iterations: -3, residual: 0), "-3 iterations"),
    (SolverCertificate(iterations: .max, residual: 0.5, ridge: 1e300), nil),
  ]

  @Test(arguments: certificates)
  func `A certificate that no record could hold fails at its step`(
    certificate: SolverCertificate, words: String?
  ) throws {
    let error = try failure(
      ConstantWeights<NoGradients, OnLosses>([1], certificate: certificate))
    guard let words else { return #expect(error == nil) }
    #expect(error?.code == .strategy && error?.step == 0)
    #expect(error?.message == "constant gave a solver's certificate with \(words)")
  }

  @Test func `A strategy without an answer, or with too many, fails at its step`() throws {
    let many = try failure(ConstantWeights<NoGradients, OnLosses>([1, 1]))
    #expect(many?.code == .strategy && many?.message.contains("2 weights for 1 tasks") == true)
    let solver = try failure(Refusing(code: .solver, after: 3))
    #expect(
      solver?.code == .strategy && solver?.step == 3
        && solver?.message.hasPrefix("no answer (task 0 is ") == true)
    let infinite = try failure(Refusing(code: .nonFinite, after: 3))
    #expect(infinite?.code == .strategy && infinite?.step == 3 && infinite?.task == 0)
  }

  /// Gives weights of 1 for a while.
  private struct Refusing: WeightingStrategy {
    enum Reason: String, Codable { case solver, nonFinite }

    static let about = StrategyDescription(
      "refusing", "refusing", formula: "none", weighs: .losses)
    private var code = Reason.solver
    private var left = 0

    init() {}
    init(code: Reason, after steps: Int) { (self.code, left) = (code, steps) }

    mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
      guard left > 0 else {
        throw WeightingError(code == .solver ? .solver : .nonFinite, "no answer", task: 0)
      }
      left -= 1
      return TaskWeights([1])
    }
  }
}
