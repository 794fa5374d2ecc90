import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// A model of the reader's own under the strategies of the registry.
@Suite struct ModelTests {
  private static let tasks = [
    TaskSpecification(name: "a", loss: .meanSquaredError, outputs: 2),
    TaskSpecification(name: "b", loss: .softmaxCrossEntropy, outputs: 3),
    TaskSpecification(name: "c", loss: .binaryCrossEntropy),
  ]
  private static let model = TanhModel<Double>(inputs: 4, units: 6, tasks: tasks)
  private static let strategies: [(String, [String: ParameterValue])] = [
    ("equal", [:]), ("uncertainty", [:]), ("dwa", [:]), ("pcgrad", ["order": .text("ascending")]),
    ("gradnorm", ["scope": .text("last-shared-layer")]), ("gradnorm", ["scope": .text("shared-parameters")]),
  ]

  private func problem() throws -> Problem {
    try Problem(
      NetworkSpecification(inputs: 4, trunk: [6], activation: .tanh, tasks: Self.tasks), samples: 23)
  }

  private func training<Strategy: WeightingStrategy>(
    _ trainer: Trainer<Double, Strategy>, _ data: PreparedData<Double>, from problem: Problem
  ) throws -> (losses: [[Double]], parameters: [String: [Double]]) {
    try trainer.setParameters(problem.parameters)
    let losses = try (0..<3).map { _ in try trainer.trainEpoch(on: data).meanLosses }
    return (losses, trainer.parameters)
  }

  @Test(arguments: strategies.indices)
  func `It trains as the same network of this package does`(index: Int) throws {
    let (name, parameters) = Self.strategies[index]
    let problem = try problem()
    func compare<Strategy: WeightingStrategy>(_ strategy: Strategy) throws {
      let optimizer = OptimizerSpecification.adam(learningRate: 1e-2)
      let mine = try training(
        Trainer(model: Self.model, strategy: strategy, optimizer: optimizer, batchSize: 10, seed: 3),
        PreparedData(problem.data, model: Self.model), from: problem)
      let theirs = try training(
        Trainer(network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: 10, seed: 3),
        PreparedData(problem.data, network: problem.network), from: problem)
      for (a, b) in zip(mine.losses.joined(), theirs.losses.joined()) {
        #expect(abs(a - b) <= 1e-10 * abs(b))
      }
      for (name, values) in theirs.parameters {
        for (a, b) in zip(mine.parameters[name] ?? [], values) { #expect(abs(a - b) <= 1e-10, "\(name)") }
      }
      #expect(mine.losses[2] != mine.losses[0])
    }
    try compare(
      StrategyRegistry.builtIn.make(name, taskCount: Self.tasks.count, parameters: parameters))
  }

  @Test func `Its gradients are those of central differences`() throws {
    let (problem, weights) = (try problem(), [0.3, 1.7, -0.4])
    let differences = try problem.differences()
    func check(_ application: TaskWeights.Application, _ strategy: some WeightingStrategy) throws {
      let trainer = try Trainer(
        model: Self.model, strategy: strategy, optimizer: .sgd(learningRate: 1), batchSize: 23, seed: 0)
      try trainer.setParameters(problem.parameters)
      try trainer.step(on: PreparedData(problem.data, model: Self.model), samples: 0..<23)
      let gradient = problem.parameters.merging(trainer.parameters) { zip($0, $1).map { $0 - $1 } }
      let heads = application == .losses ? weights : nil
      #expect(differences.error(of: gradient, shared: weights, heads: heads) <= 1e-7)
      let wrong = heads == nil ? weights : [1, 1, 1]
      #expect(differences.error(of: gradient, shared: weights, heads: wrong) > 1e-3)
    }
    for application in [TaskWeights.Application.losses, .sharedGradient] {
      try check(application, constantWeights(NoGradients.self, weights, appliesTo: application))
      try check(application, constantWeights(Gramian.self, weights, appliesTo: application))
      for scope in GradientScope.onParameters {
        try check(
          application, constantWeights(GradientNorms.self, weights, appliesTo: application, scope: scope))
      }
    }
  }

  /// Says of itself what a test puts into it, and computes nothing.
  private struct Hollow: MultiTaskModel {
    var inputs = 1
    var tasks = [TaskSpecification(name: "only", loss: .meanSquaredError)]
    var tensors: [ParameterTensor]

    func initialise(_ values: (Int) -> MatrixView<Double>, seed: UInt64) {}
    func forward(_ pass: ModelPass<Double>) {}
    func backward(_ pass: ModelPass<Double>) {}
  }

  @Test func `Models that cannot be`() {
    let own = ParameterTensor("w", columns: 2, task: 0)
    func failure(
      _ tensors: [ParameterTensor], _ strategy: some WeightingStrategy, tasks names: [String] = ["only"]
    ) -> String {
      let tasks = names.map { TaskSpecification(name: $0, loss: .meanSquaredError) }
      do {
        _ = try Trainer(
          model: Hollow(tasks: tasks, tensors: tensors), strategy: strategy, optimizer: .sgd(learningRate: 1),
          batchSize: 1,
          seed: 0)
        return "nothing was thrown"
      } catch {
        return "\(error.code): \(error.message)"
      }
    }
    let losses = ConstantWeights<NoGradients, OnLosses>([1])
    #expect(failure([own], losses) == "nothing was thrown")
    #expect(failure([], losses).hasPrefix("model: a model has inputs, tasks and parameters, not 1, 1 and 0"))
    #expect(failure([own], losses, tasks: ["a", "a"]) == "model: two tasks are named “a”")
    #expect(failure([own], losses, tasks: ["a\nb"]).hasSuffix("in printable characters, not “a\\nb”"))
    #expect(failure([own, own], losses) == "model: two tensors of the model are named “w”")
    for (name, quoted) in [
      ("", ""), ("a\nb", "a\\nb"), ("a\u{202E}b", "a\\u{202E}b"), ("\u{1B}[2J", "\\u{1B}[2J"),
    ] {
      #expect(
        failure([ParameterTensor(name, columns: 1)], losses)
          == "model: the name of a tensor is a text of one line in printable characters, not “\(quoted)”")
    }
    for name in ["__metadata__", "optimizer.first.w"] {
      #expect(
        failure([ParameterTensor(name, columns: 1)], losses)
          == "model: no tensor of the model can be named “\(name)”: a checkpoint has other values of that name"
      )
    }
    #expect(
      failure([ParameterTensor("w", columns: 0)], losses) == "model: the tensor w cannot be 1×0")
    #expect(
      failure([ParameterTensor("w", columns: 1, task: 1)], losses)
        == "model: the tensor w belongs to task 1, and the model has 1")
    let gramian = ConstantWeights<Gramian, OnLosses>([1])
    #expect(failure([own], gramian).hasPrefix("configuration: constant reads gramian on shared parameters"))
    let norms = ConstantWeights<GradientNorms, OnLosses>([1], scope: .lastSharedLayer)
    #expect(failure([ParameterTensor("w", columns: 1)], norms).contains("the model names none"))
  }

  @Test func `Models of too many inputs, outputs or parameters`() {
    func failure(
      inputs: Int = 1, outputs: [Int] = [1], loss: TaskLoss = .meanSquaredError, columns: [Int] = [1]
    ) -> TrainingError? {
      let tasks = outputs.enumerated().map {
        TaskSpecification(name: "\($0.offset)", loss: loss, outputs: $0.element)
      }
      let tensors = columns.enumerated().map { ParameterTensor("\($0.offset)", columns: $0.element) }
      return #expect(throws: TrainingError.self) {
        _ = try Trainer(
          model: Hollow(inputs: inputs, tasks: tasks, tensors: tensors),
          strategy: ConstantWeights<LossEvidence>(tasks.map { _ in 1 }, appliesTo: .losses),
          optimizer: .sgd(learningRate: 1), batchSize: 1, seed: 0)
      }
    }
    #expect(failure(inputs: .max)?.message.contains("\(Int.max)") == true)
    for outputs in [0, -1, Int.min] {
      let error = failure(outputs: [1, outputs])
      #expect(error?.code == .model && error?.task == 1)
      #expect(error?.message == "task 1 with the loss mse needs at least 1 outputs, not \(outputs)")
    }
    #expect(failure(loss: .softmaxCrossEntropy)?.message.contains("at least 2 outputs, not 1") == true)
    let many = failure(outputs: [2, .max])
    #expect(many?.code == .model && many?.task == 1)
    #expect(
      many?.message == "task 1 has \(Int.max) outputs: those of all tasks must stay below 2^31")
    let large = failure(columns: [Int](repeating: Int(Int32.max), count: 100_000))
    #expect(large?.code == .model)
    #expect(large?.message.contains("a model of 214748364700000 parameters needs at least") == true)
  }

  /// Two inputs, two shared units, a head of each of two tasks; its backward pass is a test's.
  private struct Scripted: MultiTaskModel {
    let inputs = 2
    let tasks = [
      TaskSpecification(name: "a", loss: .meanSquaredError),
      TaskSpecification(name: "b", loss: .meanSquaredError),
    ]
    let tensors = [
      ParameterTensor("w", rows: 2, columns: 2), ParameterTensor("b", columns: 2),
      ParameterTensor("head", columns: 2, task: 1), ParameterTensor("scale", columns: 2, isFrozen: true),
    ]
    let script: @Sendable (ModelPass<Double>) -> Void

    func initialise(_ values: (Int) -> MatrixView<Double>, seed: UInt64) {}
    func forward(_ pass: ModelPass<Double>) {}
    func backward(_ pass: ModelPass<Double>) { script(pass) }
  }

  private static let slips: [(String, @Sendable (ModelPass<Double>) -> Void)] = [
    (
      "hands over the cotangents 15×4 and the input 10×2 for 2 slots of the 2×2 tensor w: due are 10×4 and 10×2",
      {
        $0.addDense(
          weight: 0, bias: 1, cotangents: $0.buffer(0, rows: 15, columns: 4),
          input: $0.buffer(1, rows: 10, columns: 2))
      }
    ),
    (
      "hands over the cotangents 5×2 and the input 5×2 for 2 slots of the 2×2 tensor w: due are 5×4 and 5×2",
      { $0.addDense(weight: 0, bias: 1, cotangents: $0.buffer(0, columns: 2), input: $0.inputs) }
    ),
    (
      "hands over the cotangents 5×4 and the input 5×1 for 2 slots of the 2×2 tensor w: due are 5×4 and 5×2",
      {
        $0.addDense(weight: 0, bias: 1, cotangents: $0.buffer(0, columns: 4), input: $0.inputs.columns(0..<1))
      }
    ),
    (
      "hands over cotangents of w with gaps between their rows",
      {
        $0.addDense(weight: 0, bias: 1, cotangents: $0.buffer(0, columns: 6).columns(0..<4), input: $0.inputs)
      }
    ),
    (
      "hands over gradients, but the model has no tensor 7: its 4 tensors are counted from 0",
      { $0.addDense(weight: 7, bias: 1, cotangents: $0.buffer(0, columns: 4), input: $0.inputs) }
    ),
    (
      "hands over gradients, but the model has no tensor -1: its 4 tensors are counted from 0",
      { $0.addDense(weight: 0, bias: -1, cotangents: $0.buffer(0, columns: 4), input: $0.inputs) }
    ),
    (
      "names the 1×2 tensor head of task 1 as the bias of the 2×2 tensor w of all tasks",
      { $0.addDense(weight: 0, bias: 2, cotangents: $0.buffer(0, columns: 4), input: $0.inputs) }
    ),
    (
      "hands over gradients of scale, which is frozen",
      { $0.addDense(weight: 0, bias: 3, cotangents: $0.buffer(0, columns: 4), input: $0.inputs) }
    ),
    (
      "hands over the gradients 1×2 for 2 slots of the 2 values of b",
      { $0.addGradients(of: 1, $0.buffer(0, rows: 1, columns: 2)) }
    ),
    (
      "hands over the cotangents 5×2 for 2 slots of the representation 5×2 of 5 samples",
      { $0.addRepresentation($0.inputs, cotangents: $0.buffer(0, columns: 2)) }
    ),
  ]

  @Test(arguments: slips.indices)
  func `What a backward pass hands over wrongly is an error with both shapes`(index: Int) throws {
    let (message, script) = Self.slips[index]
    let error = #expect(throws: TrainingError.self) { try Self.step(script) }
    #expect(error?.code == .model && error?.message == "the model's backward pass \(message)")
  }

  /// Takes a step on five samples of two inputs, with a backward pass of a test's own.
  private static func step(_ script: @escaping @Sendable (ModelPass<Double>) -> Void) throws {
    let model = Scripted(script: script)
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 2, inputs: [Double](repeating: 1, count: 10),
        targets: [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
        tasks: model.tasks), model: model)
    let trainer = try Trainer(
      model: model, strategy: ConstantWeights<Gramian, OnLosses>([1, 1]),
      optimizer: .sgd(learningRate: 1), batchSize: 5, seed: 0)
    try trainer.step(on: data, samples: 0..<5)
  }

  private static let countedFrom0 =
    "elements: buffers are counted from 0 to 1048575, and sides and elements from 0 to 9223372036854775807"

  /// What ends the program, and its message.
  private static let misfits: [(String, @Sendable (ModelPass<Double>) -> Void)] = [
    (
      "a model asks for the buffer 7 of 9223372036854775807×2 \(countedFrom0)",
      { _ = $0.buffer(7, rows: .max, columns: 2) }
    ),
    (
      "a model asks for the buffer 7 of 5×4611686018427387903 \(countedFrom0)",
      { _ = $0.buffer(7, columns: .max / 2) }
    ),
    (
      "a model asks for the buffer 7 of -3×-2 \(countedFrom0)",
      { _ = $0.buffer(7, rows: -3, columns: -2) }
    ),
    (
      "a model asks for the buffer 9223372036854775807 of 5×1 \(countedFrom0)",
      { _ = $0.buffer(.max, columns: 1) }
    ),
    ("a model asks for the buffer -1 of 5×1 \(countedFrom0)", { _ = $0.buffer(-1, columns: 1) }),
    (
      "a 3×1152921504606846976 matrix needs at least 27670116110.6 GB, and this machine has",
      { _ = $0.buffer(7, rows: 3, columns: 1 << 60) }
    ),
    (
      "a dropout mask of 5×3 for 5 samples, at the rate 0.5 in the layer -1",
      { $0.fillDropoutMask($0.buffer(0, columns: 3), rate: 0.5, layer: -1) }
    ),
    (
      "a dropout mask of 5×3 with gaps between its rows for 5 samples, at the rate 0.5 in the layer 0",
      { $0.fillDropoutMask($0.buffer(0, columns: 4).columns(0..<3), rate: 0.5, layer: 0) }
    ),
    (
      "16×6 cannot be 9223372036854775807×2",
      { _ = $0.buffer(0, rows: 16, columns: 6).reshaped(rows: .max, columns: 2) }
    ),
    (
      "16×6 cannot be -16×-6",
      { _ = $0.buffer(0, rows: 16, columns: 6).reshaped(rows: -16, columns: -6) }
    ),
    (
      "a 2×9223372036854775807 view at 1 leaves the 4 elements",
      { _ in _ = Matrix<Double>(rows: 2, columns: 2).view(at: 1, rows: 2, columns: .max) }
    ),
    (
      "a 1×1 view at 9223372036854775807 leaves the 4 elements",
      { _ in _ = Matrix<Double>(rows: 2, columns: 2).view(at: .max, rows: 1, columns: 1) }
    ),
    (
      "2 elements cannot fill -1×-2",
      { _ in _ = Matrix<Double>(rows: -1, columns: -2, elements: [1, 2]) }
    ),
    (
      "2 elements cannot fill 2×9223372036854775807",
      { _ in _ = Matrix<Double>(rows: 2, columns: .max, elements: [1, 2]) }
    ),
  ]

  @Test(arguments: misfits.indices)
  func `Shapes and indices that cannot be end the program with a sentence`(index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      try Self.step(Self.misfits[index].1)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("Fatal error: \(Self.misfits[index].0)"), "\(text)")
  }

  @Test func `Shapes that do not fit end the program with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let matrix = Matrix<Double>(rows: 2, columns: 3)
      matrix.view.setProduct(
        Matrix<Double>(rows: 2, columns: 4).view, .asIs, Matrix<Double>(rows: 5, columns: 3).view, .asIs)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("gemm: (2×4) · (5×3) into 2×3"), "\(text)")
  }

  @Test func `A strategy known by name is trained as one whose type is known`() throws {
    let problem = try problem()
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let optimizer = OptimizerSpecification.adam(learningRate: 1e-2)
    func byType(_ strategy: some WeightingStrategy) throws -> [String: [Double]] {
      let trainer = try Trainer<Double, _>(
        network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: 8, seed: 1)
      for _ in 0..<2 { try trainer.trainEpoch(on: data) }
      return trainer.parameters
    }
    for type in StrategyRegistry.builtIn.types where type.about.arrangement == .joint {
      let strategy = try StrategyRegistry.builtIn.make(type.about.name, taskCount: 3)
      let trainer = try problem.network.makeTrainer(
        in: Double.self, strategy: strategy, optimizer: optimizer, batchSize: 8, seed: 1)
      for _ in 0..<2 { try trainer.trainEpoch(on: data) }
      #expect(try trainer.parameters == byType(strategy), "\(type.about.name)")
      #expect(trainer.epoch == 2)
    }
  }

  @Test(arguments: [
    (TanhModel<Double>.Fault.forgetsBias, "trunk.0.bias 0 times"),
    (.handsOverTwice, "trunk.0.weight 2 times"),
  ])
  func `A backward pass that forgets a tensor, or adds one twice, is an error`(
    fault: TanhModel<Double>.Fault, message: String
  ) throws {
    let model = TanhModel<Double>(inputs: 4, units: 6, tasks: Self.tasks, fault: fault)
    let data = try PreparedData<Double>(problem().data, model: model)
    func failure(_ strategy: some WeightingStrategy) throws -> TrainingError? {
      let trainer = try Trainer(
        model: model, strategy: strategy, optimizer: .sgd(learningRate: 1), batchSize: 5, seed: 0)
      return #expect(throws: TrainingError.self) { try trainer.step(on: data, samples: 0..<5) }
    }
    for error in [
      try failure(ConstantWeights<NoGradients, OnLosses>([1, 1, 1])),
      try failure(ConstantWeights<Gramian, OnLosses>([1, 1, 1])),
    ] {
      #expect(
        error?.code == .model && error?.message.contains(message) == true, "\(String(describing: error))")
    }
  }
}
