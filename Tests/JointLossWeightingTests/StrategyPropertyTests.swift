import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// What every registered strategy must satisfy (STRATEGIES §0.6).
@Suite struct StrategyPropertyTests {
  /// A registered strategy, with parameters that make it depend on all it sees.
  struct Subject: Sendable, CustomTestStringConvertible {
    let name: String
    var parameters: [String: ParameterValue] = [:]
    var testDescription: String { "\(name) \(parameters.keys.sorted())" }

    func make(_ tasks: Int, seed: UInt64 = 7) throws -> any WeightingStrategy {
      try StrategyRegistry.builtIn.make(name, taskCount: tasks, parameters: parameters, seed: seed)
    }
  }

  static let subjects =
    StrategyRegistry.builtIn.names.map { Subject(name: $0) } + [
      Subject(name: "equal", parameters: ["reduction": .text("mean")]),
      Subject(name: "uncertainty", parameters: ["form": .text("full-loss"), "optimizer": .text("sgd")]),
      Subject(name: "gradnorm", parameters: ["parametrisation": .text("softmax")]),
      Subject(
        name: "gradnorm", parameters: ["initial-losses": .text("first-epoch"), "optimizer": .text("sgd")]),
      Subject(name: "pcgrad", parameters: ["order": .text("ascending")]),
      Subject(
        name: "revised-uncertainty",
        parameters: ["parametrisation": .text("sigma"), "optimizer": .text("sgd")]),
      Subject(name: "mgda", parameters: ["normalisation": .text("loss+")]),
      Subject(name: "mgda", parameters: ["normalisation": .text("l2"), "combine": .text("raw")]),
      Subject(name: "cagrad", parameters: ["c": .number(2), "rescale": .number(1)]),
      Subject(name: "nash-mtl", parameters: ["max-norm": .number(1), "update-every": .number(4)]),
      Subject(name: "fairgrad", parameters: ["alpha": .number(0.5)]),
      Subject(name: "aligned-mtl", parameters: ["scale": .text("rmse")]),
      Subject(name: "aligned-mtl", parameters: ["scale": .text("median")]),
      Subject(name: "imtl-g", parameters: ["dependent": .text("pseudo-inverse"), "sign": .text("descent")]),
      Subject(
        name: "upgrad", parameters: ["regularisation": .number(1e-4), "zero-trace": .number(1e-4)]),
      Subject(name: "stch", parameters: ["variant": .text("libmtl"), "warm-up-epochs": .number(1)]),
      Subject(name: "cov", parameters: ["decay": .number(0.9)]),
      Subject(name: "softadapt", parameters: ["variant": .text("loss-weighted")]),
      Subject(name: "softadapt", parameters: ["variant": .text("normalised"), "beta": .number(5)]),
      Subject(name: "relobralo", parameters: ["expected-saudade": .number(0.5), "alpha": .number(0.9)]),
      Subject(name: "igb", parameters: ["base-epoch": .number(0)]),
      Subject(name: "dtp", parameters: ["alpha": .number(0.3), "gamma": .number(2)]),
    ]

  /// Steps of positive losses and random gradients, three an epoch.
  private func steps(_ count: Int, tasks: Int, parameters: Int = 4) throws -> [StepObservation] {
    var stream = PhiloxStream(seed: UInt64(tasks), purpose: "test")
    return try (0..<count).map { index in
      let losses = (0..<tasks).map { _ in 0.1 + stream.uniform() }
      var step = try StepObservation(
        jacobian: stream.jacobian(tasks: tasks, parameters: parameters), losses: losses)
      step.epoch = index / 3
      return step
    }
  }

  /// The weights of all steps, epochs ended where they change.
  private func run(
    _ strategy: inout any WeightingStrategy, _ steps: some Collection<StepObservation>
  ) throws -> [[Double]] {
    try steps.enumerated().map { index, step in
      let weights = try strategy.weights(observing: step).values
      if index % 3 == 2 { strategy.epochEnded(meanLosses: step.losses) }
      return weights
    }
  }

  private func state(_ strategy: any WeightingStrategy) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(strategy)
  }

  private func restored<Strategy: WeightingStrategy>(_ strategy: Strategy) throws -> any WeightingStrategy {
    try JSONDecoder().decode(Strategy.self, from: state(strategy))
  }

  @Test func `The registry lists the strategies in their order`() {
    #expect(
      StrategyRegistry.builtIn.names == [
        "equal", "fixed", "single-task", "uncertainty", "gradnorm", "dwa", "pcgrad", "random",
        "revised-uncertainty", "gls", "scale-invariant", "imtl-l", "imtl-g", "imtl", "mgda", "cagrad",
        "gradvac",
        "nash-mtl", "aligned-mtl", "fairgrad", "stch", "upgrad", "dualproj", "config", "cov", "dtp",
        "softadapt",
        "relobralo", "uw-o", "uw-so", "igb", "go4align", "ldc-mtl", "unit-gradient", "cosmos", "pbi", "krum",
      ])
  }

  @Test(arguments: subjects) func `Saving and loading in mid-run changes no bit`(subject: Subject) throws {
    let steps = try steps(18, tasks: 3)
    var whole = try subject.make(3)
    let expected = try run(&whole, steps)
    for cut in [3, 9] {
      var first = try subject.make(3)
      _ = try run(&first, steps[..<cut])
      var second = try restored(first)
      #expect(try run(&second, Array(steps[cut...])) == Array(expected[cut...]))
    }
  }

  @Test func `A strategy that hides part of its state from its coding is told apart`() throws {
    struct Forgetful: WeightingStrategy {
      static let descriptor = StrategyDescriptor(
        name: "forgetful", title: "", formula: "", appliesTo: .losses)
      private let taskCount: Int
      private var steps = 0
      private enum CodingKeys: CodingKey { case taskCount }
      init(_ setup: StrategySetup) { taskCount = setup.taskCount }
      mutating func weights(for evidence: LossEvidence) -> TaskWeights {
        steps += 1
        return TaskWeights([Double](repeating: Double(steps), count: taskCount), appliesTo: .losses)
      }
    }
    let steps = try steps(4, tasks: 2)
    var strategy: any WeightingStrategy = Forgetful(
      try StrategySetup(for: Forgetful.descriptor, taskCount: 2))
    _ = try run(&strategy, steps)
    var copy = try restored(strategy)
    #expect(try run(&strategy, steps) != run(&copy, steps))
  }

  @Test(arguments: subjects) func `The same seed gives the same bits`(subject: Subject) throws {
    let steps = try steps(12, tasks: 4)
    var (one, other) = (try subject.make(4), try subject.make(4))
    #expect(try run(&one, steps) == run(&other, steps))
  }

  @Test(arguments: subjects) func `Permuted tasks have permuted weights`(subject: Subject) throws {
    var stream = PhiloxStream(seed: 11, purpose: "test")
    let tasks = 4
    guard try !StrategyRegistry.builtIn.type(named: subject.name).descriptor.claims.dependsOnTaskOrder else {
      return
    }
    let permutation = stream.permutation(of: tasks)
    let plain = try steps(12, tasks: tasks)
    var (one, other) = (try subject.make(tasks), try subject.make(tasks))
    for (index, step) in plain.enumerated() {
      let jacobian = try #require(step.jacobian)
      let rows = (0..<tasks).map { task in
        Array(jacobian.elements[task * jacobian.parameterCount..<(task + 1) * jacobian.parameterCount])
      }
      // An order of the rule's own, at random or by index, is not permuted with the tasks: hand one in.
      let order = stream.orders(tasks: tasks)
      let position = (0..<tasks).map { task in permutation.firstIndex(of: task) ?? 0 }
      var (first, second) = (step, try StepObservation(jacobian: permutation.map { rows[$0] }))
      first.draws.orders = order
      second.losses = permutation.map { step.losses[$0] }
      let normals = (0..<tasks).map { _ in stream.normal() }
      first.draws.normals = normals
      second.draws.normals = permutation.map { normals[$0] }
      second.draws.orders = permutation.map { task in order[task].map { position[$0] } }
      let expected = try one.weights(observing: first).values
      let got = try other.weights(observing: second).values
      for (new, old) in permutation.enumerated() {
        #expect(abs(got[new] - expected[old]) <= 1e-9 * max(1, abs(expected[old])))
      }
      if index % 3 == 2 {
        one.epochEnded(meanLosses: first.losses)
        other.epochEnded(meanLosses: second.losses)
      }
    }
  }

  /// The weight of a single task where it is not 1, from its loss and the norm of its gradient.
  private static let soleWeights: [String: @Sendable (_ loss: Double, _ norm: Double) -> Double] = [
    "scale-invariant": { loss, _ in 1 / loss },
    "uw-o": { loss, _ in 1 / loss },
    "igb": { loss, _ in 1 / loss },
    "nash-mtl": { _, norm in 1 / norm },
    "unit-gradient": { _, norm in 1 / norm },
    // G w = w^(−1/2)
    "fairgrad": { _, norm in pow(norm, -4.0 / 3) },
    "cagrad": { _, _ in 1.4 },
  ]
  /// Rules that learn, or whose weight depends on the past, also of a single task; each has a test of its own.
  private static let learning: Set = ["uncertainty", "revised-uncertainty", "imtl-l", "imtl", "dtp"]

  @Test(arguments: subjects) func `A single task keeps its native weight`(subject: Subject) throws {
    let isVariant = !subject.parameters.isEmpty
    guard !Self.learning.contains(subject.name) else { return }
    if isVariant
      && ["cagrad", "nash-mtl", "fairgrad", "stch", "upgrad", "mgda", "igb"].contains(subject.name)
    {
      return
    }
    var strategy = try subject.make(1)
    let steps = try steps(9, tasks: 1)
    for (weights, step) in zip(try run(&strategy, steps), steps) {
      let norm = try #require(step.gramian).norm(of: 0)
      let expected = Self.soleWeights[subject.name]?(step.losses[0], norm) ?? 1
      #expect(abs(weights[0] - expected) <= 1e-14 * expected)
    }
  }

  @Test(arguments: subjects) func `Weights sum to what the descriptor says`(subject: Subject) throws {
    let descriptor = try StrategyRegistry.builtIn.type(named: subject.name).descriptor
    for tasks in [2, 5, 50] {
      var strategy = try subject.make(tasks)
      for weights in try run(&strategy, steps(9, tasks: tasks)) {
        let sum = weights.reduce(0, +)
        let slack = 1e-11 * Double(tasks)
        if !descriptor.claims.allowsNegativeWeights { #expect(weights.allSatisfy { $0 >= 0 }) }
        switch (descriptor.weightSum, subject.parameters.isEmpty) {
        case ("T", _): #expect(abs(sum - Double(tasks)) <= slack)
        case ("≥ T", _): #expect(sum >= Double(tasks) - slack)
        case ("1", true): #expect(abs(sum - 1) <= slack * max(1, weights.map(abs).max() ?? 1))
        case ("≥ 1", true): #expect(sum >= 1 - slack * max(1, weights.map(abs).max() ?? 1))
        case ("T (sum) or 1 (mean)", let isDefault):
          #expect(abs(sum - (isDefault ? Double(tasks) : 1)) <= slack)
        default: #expect(sum.isFinite)
        }
        #expect(weights.count == tasks)
      }
    }
  }

  @Test(arguments: subjects)
  func `Zero, huge, tiny, opposed and dependent gradients have finite weights`(subject: Subject) throws {
    let rows: [[[Double]]] = [
      [[0, 0], [0, 0], [0, 0]], [[0, 0], [1, 0], [0, 1]], [[1, 2], [1, 2], [1, 2]],
      [[1, 2], [-1, -2], [2, 4]], [[1e70, 0], [-1e-70, 1e-70], [1, 1]],
      [[1e-150, 0], [-1e-150, 0], [0, 1e-150]],
    ]
    let mayBeNegative = try StrategyRegistry.builtIn.type(named: subject.name).descriptor.claims
      .allowsNegativeWeights
    for jacobian in rows {
      for losses in [[1.0, 1, 1], [0, 0, 0], [1e-300, 1, 1e100]] {
        var strategy = try subject.make(3)
        let step = try StepObservation(jacobian: jacobian, losses: losses)
        for _ in 0..<3 {
          let weights = try strategy.weights(observing: step).values
          #expect(
            weights.allSatisfy { $0.isFinite && ($0 >= 0 || mayBeNegative) },
            "\(jacobian) \(losses) \(weights)")
        }
      }
    }
  }

  @Test(arguments: subjects)
  func `A value that is not finite is refused and the state keeps its bits`(subject: Subject) throws {
    let steps = try steps(6, tasks: 3)
    var strategy = try subject.make(3)
    _ = try run(&strategy, steps)
    let before = try state(strategy)
    for poison in [Double.nan, .infinity] {
      for task in 0..<3 {
        var step = steps[0]
        step.losses[task] = poison
        #expect(throws: WeightingError.self) { try strategy.weights(observing: step) }
        #expect(try state(strategy) == before)
        let need = try StrategyRegistry.builtIn.type(named: subject.name).need
        guard need == .gramian || need == .gradientNorms else { continue }
        step = steps[0]
        step.gramian?[task, task] = poison
        #expect(throws: WeightingError.self) { try strategy.weights(observing: step) }
        #expect(try state(strategy) == before)
      }
    }
  }

  @Test(arguments: subjects)
  func `A step of another number of tasks is refused and the state keeps its bits`(subject: Subject) throws {
    var strategy = try subject.make(3)
    _ = try run(&strategy, steps(6, tasks: 3))
    let before = try state(strategy)
    for tasks in [2, 4] {
      let step = try steps(1, tasks: tasks)[0]
      let error = #expect(throws: WeightingError.self) { try strategy.weights(observing: step) }
      #expect(error?.code == .taskCount)
    }
    #expect(try state(strategy) == before)
  }
}

extension WeightingStrategy {
  fileprivate static var need: EvidenceNeed { Evidence.need }
}
