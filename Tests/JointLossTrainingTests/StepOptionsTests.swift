import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// Scopes, head policies and scale policies, against explicit gradients.
@Suite struct StepOptionsTests {
  private static let weights = [0.3, 1.7, 0.4]

  private func problem(_ activation: Activation = .tanh, tasks: [(TaskLoss, Int)]? = nil) throws -> Problem {
    try Problem(
      inputs: 4, trunk: [6, 5], activation: activation,
      tasks: tasks ?? [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1)],
      samples: 9)
  }

  // MARK: Head policies

  @Test(arguments: StepOptions.HeadPolicy.allCases, [TaskWeights.Application.losses, .sharedGradient])
  func `After one step the heads have moved as the policy says`(
    policy: StepOptions.HeadPolicy, application: TaskWeights.Application
  ) throws {
    let problem = try problem()
    let differences = try problem.differences()
    let isWeighted = policy == .weighted || policy == .strategy && application == .losses
    let heads = isWeighted ? Self.weights : [1, 1, 1]
    let options = StepOptions(headPolicy: policy)
    let plain = try problem.gradient(
      constantWeights(NoGradients.self, Self.weights, appliesTo: application), options: options)
    let stacked = try problem.gradient(
      constantWeights(Gramian.self, Self.weights, appliesTo: application), options: options)
    for gradient in [plain, stacked] {
      #expect(differences.error(of: gradient, shared: Self.weights, heads: heads) <= 1e-7)
      #expect(
        differences.error(of: gradient, shared: Self.weights, heads: isWeighted ? [1, 1, 1] : Self.weights)
          > 1e-2)
    }
  }

  // MARK: Scale policies

  private func sharedNorm(_ gradient: [String: [Double]], of problem: Problem) -> Double {
    problem.tensors.filter { $0.task == nil }.reduce(0) { sum, tensor in
      (gradient[tensor.name] ?? []).reduce(sum) { $0 + $1 * $1 }
    }.squareRoot()
  }

  @Test func `Matched norms: the direction of the weights, the length of equal ones, for every evidence`()
    throws
  {
    let problem = try problem()
    let equal = sharedNorm(try problem.gradient(Problem.equal(problem.network)), of: problem)
    let native = try problem.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights))
    let factor = equal / sharedNorm(native, of: problem)
    #expect(abs(factor - 1) > 0.1)
    let differences = try problem.differences()
    let options = StepOptions(scalePolicy: .matchNorm)
    let matched = try [
      problem.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights), options: options),
      problem.gradient(ConstantWeights<Gramian, OnLosses>(Self.weights), options: options),
      problem.gradient(
        ConstantWeights<Gramian, OnLosses>(Self.weights, scope: .representation),
        options: options),
      problem.gradient(
        ConstantWeights<GradientNorms, OnLosses>(Self.weights, scope: .lastSharedLayer),
        options: options),
      problem.gradient(
        ConstantWeights<Gramian, OnLosses>(Self.weights, scope: .allParameters),
        options: options),
      problem.gradient(
        ConstantWeights<GradientNorms, OnLosses>(Self.weights, scope: .allParameters),
        options: options),
    ]
    for gradient in matched {
      #expect(abs(sharedNorm(gradient, of: problem) - equal) <= 1e-12 * equal)
      // The heads keep the weights of the strategy.
      #expect(
        differences.error(of: gradient, shared: Self.weights.map { factor * $0 }, heads: Self.weights) <= 1e-7
      )
    }
  }

  @Test func `Matched norms leave gradients that cancel as they are`() throws {
    // Two tasks with the same head and targets: their gradients are one, and opposite weights cancel.
    var problem = try problem(tasks: [(.meanSquaredError, 1), (.meanSquaredError, 1)])
    problem = problem.replacing("head.1.weight", by: problem.parameters["head.0.weight"] ?? [])
      .replacing("head.1.bias", by: problem.parameters["head.0.bias"] ?? [])
    problem = try problem.retargeted([problem.data.targets[0], problem.data.targets[0]])
    let options = StepOptions(headPolicy: .unit, scalePolicy: .matchNorm)
    let gradient = try problem.gradient(
      ConstantWeights<NoGradients, OnLosses>([1, -1]), options: options)
    #expect(sharedNorm(gradient, of: problem) <= 1e-14)
  }

  @Test
  func `Weights scaled to the sum T, in a batch without labels of one task to the number of the others`()
    throws
  {
    let problem = try problem()
    let options = StepOptions(scalePolicy: .sumToTasks)
    let strategy = ConstantWeights<NoGradients, OnLosses>(Self.weights)
    let expected = Self.weights.map { $0 * 3 / Self.weights.reduce(0, +) }
    let gradient = try problem.gradient(strategy, options: options)
    #expect(try problem.differences().error(of: gradient, shared: expected, heads: expected) <= 1e-7)

    var mask = [[Bool]](repeating: [Bool](repeating: true, count: 9), count: 3)
    mask[1] = mask[1].indices.map { $0 >= 5 }
    let masked = try problem.masked(mask)
    let trainer: Trainer<Double, ConstantWeights<NoGradients, OnLosses>> = try masked.trainer(
      strategy, options: options)
    try trainer.step(on: PreparedData(masked.data, network: masked.network), samples: 0..<5)
    let present = [0.3 * 2 / 0.7, 0, 0.4 * 2 / 0.7]
    for (weight, due) in zip(trainer.lastWeights, present) { #expect(abs(weight - due) <= 1e-14) }

    let error = #expect(throws: TrainingError.self) {
      try problem.gradient(
        ConstantWeights<NoGradients, OnLosses>([1, -1, 0]), options: options)
    }
    #expect(error?.code == .strategy && error?.message.contains("sum 0.0") == true)
  }

  // MARK: Scopes

  /// The gradients on the output of a trunk of one layer, from the definitions: tasks × (samples · units).
  private func representationGradients(of problem: Problem) throws -> [[Double]] {
    let (inputs, units) = (problem.network.inputs, problem.network.trunk[0])
    let samples = problem.data.sampleCount
    func values(_ name: String) throws -> [Double] { try #require(problem.parameters[name]) }
    let (weight, bias) = try (values("trunk.0.weight"), values("trunk.0.bias"))
    let activated = (0..<samples).map { sample in
      (0..<units).map { unit in
        let sum = (0..<inputs).reduce(bias[unit]) {
          $0 + weight[unit * inputs + $1] * problem.data.inputs[sample * inputs + $1]
        }
        return problem.network.activation == .relu ? max(sum, 0) : sum
      }
    }
    return try problem.network.tasks.enumerated().map { task, specification in
      let (head, offset) = try (values("head.\(task).weight"), values("head.\(task).bias"))
      let outputs = specification.outputs
      return activated.enumerated().flatMap { sample, h in
        var gradient = [Double](repeating: 0, count: units)
        for output in 0..<outputs {
          let prediction = (0..<units).reduce(offset[output]) { $0 + head[output * units + $1] * h[$1] }
          let error = prediction - problem.data.targets[task][sample * outputs + output]
          for unit in 0..<units {
            gradient[unit] += 2 * error / Double(samples * outputs) * head[output * units + unit]
          }
        }
        return gradient
      }
    }
  }

  /// Heads of one output have a kernel of their own.
  @Test(arguments: [Activation.relu, .identity], [[1, 1, 1], [2, 1, 3]])
  func `Gradients on the representation are those of its output, before the activation's slope`(
    activation: Activation, outputs: [Int]
  ) throws {
    let problem = try Problem(
      inputs: 4, trunk: [7], activation: activation, tasks: outputs.map { (.meanSquaredError, $0) },
      samples: 9)
    let expected = try Jacobian(rows: representationGradients(of: problem)).gramian
    let recorder = try problem.stepped(
      GramianRecorder(), options: StepOptions(gradientScope: .representation))
    #expect(try #require(recorder.gramian).error(against: expected) <= 1e-12)
    let norms = try problem.stepped(NormRecorder(scope: .representation)).norms
    for task in outputs.indices {
      #expect(abs(norms[task] - expected.norm(of: task)) <= 1e-12 * expected.norm(of: task))
    }
    // And the gradient that follows is still that of all shared parameters.
    let gradient = try problem.gradient(
      ConstantWeights<Gramian, OnSharedGradient>(Self.weights),
      options: StepOptions(gradientScope: .representation))
    #expect(try problem.differences().error(of: gradient, shared: Self.weights) <= 1e-7)
  }

  @Test func `Under a rule on losses a scope leaves no layer behind`() throws {
    let problem = try problem()
    let differences = try problem.differences()
    for scope in GradientScope.allCases {
      let gradient = try problem.gradient(
        ConstantWeights<NoGradients, OnLosses>(Self.weights),
        options: StepOptions(gradientScope: scope))
      #expect(differences.error(of: gradient, shared: Self.weights, heads: Self.weights) <= 1e-7)
      #expect(gradient["trunk.0.weight"]?.contains { $0 != 0 } == true)
    }
  }

  @Test func `The Gramian of the last shared layer is that of its weights`() throws {
    let problem = try problem()
    let expected = try Jacobian(rows: problem.jacobianRows(over: .lastSharedLayer)).gramian
    let recorder = try problem.stepped(
      GramianRecorder(), options: StepOptions(gradientScope: .lastSharedLayer))
    #expect(try #require(recorder.gramian).error(against: expected) <= 1e-12)
  }

  @Test func `A scope that the rule prescribes wins over the option`() throws {
    let problem = try problem()
    let prescribed = try problem.stepped(
      NormRecorder(scope: .lastSharedLayer), options: StepOptions(gradientScope: .sharedParameters)
    ).norms
    #expect(try prescribed == problem.stepped(NormRecorder(scope: .lastSharedLayer)).norms)
  }

  @Test func `A network whose tasks read different units has no representation`() throws {
    let network = try NetworkSpecification(
      inputs: 4, architecture: .mixtureOfExperts(experts: 2), trunk: [5], activation: .tanh,
      tasks: problem().network.tasks)
    let problem = try Problem(network, samples: 9)
    let error = #expect(throws: TrainingError.self) {
      try problem.stepped(GramianRecorder(), options: StepOptions(gradientScope: .representation))
    }
    #expect(error?.code == .configuration && error?.message.contains("representation") == true)
  }
}
