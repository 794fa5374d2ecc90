import Foundation
import JointLossLinearAlgebra
import JointLossWeighting
import Testing

/// Rules on task gradients in steps in which tasks have no labels: by hand, and what they keep of such tasks.
@Suite struct AbsentJacobianRuleTests {
  private func step(
    _ rows: [[Double]], loss: Double = 1, present: [Bool]? = nil
  ) throws -> StepObservation {
    var step = StepObservation(losses: rows.map { _ in loss })
    let jacobian = try Jacobian(rows: rows)
    (step.jacobian, step.jacobians) = (jacobian, [jacobian, jacobian, jacobian])
    if let present { try step.keep(present) }
    return step
  }

  private func expect(_ got: [Double]?, _ wanted: [Double], within tolerance: Double = 1e-12) {
    #expect(got?.count == wanted.count)
    for (got, wanted) in zip(got ?? [], wanted) {
      #expect(abs(got - wanted) <= tolerance * max(1, abs(wanted)), "\(got) for \(wanted)")
    }
  }

  private func state(_ strategy: any StepWeigher) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: JSONEncoder().encode(strategy.strategy))
    return try #require(value as? [String: Any])
  }

  /// A list of the state; of a Jacobian its elements.
  private func list(_ key: String, of strategy: any StepWeigher) throws -> [Double] {
    let value = try state(strategy)[key]
    let list = (value as? [String: Any])?["elements"] ?? value
    return try #require(list as? [Double], "\(key)")
  }

  @Test func `The trimmed mean of three present tasks of five is their median, that of two their mean`()
    throws
  {
    let rows = [[1.0, 8], [90, 90], [2, 6], [-90, 90], [4, 7]]
    var rule = try StrategyRegistry.builtIn.makeWeigher(
      "trimmed-mean", taskCount: 5, parameters: ["trim": .number(2)])
    let third = 1.0 / 3
    let three = try rule.weights(observing: step(rows, present: [true, false, true, false, true]))
    #expect(three.direction == [2, 7] && three.values == [third, 0, third, 0, third])
    let two = try rule.weights(observing: step(rows, present: [true, false, false, false, true]))
    #expect(two.direction == [2.5, 7.5] && two.values == [0.5, 0, 0, 0, 0.5])
    // All are back: two are left out at each end again.
    #expect(try rule.weights(observing: step(rows)).direction == [2, 8])
  }

  @Test func `DB-MTL starts an average at the first gradient of its task, whichever step that is`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher("db-mtl", taskCount: 2)
    let first = try rule.weights(observing: step([[3, 0], [9, 9]], present: [true, false]))
    expect(first.direction, [3, 0], within: 1e-7)
    expect(first.headWeights, [1, 0], within: 1e-7)
    // The first task's average is (3, 0) again; the second's is (0, 2) and not a tenth of it.
    let second = try rule.weights(observing: step([[3, 0], [0, 2]]))
    expect(second.direction, [3, 3], within: 1e-7)
    expect(second.values, [1, 1.5], within: 1e-7)
    expect(try list("averages", of: rule), [3, 0, 0, 2], within: 1e-7)
    #expect(try list("counts", of: rule) == [2, 1])
  }

  @Test func `MoCo's first step without a task is that of the others, by hand`() throws {
    // y = (1, 0) and (0, 2): λ − 0.1 (0.5, 2) = (0.45, 0.3), projected by adding 0.125 each.
    var rule = try StrategyRegistry.builtIn.makeWeigher("moco", taskCount: 3)
    let weights = try rule.weights(
      observing: step([[2, 0], [9, 9], [0, 4]], present: [true, false, true]))
    expect(weights.values, [0.575, 0, 0.425])
    expect(weights.direction, [0.575, 0.85])
    // Two of the three thirds, which the two shared before.
    expect(try list("lambda", of: rule), [0.575 * 2 / 3, 1.0 / 3, 0.425 * 2 / 3])
    #expect(try list("tracked", of: rule) == [1, 0, 0, 0, 0, 2])
  }

  @Test func `ExcessMTL without a task is that of the others, whose weights keep their sum`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher(
      "excess-mtl", taskCount: 3, parameters: ["step-size": .number(1)])
    expect(try rule.weights(observing: step([[1], [5], [1]])).values, [1, 1, 1])
    // S = (2, –, 10): E/E(0) = 1/√2 and 9/√10; 2/(1 + exp(9/√10 − 1/√2)), by python3.
    let weights = try rule.weights(observing: step([[1], [7], [3]], present: [true, false, true])).values
    expect(weights, [0.21073795373271942, 0, 2 - 0.21073795373271942], within: 1e-6)
    // Without gradients nothing moves, and the second has the third of the weight that it had.
    let after = try rule.weights(observing: step([[0], [0], [0]])).values
    expect(after, [weights[0], 1, weights[2]], within: 1e-12)
  }

  @Test func `The warm-up of ExcessMTL is of a task's own steps`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher(
      "excess-mtl", taskCount: 2, parameters: ["warm-up": .number(2), "step-size": .number(1)])
    for present in [[true, false], [true, true], [true, true]] {
      _ = try rule.weights(observing: step([[1], [1]], present: present))
    }
    // E = 1 and 1/√2 in a task's first two steps, whose mean is the reference.
    let mean = (1 + 0.5.squareRoot()) / 2
    expect(try list("references", of: rule), [mean, mean], within: 1e-6)
    #expect(try list("counts", of: rule) == [3, 2])
    // The first has moved by E/E(0) of its third step.
    let logs = try list("logWeights", of: rule)
    expect([logs[0] - logs[1]], [1 / 3.0.squareRoot() / mean], within: 1e-6)
  }

  @Test(
    arguments: [
      ("db-mtl", ["sigma": .number(0.5)], ["averages", "counts"]),
      ("moco", ["beta-sigma": .number(0.5)], ["tracked", "counts"]),
      ("excess-mtl", ["warm-up": .number(2)], ["squares", "references", "counts"]),
    ] as [(String, [String: ParameterValue], [String])])
  func `What is kept of a task goes on as if the steps without it had not been`(
    name: String, parameters: [String: ParameterValue], keys: [String]
  ) throws {
    var stream = PhiloxStream(seed: 4, purpose: "test")
    var gaps = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3, parameters: parameters)
    var plain = gaps
    for index in 0..<12 {
      let rows = (0..<3).map { _ in (0..<4).map { _ in stream.normal() } }
      let isAbsent = [0, 3, 4, 8].contains(index)
      _ = try gaps.weights(observing: step(rows, present: [true, !isAbsent, true]))
      if !isAbsent { _ = try plain.weights(observing: step(rows)) }
    }
    for key in keys {
      let (own, due) = try (list(key, of: gaps), list(key, of: plain))
      let width = own.count / 3
      #expect(own[width..<2 * width] == due[width..<2 * width], "\(key)")
      // The others have seen more.
      #expect(own[..<width] != due[..<width], "\(key)")
    }
  }

  @Test(arguments: [("moco", "lambda"), ("modo", "lambda"), ("sdmgrad", "simplex")])
  func `Whoever is absent, the kept weights are a point of the simplex`(name: String, key: String) throws {
    var stream = PhiloxStream(seed: 6, purpose: "test")
    var rule = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 4)
    for index in 0..<60 {
      let before = try list(key, of: rule)
      let rows = (0..<4).map { _ in (0..<5).map { _ in stream.normal() } }
      var present = (0..<4).map { _ in stream.index(below: 2) == 0 }
      present[index % 4] = true
      let weights = try rule.weights(observing: step(rows, present: present)).values
      let after = try list(key, of: rule)
      for task in 0..<4 where !present[task] { #expect(after[task] == before[task] && weights[task] == 0) }
      #expect(after.allSatisfy { $0 >= 0 } && abs(after.reduce(0, +) - 1) <= 1e-12)
      #expect(weights.allSatisfy { $0 >= 0 } && abs(weights.reduce(0, +) - 1) <= 1e-12)
    }
  }

  @Test func `Where only tasks of kept weight 0 are present MoDo weighs them as at first`() throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher(
      "modo", taskCount: 3, parameters: ["gamma": .number(1)])
    let rows = [[10, 0], [0, 0.1], [10, 0]]
    #expect(try rule.weights(observing: step(rows)).values == [0, 1, 0])
    let weights = try rule.weights(observing: step(rows, present: [true, false, true]))
    #expect(weights.values == [0.5, 0, 0.5] && weights.direction == [10, 0])
    #expect(try list("lambda", of: rule) == [0, 1, 0])
  }

  @Test(arguments: ["db-mtl", "excess-mtl", "moco", "modo", "sdmgrad"])
  func `A step that fails without a task leaves all as it was`(name: String) throws {
    var rule = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 3)
    let rows = [[1.0, 2], [3, -1], [0.5, 1]]
    _ = try rule.weights(observing: step(rows))
    let before = try state(rule)
    let huge = [[1e200, 1e300], [3, -1], [1.7e308, 1.7e308]]
    #expect(throws: WeightingError.self) {
      // The loss is what DB-MTL divides by.
      try rule.weights(observing: step(huge, loss: 0.01, present: [true, false, true]))
    }
    #expect(try NSDictionary(dictionary: state(rule)) == NSDictionary(dictionary: before))
  }
}
