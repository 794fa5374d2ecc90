import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Closed forms of the rules on task gradients, where the golden files have other variants or no expectation.
@Suite struct JacobianRuleTests {
  private func step(_ rows: [[Double]], losses: [Double] = []) throws -> StepObservation {
    var step = try StepObservation(jacobian: rows, losses: losses)
    step.jacobians = try [Jacobian](repeating: #require(step.jacobian), count: 3)
    return step
  }

  private func expect(_ got: [Double]?, _ wanted: [Double], within tolerance: Double = 1e-12) {
    #expect(got?.count == wanted.count)
    for (got, wanted) in zip(got ?? [], wanted) {
      #expect(abs(got - wanted) <= tolerance * max(1, abs(wanted)))
    }
  }

  @Test func `GradDrop keeps one sign a parameter, and on average the sum`() throws {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    let rows = stream.jacobian(tasks: 4, parameters: 5)
    var strategy = try StrategyRegistry.builtIn.makeWeigher("graddrop", taskCount: 4, seed: 7)
    let count = 20_000
    var means = [Double](repeating: 0, count: 5)
    for index in 0..<count {
      var observation = try step(rows)
      observation.step = index
      let direction = try #require(try strategy.weights(observing: observation).direction)
      for (j, element) in direction.enumerated() {
        let column = rows.map { $0[j] }
        let signs = (column.filter { $0 > 0 }.reduce(0, +), column.filter { $0 < 0 }.reduce(0, +))
        #expect(abs(element - signs.0) <= 1e-12 || abs(element - signs.1) <= 1e-12)
        means[j] += element / Double(count)
      }
    }
    for j in 0..<5 {
      let column = rows.map { $0[j] }
      // A draw has one of two values, at most Σ |g| apart; six standard errors.
      let error = column.reduce(0) { $0 + abs($1) } / 2 / Double(count).squareRoot()
      #expect(abs(means[j] - column.reduce(0, +)) <= 6 * error)
    }
    let leak = ["leak": ParameterValue.numbers([1, 1, 1, 1])]
    var whole = try StrategyRegistry.builtIn.makeWeigher("graddrop", taskCount: 4, parameters: leak)
    expect(
      try whole.weights(observing: step(rows)).direction,
      (0..<5).map { j in rows.reduce(0) { $0 + $1[j] } })
  }

  @Test func `On the representation GradDrop keeps the samples of a unit together, by its sign`() throws {
    // Two units, three samples: z₁ = (1, 2 | 3, −1 | 5, 5), z₂ = (−2, 1 | 1, 1 | 7, 7).
    var observation = try step([[1, 2, 3, -1, 5, 5], [-2, 1, 1, 1, 7, 7]])
    observation.representation = try Representation(rows: [[0.5, -1], [-2, 3], [0, 0]])
    // With the signs (+, − | −, + | 0, 0): g₁ = (−2, −3), g₂ = (−3, 0); P = (0, 0).
    // A unit's task of the other sign, and one without gradient, is dropped but for its leak of ¼.
    func direction(_ uniforms: [Double]?, leak: [Double] = [0, 0.25]) throws -> [Double]? {
      var strategy = try StrategyRegistry.builtIn.makeWeigher(
        "graddrop", taskCount: 2, parameters: ["scope": .text("representation"), "leak": .numbers(leak)])
      observation.draws = InjectedDraws(orders: nil, uniforms: uniforms, normals: nil)
      return try strategy.weights(observing: observation).direction
    }
    expect(try direction([0.5, 0.5]), [-1, 2.25, 4, -0.75, 12, 6.75])
    expect(try direction([0.5, 0.5], leak: [1, 1]), [-1, 3, 4, 0, 12, 12])
    // g₁ = (−2, 3), g₂ = (3, 0) where the signs are (−, + | −, … ): P = (0.6, 1).
    observation.representation = try Representation(rows: [[1, 2], [-1, 1], [0, 0]])
    observation.jacobian = try Jacobian(rows: [[1, 2, 3, 1, 5, 5], [4, 1, 1, -1, 7, 7]])
    expect(try direction([0.59, 0.5], leak: [0, 0]), [4, 2, 1, 1, 7, 5])
    expect(try direction([0.61, 0.5], leak: [0, 0]), [1, 2, 3, 1, 5, 5])
    // A single task keeps its gradient, also where the sum over the samples is 0.
    var alone = try step([[1, 2, 1, 4]])
    alone.representation = try Representation(rows: [[1, 0], [-1, 0]])
    var single = try StrategyRegistry.builtIn.makeWeigher(
      "graddrop", taskCount: 1, parameters: ["scope": .text("representation")])
    expect(try single.weights(observing: alone).direction, [1, 2, 1, 4])
    let count = #expect(throws: WeightingError.self) { try direction([0.5, 0.5, 0.5]) }
    #expect(count?.message == "3 uniform draws for 2 units of the representation")
    observation.representation = nil
    let missing = #expect(throws: WeightingError.self) { try direction(nil) }
    #expect(missing?.code == .missingEvidence)
    observation.representation = try Representation(rows: [[1, 2]])
    let shape = #expect(throws: WeightingError.self) { try direction(nil) }
    #expect(shape?.message == "the representation has 2 elements, the Jacobian 6 columns")
  }

  @Test func `With one sign GradDrop keeps tasks whole, or as far as they leak`() throws {
    // By hand after SamsungLabs' code, with its leak of ¾ for ¼ here.
    var observation = try step([[1, 2, 3, -1], [-4, 1, 0, -2]])
    func direction(_ scope: String, _ draw: Double) throws -> [Double]? {
      var strategy = try StrategyRegistry.builtIn.makeWeigher(
        "graddrop", taskCount: 2,
        parameters: ["scope": .text(scope), "signs": .text("one"), "leak": .numbers([0.25, 0.25])])
      observation.draws = InjectedDraws(uniforms: [draw])
      return try strategy.weights(observing: observation).direction
    }
    observation.representation = try Representation(rows: [[0.5, -1], [-2, 3]])
    // G = (1 − 2 − 3 − 1, −4 − 1 − 0 − 2) = (−5, −7): P = 0, and both are kept.
    expect(try direction("representation", 0.3), [-3, 3, 3, -3])
    observation.representation = try Representation(rows: [[-0.5, -1], [-2, -3]])
    // G = (−5, 5): P = ½.
    expect(try direction("representation", 0.4), [-3.75, 1.5, 0.75, -2.25])
    expect(try direction("representation", 0.6), [0, 2.25, 3, -1.5])
    // On the parameters the sums are (5, −5).
    expect(try direction("shared-parameters", 0.4), [0, 2.25, 3, -1.5])
  }

  @Test func `DB-MTL starts at the first gradient, and balances it without memory`() throws {
    // Log-loss gradients (3, 0) and (0, 1): the second is stretched to the length of the first.
    var strategy = try StrategyRegistry.builtIn.makeWeigher("db-mtl", taskCount: 2)
    let first = try strategy.weights(observing: step([[3, 0], [0, 2]], losses: [1, 2]))
    expect(first.direction, [3, 3], within: 1e-7)
    expect(first.values, [1, 3], within: 1e-7)
    expect(first.headWeights, [1, 0.5], within: 1e-7)
    // 0.9 of the average stays: (2.7, 0.1) and (0, 1).
    let second = try strategy.weights(observing: step([[0, 1], [0, 2]], losses: [1, 2]))
    let length = (2.7 * 2.7 + 0.01).squareRoot()
    expect(second.direction, [2.7, 0.1 + length], within: 1e-7)
    #expect(throws: WeightingError.self) {
      try strategy.weights(observing: step([[1], [2]], losses: [1, 2]))
    }
  }

  @Test func `MoCo's first step, by hand`() throws {
    // y = (1, 0) and (0, 2), half of the gradients: YYᵀλ = (0.5, 2).
    var strategy = try StrategyRegistry.builtIn.makeWeigher("moco", taskCount: 2)
    let weights = try strategy.weights(observing: step([[2, 0], [0, 4]]))
    // λ − 0.1 (0.5, 2) = (0.45, 0.3), projected by adding 0.125 each.
    expect(weights.values, [0.575, 0.425])
    expect(weights.direction, [0.575, 0.85])
  }

  @Test func `SDMGrad without λ and momentum reaches MGDA's point, with a large λ the mean`() throws {
    let rows = [[2.0, 0], [0, 1]]
    func direction(_ parameters: [String: ParameterValue]) throws -> [Double]? {
      var strategy = try StrategyRegistry.builtIn.makeWeigher("sdmgrad", taskCount: 2, parameters: parameters)
      return try strategy.weights(observing: step(rows)).direction
    }
    // The min-norm point of (2, 0) and (0, 1) has the weights (1, 4)/5.
    let slow: [String: ParameterValue] = [
      "lambda": .number(0), "momentum": .number(0), "learning-rate": .number(0.3), "iterations": .number(500),
    ]
    expect(try direction(slow), [0.4, 0.8], within: 1e-9)
    expect(try direction(["lambda": .number(1e9)]), [1, 0.5], within: 1e-8)
  }

  @Test func `ExcessMTL's first update, by hand`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "excess-mtl", taskCount: 2, parameters: ["step-size": .number(1)])
    expect(try strategy.weights(observing: step([[1], [1]], losses: [1, 1])).values, [1, 1])
    // S = (2, 10): E/E(0) = 1/√2 and 9/√10.
    let weights = try strategy.weights(observing: step([[1], [3]], losses: [1, 1])).values
    #expect(abs(weights[0] + weights[1] - 2) <= 1e-14)
    // 2/(1 + exp(9/√10 − 1/√2)), by python3.
    #expect(abs(weights[0] - 0.21073795373271942) <= 1e-6)
  }

  @Test func `ExcessMTL waits with the reference of a task until it has a gradient`() throws {
    // Elsewhere the first step's 0 is divided by.
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "excess-mtl", taskCount: 2, parameters: ["step-size": .number(1)])
    expect(try strategy.weights(observing: step([[0], [1]], losses: [0, 1])).values, [1, 1])
    // The first gradient of task 0 is its reference and moves nothing, as that of task 1 did; E/E(0) = 1/√2 there.
    let weights = try strategy.weights(observing: step([[1], [1]], losses: [1, 1])).values
    // 2/(1 + exp(1/√2)), by python3.
    expect(weights, [0.6604769, 1.3395231], within: 1e-6)
  }

  @Test func `FAMO at a loss of 0 weighs by ε, which is a parameter`() throws {
    func weights(_ parameters: [String: ParameterValue] = [:]) throws -> [Double] {
      var strategy = try Weigher<FAMO>(taskCount: 2, parameters: parameters)
      let first = try strategy.weights(observing: StepObservation(losses: [0, 1])).values
      strategy.stepEnded(lossesAfter: [0, 0])
      #expect(try strategy.weights(observing: StepObservation(losses: [0, 0])).values.allSatisfy(\.isFinite))
      return first
    }
    // The rule of the paper: the solved task has all the weight but 1e-8.
    let paper = try weights()
    expect(paper, [1, 1e-8], within: 1e-7)
    #expect(abs(paper[1] / 1e-8 - 1) <= 1e-7)
    // (1/1, 1/2) of sum 1.
    expect(try weights(["epsilon": .number(1)]), [2.0 / 3, 1.0 / 3])
  }

  @Test func `FAMO: equal relative improvements change nothing, and who falls more weighs less`() throws {
    // Plain descent: Adam would make a step of the rounding of a gradient that is 0.
    var strategy = try Weigher<FAMO>(
      taskCount: 2,
      parameters: ["decay": .number(0), "epsilon": .number(1e-300), "optimizer": .text("sgd")])
    func weights(_ losses: [Double]) throws -> [Double] {
      try strategy.weights(observing: StepObservation(losses: losses)).values
    }
    expect(try weights([1, 3]), [0.75, 0.25])
    strategy.stepEnded(lossesAfter: [0.5, 1.5])
    expect(try weights([1, 3]), [0.75, 0.25])
    strategy.stepEnded(lossesAfter: [0.5, 2.9])
    let after = try weights([1, 3])
    #expect(after[0] < 0.75 && abs(after[0] + after[1] - 1) <= 1e-15)
    for useless in [[.nan, 1], [1, .infinity], [-1, 1], [1]] as [[Double]] {
      let before = strategy
      strategy.stepEnded(lossesAfter: useless)
      var (one, other) = (strategy, before)
      let step = StepObservation(losses: [1, 2])
      #expect(try one.weights(observing: step) == other.weights(observing: step))
      _ = try weights([1, 3])
    }
  }

  @Test func `FAMO leaves a task without labels as it was`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher("famo", taskCount: 3)
    var step = StepObservation(losses: [1, 2, 7])
    try step.keep([true, true, false])
    let weights = try strategy.weights(observing: step).values
    expect(weights, [2.0 / 3, 1.0 / 3, 0], within: 1e-7)
    strategy.stepEnded(lossesAfter: [0.5, 1.9, 0])
    var two = try StrategyRegistry.builtIn.makeWeigher("famo", taskCount: 2)
    _ = try two.weights(observing: StepObservation(losses: [1, 2]))
    two.stepEnded(lossesAfter: [0.5, 1.9])
    try step.keep([true, true, false])
    expect(
      try Array(strategy.weights(observing: step).values.prefix(2)),
      try two.weights(observing: StepObservation(losses: [1, 2])).values)
  }

  private func famo(
    _ after: String, optimizer: String = "adam", taskCount: Int = 3
  ) throws -> any StepWeigher {
    try StrategyRegistry.builtIn.makeWeigher(
      "famo", taskCount: taskCount, parameters: ["after": .text(after), "optimizer": .text(optimizer)])
  }

  private func resumed<Strategy: StepWeigher>(_ strategy: Strategy) throws -> any StepWeigher {
    try JSONDecoder().decode(Strategy.self, from: JSONEncoder().encode(strategy))
  }

  @Test(arguments: ["adam", "sgd"])
  func `FAMO after the next step is FAMO that is told the losses of the next step`(optimizer: String) throws {
    var stream = PhiloxStream(seed: 3, purpose: "test")
    let losses = (0..<12).map { _ in (0..<3).map { _ in exp(3 * stream.normal()) } }
    var (next, told) = (try famo("next-step", optimizer: optimizer), try famo("step", optimizer: optimizer))
    var first: [Double] = []
    for (index, step) in losses.enumerated() {
      let weights = try next.weights(observing: StepObservation(losses: step)).values
      #expect(weights == (try told.weights(observing: StepObservation(losses: step)).values))
      if index == 0 { first = weights }
      // What the step did to its own batch is of no meaning.
      next.stepEnded(lossesAfter: [1, 2, 3])
      if index + 1 < losses.count { told.stepEnded(lossesAfter: losses[index + 1]) }
      // The losses of this step are in the state.
      if index == 5 { next = try resumed(next) }
    }
    var unmoved = try famo("next-step")
    #expect(first != (try next.weights(observing: StepObservation(losses: losses[0])).values))
    #expect(first == (try unmoved.weights(observing: StepObservation(losses: losses[0])).values))
  }

  @Test func `FAMO that waits for the next step is as it was after losses that are refused`() throws {
    var strategy = try famo("next-step", taskCount: 2)
    _ = try strategy.weights(observing: StepObservation(losses: [1, 2]))
    var untouched = strategy
    for refused in [[1, -1], [.nan, 1], [1]] as [[Double]] {
      #expect(throws: WeightingError.self) {
        try strategy.weights(observing: StepObservation(losses: refused))
      }
    }
    let step = StepObservation(losses: [0.5, 1.9])
    #expect(try strategy.weights(observing: step) == untouched.weights(observing: step))
  }

  @Test func `FAMO compares two steps by the tasks that have labels in both`() throws {
    var (three, two) = (try famo("next-step"), try famo("next-step", taskCount: 2))
    var step = StepObservation(losses: [1, 2, 7])
    _ = try three.weights(observing: step)
    _ = try two.weights(observing: StepObservation(losses: [1, 2]))
    // Task 2 goes, and comes back: only the others have moved, by what they do without it.
    step = StepObservation(losses: [0.5, 1.9, 0])
    try step.keep([true, true, false])
    _ = try three.weights(observing: step)
    _ = try two.weights(observing: StepObservation(losses: [0.5, 1.9]))
    let (all, both) = (
      try three.weights(observing: StepObservation(losses: [0.4, 1.2, 3])).values,
      try two.weights(observing: StepObservation(losses: [0.4, 1.2])).values
    )
    expect([all[0] / (all[0] + all[1])], [both[0]])
    // Two logits that start at 0 stay opposite, so that one that is still 0 is their mean.
    let shares = zip(all, [0.4, 1.2, 3]).map { $0 * $1 }
    expect([shares[2]], [(shares[0] * shares[1]).squareRoot()], within: 1e-7)
    // Nothing moves between steps that have no task in common.
    var alone = try famo("next-step", taskCount: 2)
    var (one, other) = (StepObservation(losses: [1, 0]), StepObservation(losses: [0, 1]))
    try one.keep([true, false])
    try other.keep([false, true])
    for step in [one, other, one] { _ = try alone.weights(observing: step) }
    expect(try alone.weights(observing: StepObservation(losses: [1, 3])).values, [0.75, 0.25], within: 1e-7)
  }

  @Test(arguments: ["every", "average", "normalised"])
  func `A direction cannot be wrapped`(wrapper: String) throws {
    let error = #expect(throws: WeightingError.self) {
      try StrategyRegistry.builtIn.makeWeigher("graddrop+\(wrapper)", taskCount: 2)
    }
    #expect(error?.code == .parameter && error?.message.contains("graddrop gives a direction") == true)
  }
}
