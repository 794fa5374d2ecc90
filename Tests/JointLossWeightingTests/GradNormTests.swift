import JointLossLinearAlgebra
import JointLossWeighting
import Testing

@Suite struct GradNormTests {
  private func rule(_ tasks: Int, _ parameters: [String: ParameterValue] = [:]) throws -> Weigher<GradNorm> {
    try Weigher<GradNorm>(taskCount: tasks, parameters: parameters)
  }

  private func step(_ rule: inout Weigher<GradNorm>, losses: [Double], norms: [Double]) throws -> [Double] {
    var observation = StepObservation(losses: losses)
    observation.gradientNorms = norms
    return try rule.weights(observing: observation).values
  }

  private static let sgd: [String: ParameterValue] = ["optimizer": .text("sgd")]

  @Test(arguments: ["rescaled", "softmax", "exponential"])
  func `Weights are positive and sum to T, whatever comes`(parametrisation: String) throws {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    for optimizer in ["adam", "sgd"] {
      for tasks in 1...6 {
        var rule = try rule(
          tasks,
          [
            "optimizer": .text(optimizer), "learning-rate": .number(0.5),
            "parametrisation": .text(parametrisation),
          ])
        for _ in 0..<60 {
          // Zeros among losses and norms, and norms over ten orders of magnitude.
          let losses = (0..<tasks).map { _ in max(0, stream.normal()) }
          let norms = (0..<tasks).map { _ in
            max(0, stream.normal()) * (stream.uniform() < 0.5 ? 1e5 : 1e-5)
          }
          let weights = try step(&rule, losses: losses, norms: norms)
          #expect(weights.allSatisfy { $0 > 0 && $0.isFinite })
          #expect(abs(weights.reduce(0, +) - Double(tasks)) <= 1e-12 * Double(tasks))
        }
      }
    }
  }

  // hosseinshn/GradNorm, issue 7: the raw step is (−1.5, 1.0025), and rescaling it gives (6.03, −4.03).
  @Test func `A step that would make a weight negative stops at the minimum`() throws {
    var rule = try rule(2, Self.sgd.merging(["alpha": .number(0)]) { $1 })
    #expect(try step(&rule, losses: [1, 1], norms: [100, 0.1]) == [1, 1])
    let weights = try step(&rule, losses: [1, 1], norms: [100, 0.1])
    #expect(abs(weights[0] - 2e-6 / 1.002501) <= 1e-15)
    #expect(abs(weights[1] - 2 * 1.0025 / 1.002501) <= 1e-12)
  }

  // The same step where weights have the sum 1: (.5 − 2.5, .5 + .0025).
  @Test func `The clamp holds for weights of sum 1`() throws {
    var rule = try rule(2, Self.sgd.merging(["alpha": .number(0), "sum": .text("one")]) { $1 })
    #expect(try step(&rule, losses: [1, 1], norms: [100, 0.1]) == [0.5, 0.5])
    let weights = try step(&rule, losses: [1, 1], norms: [100, 0.1])
    #expect(abs(weights[0] - 1e-6 / 0.502501) <= 1e-15)
    #expect(abs(weights[1] - 0.5025 / 0.502501) <= 1e-12)
  }

  private static let steps = [[1, 1, 1], [0.5, 0.8, 0.9], [0.3, 0.8, 0.6], [0.3, 0.7, 0.5]]

  // numpy: g = sign(G − G.mean() r**1.5) n for n = (3, 1, .5), G = w n, r = L/L0/mean(L/L0), with
  // p −= .1 w g; p += log(3/exp(p).sum()); w = exp(p) for the logarithms, and w −= .02 g; w /= w.sum() for sum 1.
  @Test(
    arguments: [
      (
        ["parametrisation": .text("exponential"), "learning-rate": .number(0.1)],
        [
          [1.0, 1.0, 1.0],
          [0.7670883806344831, 1.1443613915041697, 1.0885502278613475],
          [0.6009975168349144, 1.265412526803735, 1.13358995636135],
          [0.47982834108548356, 1.373107335044275, 1.147064323870241],
        ]
      ),
      (
        ["sum": .text("one"), "learning-rate": .number(0.02)],
        [
          [0.3333333333333333, 0.3333333333333333, 0.3333333333333333],
          [0.281786941580756, 0.3642611683848797, 0.3539518900343643],
          [0.2286463315265526, 0.3961455344174018, 0.3752081340560457],
          [0.1738621974500542, 0.4290160148633008, 0.397121787686645],
        ]
      ),
    ] as [([String: ParameterValue], [[Double]])])
  func `Weights by their logarithms, and weights of sum 1, step by step`(
    parameters: [String: ParameterValue], expected: [[Double]]
  ) throws {
    var rule = try rule(3, Self.sgd.merging(parameters) { $1 })
    for (losses, wanted) in zip(Self.steps, expected) {
      let weights = try step(&rule, losses: losses, norms: [3, 1, 0.5])
      for (got, wanted) in zip(weights, wanted) { #expect(abs(got - wanted) <= 1e-13) }
    }
  }

  @Test func `One step raises a weight exactly where its norm is below its target`() throws {
    var stream = PhiloxStream(seed: 2, purpose: "test")
    for _ in 0..<100 {
      var rule = try rule(3, Self.sgd.merging(["learning-rate": .number(1e-6)]) { $1 })
      let initial = (0..<3).map { _ in 0.5 + stream.uniform() }
      _ = try step(&rule, losses: initial, norms: [1, 1, 1])
      let losses = (0..<3).map { _ in 0.5 + stream.uniform() }
      let norms = (0..<3).map { _ in 0.5 + stream.uniform() }
      let before = try step(&rule, losses: losses, norms: norms)
      let after = try step(&rule, losses: losses, norms: norms)
      let ratios = zip(losses, initial).map { $0 / $1 }
      let mean = ratios.reduce(0, +) / 3
      let meanNorm = zip(before, norms).map(*).reduce(0, +) / 3
      // Rescaling divides all by one sum: undo it with the known sum of the steps.
      let signs = (0..<3).map { task in
        let target = meanNorm * (ratios[task] / mean) * (ratios[task] / mean).squareRoot()
        return before[task] * norms[task] < target ? 1.0 : -1
      }
      let moved = (0..<3).map { before[$0] + 1e-6 * signs[$0] * norms[$0] }
      let sum = moved.reduce(0, +)
      for task in 0..<3 { #expect(abs(after[task] - 3 * moved[task] / sum) <= 1e-12) }
    }
  }

  // numpy: r = [.5, 1]/.75; r**1.5 = (.544331, 1.539601). The first weight's direction turns where its norm 1
  // equals .544331 (1 + x)/2, at x = 2.674231.
  @Test func `The target is the mean norm times the relative rate to the power alpha`() throws {
    let turn = 2 / 0.5443310539518174 - 1
    for (norm, rises) in [(turn - 1e-6, false), (turn + 1e-6, true)] {
      var rule = try rule(2, Self.sgd.merging(["learning-rate": .number(1e-6)]) { $1 })
      _ = try step(&rule, losses: [1, 1], norms: [1, 1])
      _ = try step(&rule, losses: [0.5, 1], norms: [1, norm])
      let after = try step(&rule, losses: [0.5, 1], norms: [1, norm])
      // The second norm lies below its target in both cases, so that its weight is raised by 1e-6 x.
      let moved = [1 + (rises ? 1e-6 : -1e-6), 1 + 1e-6 * norm]
      #expect(abs(after[0] - 2 * moved[0] / (moved[0] + moved[1])) <= 1e-13)
    }
  }

  @Test func `With inverse targets the rate has the power -alpha`() throws {
    // r^(−1.5) = (1.837117, 0.649519): the first weight turns where its norm 1 equals 1.837117 (1 + x)/2.
    let turn = 2 / 1.8371173070873836 - 1
    for (norm, rises) in [(turn - 1e-6, false), (turn + 1e-6, true)] {
      var rule = try rule(
        2, Self.sgd.merging(["learning-rate": .number(1e-6), "targets": .text("inverse")]) { $1 })
      _ = try step(&rule, losses: [1, 1], norms: [1, 1])
      _ = try step(&rule, losses: [0.5, 1], norms: [1, norm])
      let after = try step(&rule, losses: [0.5, 1], norms: [1, norm])
      // The second norm lies below its target of .3535 in both cases.
      let moved = [1 + (rises ? 1e-6 : -1e-6), 1 + 1e-6 * norm]
      #expect(abs(after[0] - 2 * moved[0] / (moved[0] + moved[1])) <= 1e-13)
    }
    // A task that is solved has an infinite target, and no step has weights that are not numbers.
    for alpha in [1.5, 40] {
      var rule = try rule(2, ["targets": .text("inverse"), "alpha": .number(alpha)])
      for (losses, norm) in [([1.0, 1], 0.0), ([0, 1], 0), ([0, 1], 1), ([0, 0], 0)] {
        #expect(try step(&rule, losses: losses, norms: [norm, 0]).allSatisfy { $0 > 0 && $0.isFinite })
      }
    }
  }

  @Test func `With the losses of the step before a rate is that of one step`() throws {
    let losses = [[1.0, 2], [0.5, 4], [0.25, 2], [0.3, 2]]
    var rule = try rule(2, Self.sgd.merging(["initial-losses": .text("previous-step")]) { $1 })
    // Each step anew from a rule that knows the losses of the one before alone.
    var weights = try step(&rule, losses: losses[0], norms: [1, 2])
    for index in 1..<losses.count {
      let next = try step(&rule, losses: losses[index], norms: [1, 2])
      let ratios = zip(losses[index - 1], losses[max(index - 2, 0)]).map { $0 / $1 }
      let (mean, meanNorm) = (ratios.reduce(0, +) / 2, (weights[0] + 2 * weights[1]) / 2)
      let rate = 0.025
      let moved = (0..<2).map { task in
        let target = meanNorm * (ratios[task] / mean) * (ratios[task] / mean).squareRoot()
        let norm = [1.0, 2][task]
        return weights[task] - rate
          * (weights[task] * norm > target ? norm : weights[task] * norm < target ? -norm : 0)
      }
      for task in 0..<2 { #expect(abs(next[task] - 2 * moved[task] / (moved[0] + moved[1])) <= 1e-12) }
      weights = next
    }
  }

  @Test(arguments: ["rescaled", "softmax", "exponential"])
  func `With alpha 0 and constant norms the weights become inverse to the norms`(kind: String) throws {
    let norms = [1.0, 2, 4]
    let inverse = norms.map { 1 / $0 }.reduce(0, +)
    var rule = try rule(
      3,
      [
        "alpha": .number(0), "optimizer": .text("sgd"), "learning-rate": .number(1e-4),
        "parametrisation": .text(kind),
      ])
    var weights: [Double] = []
    for _ in 0..<40_000 { weights = try step(&rule, losses: [1, 1, 1], norms: norms) }
    for (weight, norm) in zip(weights, norms) { #expect(abs(weight - 3 / norm / inverse) <= 2e-3) }
  }

  @Test func `Equal tasks keep weight 1, and so does a single task`() throws {
    var three = try rule(3)
    var one = try rule(1)
    for k in 1...50 {
      let loss = 1 / Double(k)
      for weight in try step(&three, losses: [loss, loss, loss], norms: [0.3, 0.3, 0.3]) {
        #expect(abs(weight - 1) <= 1e-12)
      }
      #expect(try step(&one, losses: [loss], norms: [0.3]) == [1])
    }
  }

  @Test func `The scale of one task's losses does not matter`() throws {
    var (rule, scaled) = (try rule(2), try rule(2))
    for k in 1...40 {
      let losses = [1 / Double(k), 1 / Double(k).squareRoot()]
      let a = try step(&rule, losses: losses, norms: [1, 2])
      let b = try step(&scaled, losses: [losses[0], 1024 * losses[1]], norms: [1, 2])
      #expect(a == b)
    }
  }

  @Test func `Losses that are all zero count as training at one rate`() throws {
    var (rule, flat) = (try rule(2), try rule(2, ["alpha": .number(0)]))
    for _ in 0..<10 {
      #expect(
        try step(&rule, losses: [0, 0], norms: [1, 3]) == step(&flat, losses: [1, 1], norms: [1, 3]))
    }
  }

  @Test func `An initial loss of zero is floored, not divided by`() throws {
    var rule = try rule(2)
    _ = try step(&rule, losses: [0, 1], norms: [1, 1])
    for _ in 0..<10 {
      let weights = try step(&rule, losses: [0.5, 1], norms: [1, 1])
      #expect(weights.allSatisfy { $0 > 0 && $0.isFinite })
    }
  }

  @Test func `Initial losses of the first epoch are its means, and weights are 1 until it ends`() throws {
    var rule = try rule(2, Self.sgd.merging(["initial-losses": .text("first-epoch")]) { $1 })
    for losses in [[1.0, 4], [3, 2]] { #expect(try step(&rule, losses: losses, norms: [1, 9]) == [1, 1]) }
    // Means that are no numbers do not count as an epoch.
    rule.epochEnded(meanLosses: [.infinity, 3])
    #expect(try step(&rule, losses: [1, 1], norms: [1, 9]) == [1, 1])
    rule.epochEnded(meanLosses: [2, 3])
    rule.epochEnded(meanLosses: [5, 5])
    // A twin that takes the same values from its first batch, whose norms of 0 leave the weights alone.
    var twin = try self.rule(2, Self.sgd)
    _ = try step(&twin, losses: [2, 3], norms: [0, 0])
    for k in 1...5 {
      let losses = [1 / Double(k), 1]
      #expect(
        try step(&rule, losses: losses, norms: [1, 2]) == step(&twin, losses: losses, norms: [1, 2]))
    }
  }

  @Test func `A negative loss is refused by name`() throws {
    var rule = try rule(2)
    let error = #expect(throws: WeightingError.self) { try step(&rule, losses: [1, -2], norms: [1, 1]) }
    #expect(error?.code == .domain && error?.task == 1)
  }

  @Test func `The scope of the norms is a parameter`() throws {
    #expect(try rule(2).strategy.gradientScope == .lastSharedLayer)
    #expect(try rule(2, ["scope": .text("shared-parameters")]).strategy.gradientScope == .sharedParameters)
  }
}
