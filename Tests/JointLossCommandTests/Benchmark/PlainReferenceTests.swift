import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossCommand

@Suite struct PlainReferenceTests {
  private static let workload = Workload(
    name: "test", inputs: 3, width: 5, layers: 2, tasks: 3, outputs: 2, batch: 7)
  private static let weights = [0.3, 1.7, -0.4]

  private let data: TaskDataset
  private let initial: [String: [Double]]

  init() throws {
    data = try Self.workload.data()
    initial = try Trainer<Double, EqualWeighting>(
      Self.workload, EqualWeighting(taskCount: 3)
    ).parameters.mapValues { values in
      // Biases too are away from 0.
      values.enumerated().map { $1 + 0.01 * Double($0 % 7 - 3) }
    }
  }

  private func reference<Strategy: WeightingStrategy>(
    _ strategy: Strategy, _ parameters: [String: [Double]]? = nil
  ) throws -> PlainReference<Strategy> {
    try PlainReference(Self.workload, data: data, parameters: parameters ?? initial, strategy: strategy)
  }

  private func shown<Gradients: GradientEvidence>(
    _ type: Gradients.Type, _ scope: GradientScope? = nil
  ) throws -> Gradients {
    let reference = try reference(
      ShownGradients<Gradients, OnLosses>(TaskWeights(Self.weights), scope: scope))
    _ = try reference.step()
    return try #require(reference.weigher.strategy.shown)
  }

  /// For each task, the derivatives of its loss by a tensor.
  private func differences(by tensor: String) throws -> [[Double]] {
    let step = 1e-6
    let values = try #require(initial[tensor])
    var result = [[Double]](repeating: [], count: Self.workload.tasks)
    for index in values.indices {
      let losses = try [step, -step].map { change in
        var parameters = initial
        parameters[tensor]?[index] += change
        return try reference(
          ShownGradients<NoGradients, OnLosses>(TaskWeights(Self.weights)), parameters
        ).step()
      }
      for task in result.indices { result[task].append((losses[0][task] - losses[1][task]) / (2 * step)) }
    }
    return result
  }

  /// The task gradients on the trunk, by central differences: layer by layer weights, then biases.
  private func rows() throws -> [[Double]] {
    var result = [[Double]](repeating: [], count: Self.workload.tasks)
    for tensor in ["trunk.0.weight", "trunk.0.bias", "trunk.1.weight", "trunk.1.bias"] {
      for (task, values) in try differences(by: tensor).enumerated() { result[task] += values }
    }
    return result
  }

  private static func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  // MARK: Against central differences

  @Test func `The task gradients are the derivatives of the losses`() throws {
    let jacobian = try shown(Jacobian.self)
    #expect(Self.largestDifference(jacobian.elements, try rows().flatMap { $0 }) <= 1e-8)
    #expect(jacobian.elements.contains { abs($0) > 0.1 })
  }

  @Test func `Gramian and norms are those of the task gradients of the scope`() throws {
    let rows = try rows()
    let products = rows.flatMap { a in rows.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } } }
    #expect(Self.largestDifference(try shown(Gramian.self).elements, products) <= 1e-8)
    let heads = try (0..<3).map { task in
      try ["weight", "bias"].flatMap { try differences(by: "head.\(task).\($0)")[task] }
    }
    let whole = zip(rows, heads).map { ($0 + $1).reduce(0) { $0 + $1 * $1 }.squareRoot() }
    #expect(Self.largestDifference(try shown(GradientNorms.self, .allParameters).values, whole) <= 1e-8)
    let last = try differences(by: "trunk.1.weight").map { row in
      row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    #expect(
      Self.largestDifference(try shown(GradientNorms.self, .lastSharedLayer).values, last) <= 1e-8)
  }

  @Test func `The mean gradients of the independent batches are those of the whole batch`() throws {
    let (whole, parts) = (
      try shown(Jacobian.self), try shown(IndependentJacobians.self).batches
    )
    let counts = Self.workload.parts(3).map(\.count)
    #expect(counts == [2, 2, 3] && parts.count == 3)
    let mean = whole.elements.indices.map { index in
      zip(parts, counts).reduce(0) { $0 + Double($1.1) / 7 * $1.0.elements[index] }
    }
    #expect(Self.largestDifference(mean, whole.elements) <= 1e-14)
    #expect(Self.largestDifference(parts[0].elements, parts[1].elements) > 1e-3)
  }

  @Test func `An update moves the trunk as it is, and the heads have their weights`() throws {
    let names = ["trunk.0.weight", "trunk.0.bias", "trunk.1.weight", "trunk.1.bias"]
    let before = names.flatMap { initial[$0] ?? [] }
    let update = before.indices.map { Double($0 % 5) - 1.5 }
    let reference = try reference(
      ShownGradients<NoGradients, AsUpdate>(
        TaskWeights(update: update, values: [1, 1, 1], headWeights: [0.5, 1, 3])))
    _ = try reference.step()
    let after = reference.trunk.flatMap { $0.weight.values.view.elements + $0.bias.values.view.elements }
    let moved = zip(before, update).map { $0 - Workload.learningRate * $1 }
    #expect(Self.largestDifference(after, moved) <= 1e-15)
    let expected = try differences(by: "head.2.weight")[2].map { 3 * $0 }
    #expect(Self.largestDifference(reference.heads[2].weight.gradient.view.elements, expected) <= 1e-8)
  }

  @Test(arguments: [TaskWeights.Application.losses, .sharedGradient, .direction])
  func `Trunk and heads follow what the rule says`(appliesTo: TaskWeights.Application) throws {
    let rows = try rows()
    let combined = rows[0].indices.map { index in
      zip(Self.weights, rows).reduce(0) { $0 + $1.0 * $1.1[index] }
    }
    let direction = combined.map { 2 * $0 }
    let headWeights = [0.5, 1, 3]
    let weights =
      appliesTo == .direction
      ? TaskWeights(direction: direction, values: Self.weights, headWeights: headWeights)
      : TaskWeights(Self.weights)
    func check<Kind: AnswerKind>(_ kind: Kind.Type) throws {
      let reference = try reference(ShownGradients<NoGradients, Kind>(weights))
      _ = try reference.step()
      let shared = reference.trunk.flatMap {
        $0.weight.gradient.view.elements + $0.bias.gradient.view.elements
      }
      #expect(Self.largestDifference(shared, appliesTo == .direction ? direction : combined) <= 1e-8)
      for (task, head) in reference.heads.enumerated() {
        let factor =
          switch appliesTo {
          case .losses: Self.weights[task]
          case .sharedGradient: 1.0
          case .direction, .update: headWeights[task]
          }
        for (tensor, gradient) in [("weight", head.weight.gradient), ("bias", head.bias.gradient)] {
          let expected = try differences(by: "head.\(task).\(tensor)")[task].map { factor * $0 }
          #expect(Self.largestDifference(gradient.view.elements, expected) <= 1e-8, "head \(task) \(tensor)")
        }
      }
    }
    switch appliesTo {
    case .losses: try check(OnLosses.self)
    case .sharedGradient: try check(OnSharedGradient.self)
    case .direction: try check(AsDirection.self)
    case .update: try check(AsUpdate.self)
    }
  }

  // MARK: Against the trainer

  /// The largest relative deviation of the trainer's losses in two epochs and a step more.
  private func deviation<Strategy: WeightingStrategy>(
    of strategy: Strategy, expecting expected: Strategy, on workload: Workload = workload
  ) throws -> Double {
    let trainer = try Trainer<Double, Strategy>(workload, strategy)
    let data = try workload.data()
    let prepared = try PreparedData<Double>(data, network: workload.network())
    let reference = try PlainReference(
      workload, data: data, parameters: trainer.parameters, strategy: expected)
    var result = 0.0
    for index in 0..<2 * Workload.batches + 1 {
      try trainer.step(index, of: workload, on: prepared)
      for (loss, expected) in zip(trainer.lastLosses, try reference.step()) {
        result = max(result, abs(loss - expected) / expected)
      }
    }
    return result
  }

  @Test func `Every strategy trains in Double as the reference does`() throws {
    for row in try BenchmarkStrategy.all(in: .builtIn, tasks: Self.workload.tasks) {
      func deviation(_ strategy: some WeightingStrategy) throws -> Double {
        try self.deviation(of: strategy, expecting: strategy)
      }
      let result = try deviation(row.strategy)
      #expect(result <= 1e-13, "\(row.name)")
    }
  }

  // With 16 tasks and 128 units the stacked pass takes the products of the active units alone.
  @Test(arguments: ["pcgrad", "moco"])
  func `Many tasks on wide layers train in Double as the reference does`(name: String) throws {
    let workload = Workload(
      name: "test", inputs: 20, width: 128, layers: 3, tasks: 16, outputs: 1, batch: 4)
    func deviation(_ strategy: some WeightingStrategy) throws -> Double {
      try self.deviation(of: strategy, expecting: strategy, on: workload)
    }
    #expect(try deviation(StrategyRegistry.builtIn.make(name, taskCount: 16)) <= 1e-11)
  }

  @Test func `A strategy on the representation trains in Double as the reference does`() throws {
    let strategy = try GradNorm(taskCount: 3, parameters: ["scope": .text("representation")])
    #expect(try deviation(of: strategy, expecting: strategy) <= 1e-13)
  }

  @Test func `A trainer with one weight wrong by a thousandth is told from the reference`() throws {
    func fixed(_ first: Double) -> ShownGradients<NoGradients, OnLosses> {
      ShownGradients(TaskWeights([first, 1, 1]))
    }
    #expect(try deviation(of: fixed(1.001), expecting: fixed(1)) > 1e-6)
  }
}
