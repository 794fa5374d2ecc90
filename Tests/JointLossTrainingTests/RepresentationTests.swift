import JointLossLinearAlgebra
import JointLossWeighting
import Testing

@testable import JointLossTraining

/// Gradients on the representation, of any layers, against differences of the losses by its elements.
@Suite struct RepresentationTests {
  private static let options = StepOptions(gradientScope: .representation)
  private static let weights = [0.3, 1.7, -0.4]

  /// Calls a function with the layers, the representation, and a pass on the problem's batch that has been run forward
  /// as in the first training step of seed 0; views of the pass are valid in the function.
  private func withForwardPass<Result>(
    _ problem: Problem, _ parameters: [String: [Double]],
    _ body: (NetworkGraph, GraphNode, ModelPass<Double>) throws -> Result
  ) throws -> Result {
    let graph = NetworkGraph(problem.network)
    let flat = FlatParameters<Double>(TensorPlacement(consecutive: graph.tensors))
    for (index, tensor) in graph.tensors.enumerated() {
      let values = try #require(parameters[tensor.name])
      for (element, value) in values.enumerated() { flat.view(index).pointer[element] = value }
    }
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let samples = data.sampleCount
    let pass = ModelPass(
      inputs: graph.inputs, tasks: graph.tasks, tensors: graph.tensors, parameters: flat, capacity: samples,
      empty: data.batch(0..<0))
    pass.begin(data.batch(0..<samples), dropout: DropoutPosition(seed: 0, step: 0))
    for layer in graph.layers { layer.forward(pass) }
    return try withExtendedLifetime((data, pass)) { try body(graph, #require(graph.representation), pass) }
  }

  /// For each task the derivatives of its loss by the elements of the representation, samples × units, by central
  /// differences in the first training step of seed 0: layers of tasks run again on a representation that differs
  /// in one element.
  private func differences(of problem: Problem) throws -> [[Double]] {
    try withForwardPass(problem, problem.parameters) { graph, node, pass in
      let values = pass.value(node)
      func losses() -> [Double] {
        for layer in graph.layers where layer.output.task != nil { layer.forward(pass) }
        for (task, output) in graph.outputs.enumerated() {
          pass.outputs(of: task).copy(from: pass.value(output))
        }
        var losses = graph.tasks.map { _ in 0.0 }
        pass.specifiedLosses(into: &losses)
        return losses
      }
      var result = graph.tasks.map { _ in [Double]() }
      let h = 1e-3
      for row in 0..<pass.sampleCount {
        for column in 0..<node.width {
          let value = values[row, column]
          let at = [h, -h, 2 * h, -2 * h].map { offset in
            values[row, column] = value + offset
            return losses()
          }
          values[row, column] = value
          for task in result.indices {
            result[task].append((8 * (at[0][task] - at[1][task]) - at[2][task] + at[3][task]) / (12 * h))
          }
        }
      }
      return result
    }
  }

  private static func withRepresentation() throws -> [NetworkCase] {
    let tasks = NetworkCase.all[0].network.tasks
    func sharing(_ architecture: Architecture, _ name: String) throws -> NetworkCase {
      NetworkCase(
        testDescription: name,
        network: try NetworkSpecification(
          inputs: 4, architecture: architecture, trunk: [6, 5], activation: .tanh, tasks: tasks),
        lastShared: [], shared: [])
    }
    return try NetworkCase.all.filter { $0.network.architecture == .hardSharing } + [
      sharing(.hardSharing, "plain"),
      // All that tasks share is one expert, which each of them reads.
      sharing(.mixtureOfExperts(experts: 1), "mmoe of one expert"),
      sharing(.customizedGateControl(sharedExperts: 1, taskExperts: 2), "cgc of one shared expert"),
    ]
  }

  @Test func `Gramian and norms are those of the derivatives by every element, in every sample`() throws {
    let cases = try Self.withRepresentation()
    #expect(cases.count == 12)
    for test in cases {
      let problem = try Problem(test.network, samples: 9)
      let expected = try Jacobian(rows: differences(of: problem)).gramian
      let gramian = try #require(try problem.stepped(GramianRecorder(), options: Self.options).gramian)
      #expect(gramian.error(against: expected) <= 1e-9, "\(test.testDescription)")
      let norms = try problem.stepped(NormRecorder(scope: .representation)).norms
      for (task, norm) in norms.enumerated() {
        #expect(
          abs(norm - expected.norm(of: task)) <= 1e-9 * expected.norm(of: task), "\(test.testDescription)")
      }
      // Another node's gradients are others: those of all shared parameters say.
      let parameters = try #require(try problem.stepped(GramianRecorder()).gramian)
      #expect(test.network.tasks.count == 1 || parameters.error(against: expected) > 1e-2)
    }
  }

  @Test func `The gradient that follows is that of all shared parameters`() throws {
    for test in try Self.withRepresentation() {
      let problem = try Problem(test.network, samples: 9)
      let weights = Array(Self.weights.prefix(test.network.tasks.count))
      let differences = try problem.differences(evaluating: !test.hasDropout)
      for application in [TaskWeights.Application.losses, .sharedGradient] {
        let gradient = try problem.gradient(
          constantWeights(Gramian.self, weights, appliesTo: application), options: Self.options)
        let heads = application == .losses ? weights : nil
        #expect(
          differences.error(of: gradient, shared: weights, heads: heads) <= 1e-7, "\(test.testDescription)")
      }
    }
  }

  @Test func `Matched norms compare gradients of parameters, whatever scope the rule sees`() throws {
    for test in try Self.withRepresentation() {
      let problem = try Problem(test.network, samples: 9)
      let weights = Array(Self.weights.prefix(test.network.tasks.count))
      func matched(_ scope: GradientScope) throws -> [String: [Double]] {
        try problem.gradient(
          ConstantWeights<Gramian, OnLosses>(weights),
          options: StepOptions(gradientScope: scope, scalePolicy: .matchNorm))
      }
      let (own, other) = try (matched(.representation), matched(.sharedParameters))
      for (name, values) in own {
        for (a, b) in zip(values, other[name] ?? []) { #expect(abs(a - b) <= 1e-12 * max(1, abs(b))) }
      }
    }
  }

  @Test(arguments: NetworkCase.all)
  func `Where tasks read several shared outputs there is none, and the message says so`(_ test: NetworkCase)
    throws
  {
    guard test.network.architecture != .hardSharing else { return }
    let problem = try Problem(test.network, samples: 9)
    let error = #expect(throws: TrainingError.self) {
      try problem.stepped(GramianRecorder(), options: Self.options)
    }
    #expect(error?.code == .configuration)
    #expect(
      error?.message
        == "gramian-recorder reads gramian on shared parameters over the scope representation, but "
        + "they do not act through one output that all tasks read")
  }

  // MARK: A direction on the representation

  private func gradDrop(_ taskCount: Int) throws -> GradDrop {
    try GradDrop(taskCount: taskCount, parameters: ["scope": .text("representation")])
  }

  /// GradDrop's direction by its formula, from derivatives by central differences.
  private func direction(
    _ gradients: [[Double]], _ representation: [Double], units: Int
  ) -> [Double] {
    var stream = PhiloxStream(seed: 0, purpose: "strategy")
    var result = [Double](repeating: 0, count: representation.count)
    for unit in 0..<units {
      let samples = Array(stride(from: unit, to: representation.count, by: units))
      let sums = gradients.map { row in
        samples.reduce(0.0) { sum, index in
          sum + (representation[index] > 0 ? 1 : representation[index] < 0 ? -1 : 0) * row[index]
        }
      }
      let size = sums.reduce(0) { $0 + abs($1) }
      let isPositive = (size > 0 ? (1 + sums.reduce(0, +) / size) / 2 : 0.5) > stream.uniform()
      for (task, sum) in sums.enumerated() where isPositive ? sum > 0 : sum < 0 {
        for index in samples { result[index] += gradients[task][index] }
      }
    }
    return result
  }

  /// The representation of the first training step, samples × units.
  private func representation(of problem: Problem, _ parameters: [String: [Double]]) throws -> (
    values: [Double], units: Int
  ) {
    try withForwardPass(problem, parameters) { _, node, pass in (pass.value(node).elements, node.width) }
  }

  @Test
  func `A direction on the representation goes back through the trunk, and the heads are each their own`()
    throws
  {
    for test in try Self.withRepresentation() {
      let problem = try Problem(test.network, samples: 9)
      let (values, units) = try representation(of: problem, problem.parameters)
      let direction = try direction(differences(of: problem), values, units: units)
      let gradient = try problem.gradient(gradDrop(test.network.tasks.count))
      let unweighted = try problem.gradient(
        ConstantWeights<NoGradients, OnLosses>(test.network.tasks.map { _ in 1 }))
      for tensor in problem.tensors {
        let got = try #require(gradient[tensor.name])
        guard tensor.task == nil else {
          for (a, b) in zip(got, try #require(unweighted[tensor.name])) { #expect(abs(a - b) <= 1e-12) }
          continue
        }
        // The derivative of ⟨direction, h⟩ by each parameter, by central differences.
        for element in got.indices {
          let h = 1e-3
          let at = try [h, -h, 2 * h, -2 * h].map { offset in
            var parameters = problem.parameters
            parameters[tensor.name]?[element] += offset
            return zip(direction, try representation(of: problem, parameters).values).reduce(0) {
              $0 + $1.0 * $1.1
            }
          }
          let expected = (8 * (at[0] - at[1]) - at[2] + at[3]) / (12 * h)
          #expect(abs(got[element] - expected) <= 1e-7, "\(test.testDescription), \(tensor.name)")
        }
      }
    }
  }

  @Test func `A combination of the gradients on the representation moves the trunk as that of the losses`()
    throws
  {
    let tasks = NetworkCase.all[0].network.tasks
    let network = try NetworkSpecification(inputs: 4, trunk: [6], activation: .tanh, tasks: tasks)
    let problem = try Problem(network, samples: 9)
    let data = try PreparedData<Double>(problem.data, network: network)
    let wanted = try problem.gradient(
      ConstantWeights<NoGradients, OnSharedGradient>(Self.weights))
    let strategy = FixedCombination(Self.weights, scope: .representation)
    let own = try Trainer<Double, FixedCombination>(
      model: TanhModel(inputs: 4, units: 6, tasks: tasks), strategy: strategy,
      optimizer: .sgd(learningRate: 1), batchSize: 9, seed: 0)
    try own.setParameters(problem.parameters)
    try own.step(on: data, samples: 0..<9)
    let gradient = try problem.gradient(strategy)
    for (name, values) in wanted {
      let (before, after) = try (#require(problem.parameters[name]), #require(own.parameters[name]))
      for (index, value) in values.enumerated() {
        #expect(abs(try #require(gradient[name])[index] - value) <= 1e-12)
        #expect(abs(before[index] - after[index] - value) <= 1e-12)
      }
    }
    for (fault, message) in [
      (TanhModel<Double>.Fault.miscountsUnits, "a representation of 6 units, and the model says 8"),
      (.handsOverCopy, "does not go on from the cotangents"), (.forgetsRepresentation, "0 times"),
    ] {
      let faulty = try Trainer<Double, FixedCombination>(
        model: TanhModel(inputs: 4, units: 6, tasks: tasks, fault: fault), strategy: strategy,
        optimizer: .sgd(learningRate: 1), batchSize: 9, seed: 0)
      let error = #expect(throws: TrainingError.self) { try faulty.step(on: data, samples: 0..<9) }
      #expect(error?.code == .model && error?.message.contains(message) == true)
    }
    var short = strategy
    short.shortfall = 2
    let error = #expect(throws: TrainingError.self) { try problem.stepped(short) }
    #expect(error?.message.contains("52 values for 54 elements of the representation") == true)
  }

  @Test(arguments: [Activation.tanh, .gelu])
  func `A batch with fewer samples than the largest has the step that it would have alone`(
    _ activation: Activation
  ) throws {
    let network = try NetworkSpecification(
      inputs: 4, trunk: [6, 5], activation: activation, tasks: NetworkCase.all[0].network.tasks)
    let problem = try Problem(network, samples: 9)
    let data = try PreparedData<Double>(problem.data, network: network)
    let strategy = try gradDrop(network.tasks.count)
    let whole: Trainer<Double, GradDrop> = try problem.trainer(strategy)
    // The second batch is shorter than the first.
    try whole.step(on: data, samples: 0..<9)
    try whole.step(on: data, samples: 0..<5)
    let first: Trainer<Double, GradDrop> = try problem.trainer(strategy)
    try first.step(on: data, samples: 0..<9)
    let part = try Trainer<Double, GradDrop>(
      network: network, strategy: first.strategy, optimizer: .sgd(learningRate: 1), batchSize: 5, seed: 0)
    // A first step, so that the next one has the draws of the second.
    try part.step(on: data, samples: 0..<5)
    try part.setParameters(first.parameters)
    try part.step(on: data, samples: 0..<5)
    #expect(part.parameters == whole.parameters)
    #expect(part.parameters != first.parameters)
  }

  @Test func `Where there is no representation, or the batch is split, GradDrop on it is refused`() throws {
    let experts = try #require(NetworkCase.all.first { $0.network.architecture != .hardSharing })
    let strategy = try gradDrop(experts.network.tasks.count)
    let none = #expect(throws: TrainingError.self) {
      try Problem(experts.network, samples: 9).stepped(strategy)
    }
    #expect(none?.code == .configuration && none?.message.contains("scope representation") == true)
    let problem = try Problem(NetworkCase.all[0].network, samples: 9)
    let split = #expect(throws: TrainingError.self) {
      try problem.stepped(
        gradDrop(problem.network.tasks.count), options: StepOptions(accumulation: 3))
    }
    #expect(split?.message.contains("is not split into 3 micro-batches") == true)
    // A rule that does not prescribe it may keep gradients of other samples.
    let chosen = #expect(throws: TrainingError.self) {
      try problem.stepped(
        GradDrop(taskCount: problem.network.tasks.count),
        options: Self.options)
    }
    #expect(chosen?.message.contains("not those of the scope representation") == true)
  }

  @Test func `A model of one's own has a representation if it says so and hands it over`() throws {
    let tasks = NetworkCase.all[0].network.tasks
    let network = try NetworkSpecification(inputs: 4, trunk: [6], activation: .tanh, tasks: tasks)
    let problem = try Problem(network, samples: 9)
    let data = try PreparedData<Double>(problem.data, network: network)
    func gramian(_ fault: TanhModel<Double>.Fault?) throws -> Gramian? {
      let trainer = try Trainer<Double, GramianRecorder>(
        model: TanhModel(inputs: 4, units: 6, tasks: tasks, fault: fault), strategy: GramianRecorder(),
        optimizer: .sgd(learningRate: 1), batchSize: 9, seed: 0, options: Self.options)
      try trainer.setParameters(problem.parameters)
      try trainer.step(on: data, samples: 0..<9)
      return trainer.strategy.gramian
    }
    let expected = try Jacobian(rows: differences(of: problem)).gramian
    #expect(try #require(try gramian(nil)).error(against: expected) <= 1e-9)
    let error = #expect(throws: TrainingError.self) { try gramian(.forgetsRepresentation) }
    #expect(error?.code == .model && error?.message.contains("representation 0 times") == true)
  }
}
