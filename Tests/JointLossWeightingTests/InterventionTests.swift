import JointLossTestSupport
import JointLossWeighting
import Testing

/// What a rule says of the places where it departs from its formula.
@Suite struct InterventionTests {
  /// The interventions of the last of some steps.
  private func interventions(
    _ name: String, _ parameters: [String: ParameterValue] = [:], _ steps: [StepObservation]
  ) throws -> [[Intervention]]? {
    let count = steps[0].taskCount
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: count, parameters: parameters)
    var last: TaskWeights?
    for step in steps { last = try strategy.weights(observing: step) }
    return last?.interventions?.byTask
  }

  @Test(arguments: [
    "mgda", "cagrad", "config", "nash-mtl", "fairgrad", "gradvac", "imtl-g", "imtl", "upgrad", "dualproj",
    "pcgrad",
    "unit-gradient", "db-mtl", "mgda+average", "mgda+normalised", "mgda+every",
  ])
  func `A task with next to no gradient is left out and said to be, an absent one is not`(name: String) throws
  {
    var step = try StepObservation(jacobian: [[1, 0, 0], [0, 1e-13, 0], [0, 0, 1]], losses: [1, 1, 1])
    #expect(try interventions(name, [:], [step]) == [[], [.leftOut], []])
    try step.keep([true, true, false])
    #expect(try interventions(name, [:], [step]) == [[], [.leftOut], []])
    let whole = try StepObservation(jacobian: [[1, 0, 0], [0, 1e-11, 0], [0, 0, 1]], losses: [1, 1, 1])
    #expect(try interventions(name, [:], [whole]) == [[], [], []])
  }

  @Test(arguments: [
    ("uncertainty", ["clamp": ParameterValue.number(0.01)]),
    ("revised-uncertainty", ["clamp": .number(0.01)]),
    ("revised-uncertainty", ["clamp": .number(0.01), "parametrisation": .text("sigma")]),
    ("imtl-l", ["clamp": .number(0.01)]), ("ldc-mtl", ["initial": .number(40), "optimizer": .text("sgd")]),
  ])
  func `A learned number that leaves its range is held there`(
    name: String, parameters: [String: ParameterValue]
  ) throws {
    // Adam's first step is 0.025 long, and the second task has no labels.
    var step = StepObservation(losses: [5, 5, 5])
    try step.keep([true, false, true])
    #expect(try interventions(name, parameters, [step]) == [[.clamp], [], [.clamp]])
    let usual = StepObservation(losses: [5, 5, 5])
    let wide = parameters.filter { $0.key == "parametrisation" }
    #expect(try interventions(name, wide, [usual]) == [[], [], []])
  }

  @Test(arguments: [
    "gls", "scale-invariant", "uw-o", "uw-so", "igb", "go4align",
  ])
  func `A loss below epsilon counts as it`(name: String) throws {
    let step = StepObservation(losses: [1, 1e-3, 0.5])
    #expect(try interventions(name, ["epsilon": .number(0.01)], [step]) == [[], [.floor], []])
    #expect(try interventions(name, [:], [step]) == [[], [], []])
  }

  @Test func `The other floors and ceilings`() throws {
    let (one, solved) = (StepObservation(losses: [1, 1]), StepObservation(losses: [0, 1]))
    // The performance exp(−L/L(0)) of a loss that is 100 times the first is below 1e-12.
    #expect(try interventions("dtp", [:], [one, StepObservation(losses: [100, 1])]) == [[.floor], []])
    // A loss divided by one of 0.
    #expect(try interventions("relobralo", [:], [solved, one]) == [[.floor], []])
    #expect(
      try interventions("relobralo", [:], [solved, StepObservation(losses: [10, 1])]) == [
        [.floor, .ceiling], [],
      ])
    #expect(try interventions("cov", [:], [solved, one]) == [[.floor], []])
    #expect(try interventions("stch", ["variant": .text("libmtl")], [solved]) == [[.floor], []])
    let losses = ["normalisation": ParameterValue.text("loss")]
    let gradients = try StepObservation(jacobian: [[1, 0], [0, 1]], losses: [0, 1])
    #expect(try interventions("mgda", losses, [gradients]) == [[.floor], []])
    // A direction of length √2 and no longer than 1.
    #expect(try interventions("nash-mtl", ["max-norm": .number(1)], [gradients]) == [[.ceiling], [.ceiling]])
    // A ratio to a mean of 0.
    var dwa = try StrategyRegistry.builtIn.makeWeigher("dwa", taskCount: 2)
    dwa.epochEnded(meanLosses: [0, 1])
    dwa.epochEnded(meanLosses: [1, 1])
    #expect(try dwa.weights(observing: one).interventions?.byTask == [[.ceiling], []])
    dwa.epochEnded(meanLosses: [1, 1])
    #expect(try dwa.weights(observing: one).interventions?.byTask == [[], []])
  }

  @Test(arguments: ["rescaled", "exponential", "softmax"])
  func `GradNorm says where a weight is raised to the minimum`(parametrisation: String) throws {
    // The first task is solved: its target is 0, and its weight falls by 1 in every step of the first form.
    let steps = try (0..<200).map { step in
      try StepObservation(jacobian: [[1, 0], [0, 1]], losses: step == 0 ? [1, 1] : [1e-6, 1])
    }
    let parameters: [String: ParameterValue] = [
      "parametrisation": .text(parametrisation), "learning-rate": .number(1), "minimum-weight": .number(0.1),
      "optimizer": .text(parametrisation == "rescaled" ? "sgd" : "adam"),
    ]
    #expect(try interventions("gradnorm", parameters, steps) == [[.minimumWeight], []])
    #expect(try interventions("gradnorm", parameters, Array(steps.prefix(1))) == [[], []])
  }

  @Test func `GradNorm's floors of L(0) and of a rate`() throws {
    let step = try StepObservation(jacobian: [[1, 0], [0, 1]], losses: [1, 0])
    #expect(try interventions("gradnorm", [:], [step]) == [[], [.floor]])
    #expect(try interventions("gradnorm", [:], [step, step]) == [[], [.floor]])
    let first = try StepObservation(jacobian: [[1, 0], [0, 1]], losses: [1, 1])
    #expect(try interventions("gradnorm", ["targets": .text("inverse")], [first, step]) == [[], [.floor]])
  }

  @Test(arguments: [
    ("scale-invariant", "epsilon", Double.leastNonzeroMagnitude, [0.0, 1]),
    ("uw-o", "epsilon", Double.leastNonzeroMagnitude, [0, 1]),
    ("gls", "epsilon", Double.leastNonzeroMagnitude, [0, 1e300]),
    ("igb", "epsilon", Double.leastNonzeroMagnitude, [0, 1]),
    ("go4align", "epsilon", Double.leastNonzeroMagnitude, [0, 1]),
    ("stch", "mu", Double.leastNonzeroMagnitude, [1, 2]),
    ("softadapt", "beta", 1e300, [1, 1]),
    ("uncertainty", "clamp", 10, [1e200, 1]), ("revised-uncertainty", "clamp", 10, [1e200, 1]),
    ("imtl-l", "clamp", 20, [1e200, 1]), ("cosmos", "lambda", 1e300, [1e-20, 3e-20]),
    ("moco", "gamma", 1e308, [1, 1]), ("modo", "gamma", 1e308, [1, 1]),
    ("db-mtl", "epsilon", Double.leastNonzeroMagnitude, [0, 1]),
  ])
  func `An overflow names the parameter that lets it happen`(
    name: String, parameter: String, value: Double, losses: [Double]
  ) throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: 2, parameters: [parameter: .number(value)])
    let error = #expect(throws: WeightingError.self) {
      for scale in [1.0, 1e20] {
        var step = try StepObservation(jacobian: [[40, 0], [0, 30]], losses: losses.map { $0 * scale })
        step.jacobians = step.jacobian.map { [$0, $0, $0] }
        _ = try strategy.weights(observing: step)
      }
    }
    #expect(
      error?.message.contains("\(name).\(parameter) is \(ParameterValue.number(value))") == true,
      "\(error as Any)")
    #expect(error?.code == .nonFinite)
  }

  @Test func `SDMGrad names its step size where it leads nowhere`() throws {
    let parameters: [String: ParameterValue] = ["learning-rate": .number(1e308), "lambda": .number(10)]
    var strategy = try StrategyRegistry.builtIn.makeWeigher("sdmgrad", taskCount: 2, parameters: parameters)
    var step = StepObservation(losses: [1, 1])
    step.jacobians = try (0..<3).map { _ in try Jacobian(rows: [[1, 0], [0, 1]]) }
    let error = #expect(throws: WeightingError.self) { try strategy.weights(observing: step) }
    #expect(error?.message.hasSuffix("nan: sdmgrad.learning-rate is 1e+308") == true)
  }
}
