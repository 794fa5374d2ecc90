import Foundation
import JointLossLinearAlgebra
import JointLossWeighting
import Testing

/// Steps in which a task has no labels: its weight is 0 and nothing that a strategy remembers of it moves.
@Suite struct AbsentTaskTests {
  /// Three tasks; the second has a gradient against the others'.
  private static func observation(_ present: [Bool]? = nil, scale: Double = 1) throws -> StepObservation {
    var observation = StepObservation(losses: [1 * scale, 2, 0.5 * scale])
    observation.gramian = try Gramian(rows: [[2, -1, 0.5], [-1, 3, -0.2], [0.5, -0.2, 1]])
    let jacobian = try Jacobian(rows: [[1.4, 0, 0.2], [-0.7, 1.5, 0], [0.3, 0, 0.9]])
    observation.jacobian = jacobian
    observation.jacobians = [jacobian, jacobian, jacobian]
    if let present { try observation.keep(present) }
    return observation
  }

  /// Rules that remember nothing of a task, and those that do.
  private static let forgetful = [
    "equal", "fixed", "single-task", "pcgrad", "uw-o", "uw-so", "gls", "scale-invariant", "random", "cosmos",
    "pbi", "krum", "stch", "igb", "trimmed-mean",
  ]
  private static let learning = [
    "uncertainty", "gradnorm", "dwa", "revised-uncertainty", "imtl-l", "imtl", "cov", "dtp", "softadapt",
    "relobralo", "go4align", "ldc-mtl", "nash-mtl", "gradvac", "db-mtl", "excess-mtl", "moco", "modo",
    "sdmgrad",
  ]
  private static let names = forgetful + learning
  /// Rules whose weights may be 0 or negative in these steps.
  private static let signed = ["cosmos", "pbi", "krum"]

  private func json(_ strategy: any StepWeigher) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: JSONEncoder().encode(strategy.strategy))
    return try #require(value as? [String: Any])
  }

  @Test(arguments: names) func `An absent task gets weight 0, the others a positive one`(name: String) throws
  {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3)
    for _ in 0..<3 {
      let weights = try strategy.weights(observing: Self.observation([true, false, true])).values
      #expect(weights[1] == 0 && weights.allSatisfy { $0.isFinite })
      #expect(weights[0] > 0 && weights[2] > 0 || Self.signed.contains(name))
    }
    guard !Self.signed.contains(name) else { return }
    #expect(try strategy.weights(observing: Self.observation()).values[1] > 0)
  }

  /// What every registered strategy remembers a task by, as numbers in lists of one value a task.
  @Test(arguments: names) func `The state of an absent task does not move, that of the others does`(
    name: String
  ) throws {
    // Steps so short that w is not in a corner, where it would stay.
    let parameters: [String: ParameterValue] = name == "sdmgrad" ? ["learning-rate": .number(0.1)] : [:]
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3, parameters: parameters)
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
      // T values, a row of T·P, or T² by pairs of tasks.
      let areRows = key.hasSuffix(".elements") || key == "squares"
      let absent = list.count == 3 ? [1] : areRows ? [3, 4, 5] : [1, 3, 4, 5, 7]
      for index in absent { #expect(after[key]?[index] == list[index], "\(key) at \(index)") }
      moved = moved || after[key] != list
    }
    #expect(moved == Self.learning.contains(name))
  }

  private func lists(in object: [String: Any]) -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for (key, value) in object {
      if let list = value as? [Double], [3, 9].contains(list.count) { result[key] = list }
      if let inner = value as? [String: Any] {
        for (name, list) in lists(in: inner) { result["\(key).\(name)"] = list }
      }
    }
    return result
  }

  /// The rules that are those of the present tasks alone from the first step on, in every variant.
  private static let alone: [(String, [String: ParameterValue])] = [
    ("uw-o", [:]), ("uw-so", [:]), ("gls", [:]), ("scale-invariant", [:]), ("krum", [:]),
    ("krum", ["selected": .number(2), "distance": .text("plain")]), ("nash-mtl", [:]),
    ("nash-mtl", ["max-norm": .number(1), "update-every": .number(3)]), ("random", [:]),
    ("random", ["law": .text("uniform"), "sum": .text("tasks")]), ("random", ["law": .text("dirichlet")]),
    ("random", ["law": .text("one-hot")]), ("cosmos", [:]), ("pbi", [:]), ("stch", [:]),
    ("stch", ["variant": .text("libmtl"), "warm-up-epochs": .number(1)]), ("uncertainty", [:]),
    ("revised-uncertainty", [:]), ("revised-uncertainty", ["parametrisation": .text("sigma")]),
    ("imtl-l", [:]), ("imtl", [:]), ("cov", [:]), ("cov", ["decay": .number(0.9)]), ("dtp", [:]),
    ("dtp", ["alpha": .number(0.3), "gamma": .number(2)]), ("softadapt", [:]),
    ("softadapt", ["variant": .text("normalised")]), ("softadapt", ["variant": .text("loss-weighted")]),
    ("relobralo", ["expected-saudade": .number(0.5)]), ("igb", [:]), ("igb", ["base-epoch": .number(1)]),
    ("go4align", ["eta": .number(0.1)]), ("ldc-mtl", [:]), ("gradvac", ["beta": .number(0.3)]),
    ("gradvac", ["beta": .number(0.3), "targets": .text("turned")]),
    ("uncertainty+average", [:]), ("nash-mtl+normalised", ["normalised-sum": .text("tasks")]),
    ("gls+normalised", ["normalised-by": .text("plain"), "normalised-sum": .text("one")]),
    ("trimmed-mean", [:]), ("trimmed-mean", ["trim": .number(2)]), ("trimmed-mean", ["trim": .number(0)]),
    ("db-mtl", [:]), ("db-mtl", ["start": .text("zero"), "sigma": .number(0.5)]), ("moco", [:]),
    ("moco", ["variant": .text("libmtl"), "rho": .number(0.1)]), ("modo", ["gamma": .number(0.1)]),
    ("sdmgrad", ["learning-rate": .number(0.5)]), ("excess-mtl", ["step-size": .number(0.3)]),
    ("excess-mtl", ["sum": .text("one"), "warm-up": .number(3)]), ("excess-mtl", ["warm-up": .number(0)]),
    ("excess-mtl+normalised", [:]), ("adatask", [:]),
    ("dtp+every", ["every-steps": .number(3)]), ("cov+every+average+normalised", ["every-steps": .number(2)]),
  ]

  @Test(arguments: alone)
  func `Without some tasks a rule is that of the others`(
    name: String, parameters: [String: ParameterValue]
  ) throws {
    let kept = [0, 2, 4]
    var (wide, narrow) = (parameters, parameters)
    if ["cosmos", "pbi", "stch"].contains(name) {
      wide["preferences"] = .numbers([0.3, 0.1, 0.2, 0.9, 0.4])
      narrow["preferences"] = .numbers([0.3, 0.2, 0.4])
    }
    var five = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 5, parameters: wide)
    var three = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3, parameters: narrow)
    var stream = PhiloxStream(seed: 8, purpose: "test")
    for step in 0..<12 {
      let losses = (0..<5).map { _ in 0.1 + stream.uniform() }
      let batches = (0..<3).map { _ in (0..<5).map { _ in (0..<7).map { _ in stream.normal() } } }
      let draws = (0..<5).map { _ in stream.uniform() }
      func observation(_ tasks: [Int]) throws -> StepObservation {
        var observation = StepObservation(losses: tasks.map { losses[$0] })
        let jacobians = try batches.map { rows in try Jacobian(rows: tasks.map { rows[$0] }) }
        (observation.jacobian, observation.jacobians) = (jacobians[0], jacobians)
        observation.gramian = jacobians[0].gramian
        observation.draws.normals = tasks.map { draws[$0] }
        // One draw a step, or one a task.
        let isSingle = name == "relobralo" || parameters["law"] == .text("one-hot")
        observation.draws.uniforms = isSingle ? [draws[0]] : observation.draws.normals
        observation.draws.orders = tasks.indices.map { task in tasks.indices.filter { $0 != task } }
        return observation
      }
      var all = try observation([0, 1, 2, 3, 4])
      try all.keep([true, false, true, false, true])
      let (wide, narrow) = try (
        five.weights(observing: all), three.weights(observing: observation(kept))
      )
      let (a, b) = (wide.values, narrow.values)
      #expect(a[1] == 0 && a[3] == 0)
      #expect(
        wide.elements?.count == narrow.elements?.count && (name == "db-mtl") == (wide.headWeights != nil))
      for (own, due) in zip(wide.elements ?? [], narrow.elements ?? []) {
        #expect(abs(own - due) <= 1e-9 * max(abs(due), 1), "step \(step)")
      }
      if let heads = wide.headWeights {
        #expect(heads[1] == 0 && heads[3] == 0 && kept.map { heads[$0] } == narrow.headWeights)
      }
      for (index, task) in kept.enumerated() {
        #expect(abs(a[task] - b[index]) <= 1e-9 * max(abs(b[index]), 1e-3), "step \(step): \(a) for \(b)")
      }
      guard step % 4 == 3 else { continue }
      five.epochEnded(meanLosses: losses.indices.map { kept.contains($0) ? losses[$0] : .nan })
      three.epochEnded(meanLosses: kept.map { losses[$0] })
    }
  }

  @Test func `Draws for absent tasks are passed over by the laws of 0 and 1`() throws {
    for law in ["bernoulli", "one-hot"] {
      var random = try StrategyRegistry.builtIn.makeWeigher(
        "random", taskCount: 3, parameters: ["law": .text(law), "sum": .text("tasks")])
      for _ in 0..<30 {
        let weights = try random.weights(observing: Self.observation([true, false, true])).values
        #expect(weights[1] == 0 && weights[0] + weights[2] == 2, "\(law)")
      }
    }
  }

  @Test(arguments: ["cosmos", "pbi"])
  func `Where only tasks of preference 0 are present the weights are finite`(name: String) throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: 3, parameters: ["preferences": .numbers([0, 1, 0])])
    let weights = try rule.weights(observing: Self.observation([true, false, true])).values
    #expect(weights.allSatisfy { $0.isFinite } && weights[1] == 0)
    #expect(name == "pbi" || weights == [0, 0, 0])
  }

  @Test func `The weights of ReLoBRaLo sum to T again when all tasks are back`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher("relobralo", taskCount: 3)
    _ = try rule.weights(observing: Self.observation())
    for scale in [0.5, 2, 0.7] {
      _ = try rule.weights(observing: Self.observation([true, false, true], scale: scale))
      _ = try rule.weights(observing: Self.observation([true, true, false], scale: scale))
    }
    let sum = try rule.weights(observing: Self.observation()).values.reduce(0, +)
    #expect(abs(sum - 3) <= 1e-12)
  }

  @Test(arguments: ["igb", "stch"])
  func `A base that an epoch does not give is that of the next epoch with labels`(name: String) throws {
    let parameters: [String: ParameterValue] =
      name == "stch"
      ? ["variant": .text("libmtl"), "warm-up-epochs": .number(0)] : ["base-epoch": .number(0)]
    var late = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 2, parameters: parameters)
    var early = late
    late.epochEnded(meanLosses: [1, .nan])
    // The first is at its base, the second counts as at its own.
    let weights = try late.weights(observing: StepObservation(losses: [1, 4])).values
    #expect(abs(weights[0] - 4 * weights[1]) <= 1e-15)
    _ = try JSONEncoder().encode(late)
    late.epochEnded(meanLosses: [0.5, 2])
    early.epochEnded(meanLosses: [1, 2])
    let step = StepObservation(losses: [0.7, 3])
    #expect(try late.weights(observing: step) == early.weights(observing: step))
  }

  @Test func `CoV weighs equally while a present task has been seen less than twice`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher("cov", taskCount: 3)
    for scale in [1, 1.5, 0.8, 1.1] {
      _ = try rule.weights(observing: Self.observation([true, false, true], scale: scale))
    }
    let third = 1.0 / 3
    for _ in 0..<2 {
      let weights = try rule.weights(observing: Self.observation()).values
      #expect(weights == [third, third, third])
    }
    let weights = try rule.weights(observing: Self.observation()).values
    #expect(weights[0] > third)
  }

  @Test func `Every registered rule weighs a step in which tasks are absent`() throws {
    for type in StrategyRegistry.builtIn.types {
      let name = type.about.name
      var rule = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3)
      for present in [[true, false, true], [false, false, true], [true, true, false]] {
        let observation = try Self.observation(present)
        let weights = try rule.weights(observing: observation).values
        #expect(weights.allSatisfy { $0.isFinite }, "\(name)")
        for (task, weight) in weights.enumerated() where !present[task] { #expect(weight == 0, "\(name)") }
      }
    }
  }

  @Test(arguments: [
    "uncertainty", "gradnorm", "revised-uncertainty", "imtl-l", "dtp",
  ])
  func `A task that is absent for a while goes on as if the steps between had not been`(name: String) throws {
    // One task alone decides nothing about the rates of GradNorm: with two, compare the one that stays away.
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3)
    var apart = strategy
    let both = try Self.observation()
    _ = try (strategy.weights(observing: both), apart.weights(observing: both))
    for _ in 0..<5 { _ = try strategy.weights(observing: Self.observation([true, false, true])) }
    #expect(
      try strategy.weights(observing: both).values[1] == apart.weights(observing: both).values[1])
  }

  @Test func `GradNorm without one task is GradNorm of the others, their sum kept`() throws {
    var three = try StrategyRegistry.builtIn.makeWeigher("gradnorm", taskCount: 3)
    var two = try StrategyRegistry.builtIn.makeWeigher("gradnorm", taskCount: 2)
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
    var three = try StrategyRegistry.builtIn.makeWeigher("pcgrad", taskCount: 3, parameters: order)
    var two = try StrategyRegistry.builtIn.makeWeigher("pcgrad", taskCount: 2, parameters: order)
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
    var three = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3)
    var two = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 2)
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
    var gaps = try StrategyRegistry.builtIn.makeWeigher("dwa", taskCount: 2)
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

  @Test func `Flags for another number of tasks, and a step without labels, are refused`() {
    let few = #expect(throws: WeightingError.self) { try Self.observation([true, false]) }
    #expect(few?.code == .taskCount && few?.message.contains("2 flags of presence for 3 tasks") == true)
    let none = #expect(throws: WeightingError.self) { try Self.observation([false, false, false]) }
    #expect(none?.code == .absentTask)
  }
}
