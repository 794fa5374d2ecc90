import JointLossTraining
import JointLossWeighting
import Testing

/// Gradients over all parameters, those of the heads included; ``ArchitectureTests`` and ``GramianTests`` have their
/// norms and inner products.
@Suite struct AllParametersTests {
  private static let options = StepOptions(gradientScope: .allParameters, headPolicy: .weighted)

  /// PCGrad without draws: every task visits the others by index.
  private func rule(tasks: Int) throws -> PCGrad {
    try PCGrad(taskCount: tasks, parameters: ["order": .text("ascending")])
  }

  /// The sum of the projected whole vectors, by the algorithm of the paper.
  private func projected(_ rows: [[Double]]) -> [Double] {
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    var sum = [Double](repeating: 0, count: rows[0].count)
    for i in rows.indices {
      var own = rows[i]
      for j in rows.indices where j != i && dot(own, rows[j]) < 0 {
        let factor = dot(own, rows[j]) / dot(rows[j], rows[j])
        own = zip(own, rows[j]).map { $0 - factor * $1 }
      }
      sum = zip(sum, own).map { $0 + $1 }
    }
    return sum
  }

  /// Three tasks of one trunk; the second wants the opposite of the first.
  private func conflicting(_ architecture: Architecture) throws -> Problem {
    let tasks = (0..<3).map { TaskSpecification(name: "task \($0)", loss: .meanSquaredError) }
    let problem = try Problem(
      NetworkSpecification(
        inputs: 4, architecture: architecture, trunk: [6], activation: .tanh, tasks: tasks),
      samples: 9)
    let heads = problem.tensors.filter { $0.name.hasPrefix("head.") || $0.name.contains("task.") }
    let likeFirst = heads.filter { $0.task == 1 }.reduce(problem) { problem, tensor in
      let first = tensor.name.replacing("head.1", with: "head.0").replacing("task.1", with: "task.0")
      return problem.replacing(tensor.name, by: problem.parameters[first] ?? [])
    }
    let targets = problem.data.targets[0].map { 3 * $0 }
    return try likeFirst.retargeted([targets, targets.map { 0.5 - $0 }, problem.data.targets[2]])
  }

  @Test(arguments: [Architecture.hardSharing, .mixtureOfExperts(experts: 2)])
  func `PCGrad with weighted heads projects whole gradients`(architecture: Architecture) throws {
    let problem = try conflicting(architecture)
    let whole = projected(try problem.jacobianRows(over: .allParameters))
    func error(_ options: StepOptions) throws -> Double {
      let gradient = try problem.gradient(rule(tasks: 3), options: options)
      let vector = problem.tensors.flatMap { gradient[$0.name] ?? [] }
      #expect(vector.count == whole.count)
      let squares = zip(vector, whole).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return (squares / whole.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }
    #expect(try error(Self.options) <= 1e-12)
    // Both choices are needed.
    #expect(try error(StepOptions(headPolicy: .weighted)) > 1e-2)
    #expect(try error(StepOptions(gradientScope: .allParameters)) > 1e-2)
  }

  /// The whole gradients (1 | 1, 0) and (−1 | 0, 1): Pytorch-PCGrad multiplies both heads' by 1.5.
  @Test func `Two opposite tasks with heads of the same length`() throws {
    var problem = try Problem(
      inputs: 1, trunk: [1], activation: .identity,
      tasks: [(.meanSquaredError, 1), (.meanSquaredError, 1)], samples: 1)
    // No input, so that only biases have gradients: 2 (0 + 0.5) = 1 on those of the heads.
    problem = try problem.retargeted([[-0.5], [-0.5]], inputs: [0])
    for name in ["trunk.0.bias", "head.0.bias", "head.1.bias"] { problem = problem.replacing(name, by: [0]) }
    problem = problem.replacing("head.0.weight", by: [1]).replacing("head.1.weight", by: [-1])
    func heads(_ options: StepOptions) throws -> [[Double]?] {
      let gradient = try problem.gradient(rule(tasks: 2), options: options)
      #expect(gradient["trunk.0.bias"] == [0])
      return [gradient["head.0.bias"], gradient["head.1.bias"]]
    }
    #expect(try heads(Self.options) == [[1.5], [1.5]])
    #expect(try heads(StepOptions(headPolicy: .weighted)) == [[2], [2]])
    #expect(try heads(StepOptions()) == [[1], [1]])
  }

  @Test func `A task without labels has norm 0, and the others those of their samples`() throws {
    let problem = try Problem(
      inputs: 4, trunk: [6, 5], activation: .tanh,
      tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1)], samples: 9)
    var mask = [[Bool]](repeating: [Bool](repeating: true, count: 9), count: 3)
    mask[1] = mask[1].indices.map { $0 >= 5 }
    let masked = try problem.masked(mask)
    let trainer: Trainer<Double, NormRecorder> = try masked.trainer(NormRecorder(scope: .allParameters))
    // A step with all labels before: nothing of it is left.
    let data = try PreparedData<Double>(masked.data, network: masked.network)
    try trainer.step(on: data, samples: 0..<9)
    try trainer.setParameters(problem.parameters)
    try trainer.step(on: data, samples: 0..<5)
    let rows = try problem.keeping(Array(0..<5)).jacobianRows(over: .allParameters)
    for (task, norm) in trainer.strategy.norms.enumerated() {
      let expected = task == 1 ? 0 : rows[task].reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm - expected) <= 1e-12 * expected)
    }
  }

  @Test func `In Float they err by at most a hundred thousandth, and cost the passes of the shared ones`()
    throws
  {
    for test in NetworkCase.all where !test.hasDropout {
      let problem = try Problem(test.network, samples: 9)
      func stepped<Scalar: TrainableScalar>(
        _ scope: GradientScope, in scalar: Scalar.Type
      ) throws -> (gramian: Gramian?, counts: PassCounts) {
        let trainer: Trainer<Scalar, GramianRecorder> = try problem.trainer(
          GramianRecorder(), options: StepOptions(gradientScope: scope))
        try trainer.step(on: PreparedData(problem.data, network: problem.network), samples: 0..<9)
        #expect(trainer.gradientScope == scope)
        return (trainer.strategy.gramian, trainer.counts)
      }
      let (single, double) = try (
        stepped(.allParameters, in: Float.self), stepped(.allParameters, in: Double.self)
      )
      #expect(try #require(single.gramian).error(against: #require(double.gramian)) <= 1e-5)
      #expect(try stepped(.sharedParameters, in: Double.self).counts == double.counts)
    }
  }

  @Test func `Tasks that share nothing have no such gradients`() throws {
    let linear = try Problem(
      inputs: 4, trunk: [], activation: .identity, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 1)],
      samples: 5)
    let error = #expect(throws: TrainingError.self) {
      try linear.stepped(GramianRecorder(), options: Self.options)
    }
    #expect(error?.code == .configuration && error?.message.contains("the tasks share none") == true)
  }
}
