import Foundation
import JointLossWeighting
import Testing

/// Steps in which a task has no labels: its weight is 0 and nothing that a strategy remembers of it moves.
@Suite struct AbsentTaskTests {
  /// Three tasks; the second has a gradient against the others'.
  private static func observation(_ present: [Bool]? = nil, scale: Double = 1) throws -> StepObservation {
    var observation = StepObservation(losses: [1 * scale, 2, 0.5 * scale])
    observation.gramian = try Gramian(rows: [[2, -1, 0.5], [-1, 3, -0.2], [0.5, -0.2, 1]])
    if let present { try observation.keep(present) }
    return observation
  }

  private static let names = ["equal", "fixed", "single-task", "uncertainty", "gradnorm", "dwa", "pcgrad"]

  private func json(_ strategy: any WeightingStrategy) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: JSONEncoder().encode(strategy))
    return try #require(value as? [String: Any])
  }

  @Test(arguments: names) func `An absent task gets weight 0, the others a positive one`(name: String) throws
  {
    var strategy = try StrategyRegistry.builtIn.make(name, taskCount: 3)
    for _ in 0..<3 {
      let weights = try strategy.weights(observing: Self.observation([true, false, true])).values
      #expect(weights[1] == 0 && weights[0] > 0 && weights[2] > 0 && weights.allSatisfy(\.isFinite))
    }
    #expect(try strategy.weights(observing: Self.observation()).values[1] > 0)
  }

  /// What every registered strategy remembers a task by, as numbers in lists of one value a task.
  @Test(arguments: names) func `The state of an absent task does not move, that of the others does`(
    name: String
  ) throws {
    var strategy = try StrategyRegistry.builtIn.make(name, taskCount: 3)
    _ = try strategy.weights(observing: Self.observation())
    strategy.epochEnded(meanLosses: [1, 2, 3])
    strategy.epochEnded(meanLosses: [0.9, 1.9, 2])
    let before = try lists(in: json(strategy))
    for _ in 0..<4 { _ = try strategy.weights(observing: Self.observation([true, false, true], scale: 1.3)) }
    strategy.epochEnded(meanLosses: [0.5, .nan, 1.9])
    let after = try lists(in: json(strategy))
    #expect(before.keys == after.keys)
    var moved = false
    for (key, list) in before {
      // The weights of DWA share one normaliser; what it remembers is ratios and means.
      if name == "dwa", key == "values" { continue }
      #expect(after[key]?[1] == list[1], "\(key)")
      moved = moved || after[key] != list
    }
    #expect(moved == ["uncertainty", "gradnorm", "dwa"].contains(name))
  }

  private func lists(in object: [String: Any]) -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (key, value) in object {
      if let list = value as? [Double], list.count == 3 { result[key] = list }
      if let inner = value as? [String: Any] {
        for (name, list) in lists(in: inner) { result["\(key).\(name)"] = list }
      }
    }
    return result
  }

  @Test(arguments: ["uncertainty", "gradnorm"])
  func `A task that is absent for a while goes on as if the steps between had not been`(name: String) throws {
    // One task alone decides nothing about the rates of GradNorm: with two, compare the one that stays away.
    var strategy = try StrategyRegistry.builtIn.make(name, taskCount: 3)
    var apart = strategy
    let both = try Self.observation()
    _ = try (strategy.weights(observing: both), apart.weights(observing: both))
    for _ in 0..<5 { _ = try strategy.weights(observing: Self.observation([true, false, true])) }
    #expect(
      try strategy.weights(observing: both).values[1] == apart.weights(observing: both).values[1])
  }

  @Test func `GradNorm without one task is GradNorm of the others, their sum kept`() throws {
    var three = try StrategyRegistry.builtIn.make("gradnorm", taskCount: 3)
    var two = try StrategyRegistry.builtIn.make("gradnorm", taskCount: 2)
    for step in 0..<20 {
      let losses = [1.0 - 0.01 * Double(step), 7, 0.5 + 0.02 * Double(step)]
      var all = StepObservation(losses: losses)
      all.gradientNorms = [1, 9, 2.5]
      try all.keep([true, false, true])
      var some = StepObservation(losses: [losses[0], losses[2]])
      some.gradientNorms = [1, 2.5]
      let (a, b) = try (three.weights(observing: all).values, two.weights(observing: some).values)
      #expect(a[1] == 0)
      #expect(abs(a[0] - b[0]) <= 1e-14 && abs(a[2] - b[1]) <= 1e-14, "step \(step)")
    }
    var all = StepObservation(losses: [1, 1, 1])
    all.gradientNorms = [1, 1, 1]
    #expect(try three.weights(observing: all).values[1] == 1)
  }

  @Test func `PCGrad without one task is PCGrad of the others`() throws {
    let order = ["order": ParameterValue.text("ascending")]
    var three = try StrategyRegistry.builtIn.make("pcgrad", taskCount: 3, parameters: order)
    var two = try StrategyRegistry.builtIn.make("pcgrad", taskCount: 2, parameters: order)
    var all = StepObservation(losses: [])
    all.gramian = try Gramian(rows: [[2, -1, -0.9], [-1, 3, -0.5], [-0.9, -0.5, 1]])
    var some = StepObservation(losses: [])
    some.gramian = try Gramian(rows: [[2, -0.9], [-0.9, 1]])
    let whole = try three.weights(observing: all).values
    try all.keep([true, false, true])
    let (a, b) = try (three.weights(observing: all).values, two.weights(observing: some).values)
    #expect(a == [b[0], 0, b[1]] && whole[0] != b[0])
  }

  /// Rules that are a function of the Gramian alone: without a task they are the rule of the others, up to a
  /// factor where their weights have a sum that depends on T.
  @Test(arguments: [
    "mgda", "cagrad", "aligned-mtl", "fairgrad", "upgrad", "dualproj", "config", "imtl-g", "unit-gradient",
  ])
  func `A rule on the Gramian alone gives the others the direction they have without the absent task`(
    name: String
  ) throws {
    var three = try StrategyRegistry.builtIn.make(name, taskCount: 3)
    var two = try StrategyRegistry.builtIn.make(name, taskCount: 2)
    for product in [-0.9, 0.4] {
      var all = StepObservation(losses: [1, 2, 3])
      all.gramian = try Gramian(rows: [[2, -1, product], [-1, 3, -0.5], [product, -0.5, 1]])
      var some = StepObservation(losses: [1, 3])
      some.gramian = try Gramian(rows: [[2, product], [product, 1]])
      let whole = try three.weights(observing: all).values
      try all.keep([true, false, true])
      let (a, b) = try (three.weights(observing: all).values, two.weights(observing: some).values)
      #expect(a[1] == 0 && whole[1] != 0)
      #expect(abs(a[0] * b[1] - a[2] * b[0]) <= 1e-9 * abs(a[0] * b[1]), "\(name): \(a) for \(b)")
    }
  }

  @Test func `DWA takes the ratio of a task over the epochs in which it had labels`() throws {
    var gaps = try StrategyRegistry.builtIn.make("dwa", taskCount: 2)
    var plain = gaps
    for means in [[1, 1], [0.8, .nan], [0.6, 0.5]] { gaps.epochEnded(meanLosses: means) }
    // The other task's last ratio is 0.6 / 0.8; this one's 0.5 / 1.
    for means in [[0.8, 1], [0.6, 0.5]] { plain.epochEnded(meanLosses: means) }
    let observation = StepObservation(losses: [1, 1])
    #expect(try gaps.weights(observing: observation) == plain.weights(observing: observation))
  }

  @Test func `The means of an epoch are those of the labelled samples`() {
    var means = EpochMeans(taskCount: 3)
    means.add(2, of: 0, samples: 3)
    means.add(4, of: 0, samples: 1)
    means.add(7, of: 1, samples: 2)
    means.add(0, of: 1, samples: 0)
    #expect(means.means?[0] == 2.5 && means.means?[1] == 7 && means.means?[2].isNaN == true)
    means.reset()
    #expect(means.means == nil)
  }

  private struct Unaware: WeightingStrategy {
    static let descriptor = StrategyDescriptor(
      name: "unaware", title: "unaware", formula: "w_t = 1", appliesTo: .losses)
    init(_ setup: StrategySetup) {}
    func weights(for evidence: LossEvidence) -> TaskWeights {
      TaskWeights(evidence.losses.map { _ in 1 }, appliesTo: .losses)
    }
  }

  @Test func `A rule that does not say what it does is not asked`() throws {
    var rule = Unaware(try StrategySetup(for: Unaware.descriptor, taskCount: 3))
    #expect(try rule.weights(observing: Self.observation([true, true, true])).values == [1, 1, 1])
    let error = #expect(throws: WeightingError.self) {
      try rule.weights(observing: Self.observation([true, false, true]))
    }
    #expect(error?.code == .absentTask && error?.task == 1)
  }

  @Test func `Flags for another number of tasks, and a step without labels, are refused`() {
    let few = #expect(throws: WeightingError.self) { try Self.observation([true, false]) }
    #expect(few?.code == .taskCount && few?.message.contains("2 flags of presence for 3 tasks") == true)
    let none = #expect(throws: WeightingError.self) { try Self.observation([false, false, false]) }
    #expect(none?.code == .absentTask)
  }
}
