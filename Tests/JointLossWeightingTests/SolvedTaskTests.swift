import Foundation
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Ten thousand steps in which one task is solved, one never has a gradient, and one is solved and returns.
@Suite struct SolvedTaskTests {
  struct Rule: CustomTestStringConvertible, Sendable {
    let name: String
    var parameters: [String: ParameterValue] = [:]

    var testDescription: String {
      "\(name) \(parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))"
    }
  }

  private static let options = [
    Rule(name: "cov", parameters: ["decay": .number(0.1)]),
    Rule(name: "cov", parameters: ["decay": .number(0.9)]),
    Rule(name: "cov", parameters: ["decay": .number(0.999)]),
    Rule(name: "db-mtl", parameters: ["beta": .number(0)]),
    Rule(name: "db-mtl", parameters: ["beta": .number(0.1)]),
    Rule(name: "db-mtl", parameters: ["beta": .number(0.999), "start": .text("zero")]),
    Rule(name: "db-mtl", parameters: ["sigma": .number(0.5)]),
    Rule(name: "dwa", parameters: ["averages": .text("windows")]),
    Rule(name: "dwa", parameters: ["averages": .text("windows-from-ones"), "reduction": .text("mean")]),
    Rule(name: "dtp", parameters: ["alpha": .number(0.1), "gamma": .number(3)]),
    Rule(name: "softadapt", parameters: ["variant": .text("normalised")]),
    Rule(name: "softadapt", parameters: ["variant": .text("loss-weighted")]),
    Rule(name: "relobralo", parameters: ["alpha": .number(0.5), "expected-saudade": .number(0.5)]),
    Rule(name: "relobralo", parameters: ["temperature": .number(1e-289)]),
    Rule(name: "gradnorm", parameters: ["parametrisation": .text("softmax")]),
    Rule(name: "gradnorm", parameters: ["parametrisation": .text("exponential"), "alpha": .number(0.12)]),
    Rule(name: "gradnorm", parameters: ["targets": .text("inverse")]),
    Rule(name: "gradnorm", parameters: ["initial-losses": .text("previous-step")]),
    Rule(name: "gradvac", parameters: ["beta": .number(0.5), "targets": .text("turned")]),
    Rule(name: "moco", parameters: ["variant": .text("libmtl")]),
    Rule(name: "excess-mtl", parameters: ["warm-up": .number(0), "step-size": .number(1)]),
    Rule(name: "excess-mtl", parameters: ["warm-up": .number(3), "epsilon": .number(1e-7)]),
    Rule(name: "adatask", parameters: ["variant": .text("rmsprop"), "epsilon": .number(0)]),
    Rule(name: "adatask", parameters: ["beta2": .number(0.82), "epsilon": .number(0)]),
    Rule(name: "stch", parameters: ["variant": .text("libmtl"), "warm-up-epochs": .number(1)]),
    Rule(name: "uncertainty", parameters: ["optimizer": .text("sgd"), "learning-rate": .number(1)]),
    Rule(name: "revised-uncertainty", parameters: ["parametrisation": .text("sigma")]),
    Rule(name: "famo", parameters: ["after": .text("next-step")]),
    Rule(name: "nash-mtl", parameters: ["update-every": .number(7), "max-norm": .number(1)]),
    Rule(name: "unit-gradient+average"), Rule(name: "db-mtl"), Rule(name: "uw-o+average+normalised"),
    Rule(name: "mgda+every", parameters: ["normalisation": .text("l2")]), Rule(name: "imtl-g+average"),
  ]

  /// Every rule that remembers something, with its defaults, and such options as change what it remembers.
  private static let rules =
    StrategyRegistry.builtIn.types.filter { !$0.about.promises.isMemoryless }.map {
      Rule(name: $0.about.name)
    } + options

  private static let steps = 10_000

  /// The size of each task's loss and gradient in a step: it is solved as 0.99^k and exactly from step 6000 on; it has
  /// no gradient; it is solved as 0.5^k from step 500 on, exactly from step 2000 on, and returns in step 8000; it goes on.
  private static func sizes(_ step: Int) -> [Double] {
    let noise = 1 + 0.3 * sin(Double(step) * 1.7)
    let solved = step < 6000 ? pow(0.99, Double(step)) : 0
    let returning = step < 500 || step >= 8000 ? 1 : step < 2000 ? pow(0.5, Double(step - 500)) : 0
    return [solved * noise, 0, returning * noise, 1 + 0.2 * cos(Double(step))]
  }

  private static func observation(_ step: Int) throws -> StepObservation {
    let sizes = sizes(step)
    let turn = 0.1 * sin(Double(step) * 0.3)
    let directions = [[1, turn, 0], [0, 0, 0], [-0.5, 1, turn], [turn, 0.3, 1]]
    let jacobian = try Jacobian(rows: zip(sizes, directions).map { size, row in row.map { size * $0 } })
    var observation = StepObservation(losses: [sizes[0], 1, sizes[2], sizes[3]])
    observation.jacobian = jacobian
    observation.gramian = jacobian.gramian
    observation.jacobians = [jacobian, jacobian, jacobian]
    (observation.step, observation.epoch) = (step, step / 500)
    return observation
  }

  @Test(.timeLimit(.minutes(3)), arguments: rules)
  func `Weights stay finite and in proportion, and the state can be saved`(_ rule: Rule) throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      rule.name, taskCount: 4, parameters: rule.parameters)
    let promises = strategy.strategy.promises
    var means = EpochMeans(taskCount: 4)
    for step in 0..<Self.steps {
      let observation = try Self.observation(step)
      let weights = try strategy.weights(observing: observation)
      let numbers =
        weights.values + (weights.direction ?? []) + (weights.update ?? []) + (weights.headWeights ?? [])
      guard numbers.allSatisfy(\.isFinite) else {
        Issue.record("step \(step): \(numbers)")
        return
      }
      let sum = weights.values.reduce(0, +)
      #expect(promises.weightSum != .tasks || abs(sum - 4) <= 1e-9, "step \(step): \(weights.values)")
      #expect(promises.weightSum != .one || abs(sum - 1) <= 1e-9, "step \(step): \(weights.values)")
      #expect(!promises.hasNonNegativeWeights || weights.values.allSatisfy { $0 >= 0 }, "step \(step)")
      // No task pulls further than e^20, the largest factor that a rule learns (IMTL's), whatever its gradient was.
      let pulls =
        weights.elements.map { $0.map(abs) } ?? zip(weights.values, Self.sizes(step)).map { abs($0 * $1) }
      #expect(pulls.allSatisfy { $0 <= 5e8 }, "step \(step): \(weights.values), \(pulls)")
      if strategy.looksAfterStep { strategy.stepEnded(lossesAfter: try Self.observation(step + 1).losses) }
      means.add(losses: observation.losses, samples: 1)
      if step % 500 == 499 {
        strategy.epochEnded(meanLosses: try #require(means.means))
        means.reset()
      }
    }
    #expect(throws: Never.self) { try JSONEncoder().encode(strategy) }
  }

  private func run(_ fault: FaultFile) throws -> [TaskWeights] {
    struct Line: Decodable {
      let losses: [Double]
      let jacobian: [[Double]]?
    }
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      fault.strategy, taskCount: 2, parameters: fault.parameters)
    return try fault.lines.map { text in
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      var observation = StepObservation(losses: line.losses)
      observation.jacobian = try line.jacobian.map { try Jacobian(rows: $0) }
      return try strategy.weights(observing: observation)
    }
  }

  @Test func `CoV goes over to the solved task, whose coefficient has no bound`() throws {
    let weights = try run(FaultFile("F1-cov-decay"))
    #expect(weights.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    let last = try #require(weights.last).values
    #expect(abs(last[0] - 1) <= 1e-12 && abs(last[1]) <= 1e-12)
  }

  @Test func `DB-MTL drops the task that has no gradient any more`() throws {
    let directions = try run(FaultFile("F2-db-mtl-stale")).map { try #require($0.direction) }
    #expect(directions.allSatisfy { $0.allSatisfy(\.isFinite) })
    // From line 16 on within 1e-6; as in LibMTL, whose 1e-8 beside the norm lets it fall in proportion.
    #expect(directions[15...].allSatisfy { abs($0[0]) <= 1e-6 && abs($0[1] - 1) <= 1e-6 })
    // At once: what has no gradient adds nothing.
    #expect(directions[1...].allSatisfy { $0[0] == 0 })
  }

  @Test func `DB-MTL takes a gradient of next to nothing for none`() throws {
    let fault = try FaultFile("F2-db-mtl-tiny")
    let directions = try run(fault).map { try #require($0.direction) }
    #expect(fault.expected == .list([.list([.number(0), .number(0.99999999)])]))
    #expect(directions[0][0] == 0 && abs(directions[0][1] - 0.99999999) <= 1e-15)
  }

  @Test func `DB-MTL goes on with its average when a gradient comes back`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "db-mtl", taskCount: 2, parameters: ["beta": .number(0.5), "epsilon": .number(1e-300)])
    func direction(_ rows: [[Double]]) throws -> [Double] {
      var observation = StepObservation(losses: [1, 1])
      observation.jacobian = try Jacobian(rows: rows)
      return try #require(try strategy.weights(observing: observation).direction)
    }
    #expect(try direction([[1, 0], [0, 1]]) == [1, 1])
    // m = (½, 0), without a gradient.
    #expect(try direction([[0, 0], [0, 1]]) == [0, 1])
    // m = (½ · ½ + ½ · 0, ½ · 3) of the length 1.520…; the other of length 1 becomes as long.
    let back = try direction([[0, 3], [0, 1]])
    let length = (0.25 * 0.25 + 1.5 * 1.5).squareRoot()
    #expect(abs(back[0] - 0.25) <= 1e-15 && abs(back[1] - (1.5 + length)) <= 1e-15)
  }

  @Test func `MGDA does not make a gradient of next to nothing as long as the others`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "mgda", taskCount: 2, parameters: ["normalisation": .text("l2")])
    let step = try StepObservation(jacobian: [[1e-30, 0], [0, 2]], losses: [1, 1])
    // Left out at 1/T; the other alone: T·½/‖g‖ of the weights' sum.
    #expect(try strategy.weights(observing: step).values == [0.5, 0.25])
  }

  @Test func `Excess-MTL takes a new reference where that of the warm-up is next to nothing`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher("excess-mtl", taskCount: 2)
    let first = try StepObservation(jacobian: [[1e-40, 0], [0, 1]], losses: [1, 1])
    _ = try strategy.weights(observing: first)
    let second = try strategy.weights(
      observing: try StepObservation(jacobian: [[1, 0], [0, 1]], losses: [1, 1]))
    #expect(second.interventions?.byTask == [[.leftOut], []])
    // The other has moved by η E/E(0) = 0.01/√2, up to the 1e-7 beside its squares.
    #expect(abs(second.values[1] / second.values[0] - exp(0.01 / 2.0.squareRoot())) <= 1e-8)
  }

  @Test func `Adam's moments of a task cannot outlast their own root`() {
    let error = #expect(throws: WeightingError.self) {
      try StrategyRegistry.builtIn.makeWeigher("adatask", taskCount: 2, parameters: ["beta2": .number(0.81)])
    }
    #expect(error?.message == "adatask.beta1 is 0.9, whose square is not below adatask.beta2, 0.81")
  }
}
