import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import RealModule
import Testing

/// The rules on losses against their closed forms, computed by hand or from the papers' formulas.
@Suite struct LossRuleTests {
  private func make(
    _ name: String, _ tasks: Int, _ parameters: [String: ParameterValue] = [:]
  ) throws -> any StepWeigher {
    try StrategyRegistry.builtIn.makeWeigher(name, taskCount: tasks, parameters: parameters, seed: 1)
  }

  private func weights(
    _ name: String, _ losses: [Double], _ parameters: [String: ParameterValue] = [:]
  ) throws -> [Double] {
    var strategy = try make(name, losses.count, parameters)
    return try strategy.weights(observing: StepObservation(losses: losses)).values
  }

  private func expect(
    _ got: [Double], _ wanted: [Double], _ tolerance: Double = 1e-12,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      got.count == wanted.count
        && zip(got, wanted).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) },
      "\(got), not \(wanted)", sourceLocation: sourceLocation)
  }

  @Test func `Log-sum and UW-O divide by the loss, GLS by the loss and its share`() throws {
    expect(try weights("scale-invariant", [1, 4]), [1, 0.25])
    expect(try weights("uw-o", [0.5, 8]), [2, 0.125])
    // LibMTL reports (.125, .5) for these losses (ANCHORS §3).
    expect(try weights("gls", [1, 4]), [1, 0.25])
    // The product of 40 losses of .01 underflows in single precision elsewhere (ANCHORS §2).
    expect(try weights("gls", [Double](repeating: 0.01, count: 40)), [Double](repeating: 1 / 40, count: 40))
  }

  @Test func `A loss of 0 counts as epsilon, and a negative one is an error`() throws {
    for name in [
      "scale-invariant", "uw-o", "gls", "uw-so", "igb", "cov", "dtp", "relobralo", "imtl-l", "go4align",
    ] {
      #expect(try weights(name, [0, 1]).allSatisfy { $0.isFinite && $0 >= 0 }, "\(name)")
      let error = #expect(throws: WeightingError.self) { try weights(name, [1, -1]) }
      #expect(error?.code == .domain && error?.task == 1, "\(name)")
    }
  }

  @Test func `UW-SO is the softmax of inverse losses`() throws {
    // 1/L = (2, 1): e/(1 + e) at τ = 1, √e/(1 + √e) at τ = 2.
    expect(
      try weights("uw-so", [0.5, 1], ["temperature": .number(1)]), [0.7310585786300049, 0.2689414213699951])
    expect(
      try weights("uw-so", [0.5, 1], ["temperature": .number(2)]), [0.6224593312018546, 0.3775406687981454])
  }

  @Test(arguments: [0.01, 1, 100.0], ["log-variance", "sigma"])
  func `Revised uncertainty settles at its fixed point`(loss: Double, parametrisation: String) throws {
    var strategy = try make(
      "revised-uncertainty", 1,
      [
        "parametrisation": .text(parametrisation), "optimizer": .text("adam"), "learning-rate": .number(0.02),
      ])
    var weight = 0.0
    for _ in 0..<6000 {
      weight = try strategy.weights(observing: StepObservation(losses: [loss])).values[0]
    }
    let variance = (loss + (loss * loss + 8 * loss).squareRoot()) / 4
    #expect(abs(weight * 2 * variance - 1) <= 2e-2)
  }

  @Test func `The first step of revised uncertainty is its gradient's`() throws {
    // s = 0: ∂F/∂s = −L/2 + ½, so that SGD at rate 0.1 gives s = 0.05 (L − 1), w = ½ exp(−s).
    var strategy = try make(
      "revised-uncertainty", 2, ["optimizer": .text("sgd"), "learning-rate": .number(0.1)])
    let step = StepObservation(losses: [3, 0])
    expect(try strategy.weights(observing: step).values, [0.5, 0.5])
    expect(try strategy.weights(observing: step).values, [0.5 * Double.exp(-0.1), 0.5 * Double.exp(0.05)])
  }

  @Test func `IMTL-L brings its weights to the inverse losses`() throws {
    var strategy = try make("imtl-l", 2)
    var last: [Double] = []
    for _ in 0..<3000 { last = try strategy.weights(observing: StepObservation(losses: [4, 0.25])).values }
    expect(last, [0.25, 4], 1e-2)
  }

  @Test func `CoV waits two steps and then weighs by the variation of the ratios`() throws {
    var strategy = try make("cov", 2)
    let losses: [[Double]] = [[1, 1], [2, 1], [1.5, 1], [1, 1]]
    let got = try losses.map { try strategy.weights(observing: StepObservation(losses: $0)).values }
    expect(got[0], [0.5, 0.5])
    expect(got[1], [0.5, 0.5])
    // Ratios of task 0: 1, then 2/1: mean 1.5, variance .25; of task 1 constant, deviation 1e-4.
    let first = (0.25 + 1e-8).squareRoot() / 1.5
    expect(got[2], [first / (first + 1e-4), 1e-4 / (first + 1e-4)])
    // Then 1.5/1.5 = 1: mean 4/3, variance 2/9.
    let second = (2.0 / 9 + 1e-8).squareRoot() / (4.0 / 3)
    expect(got[3], [second / (second + 1e-4), 1e-4 / (second + 1e-4)])
  }

  @Test func `Priorities fall with the performance`() throws {
    var strategy = try make("dtp", 2, ["gamma": .number(2)])
    _ = try strategy.weights(observing: StepObservation(losses: [1, 2]))
    let got = try strategy.weights(observing: StepObservation(losses: [0.5, 2])).values
    func focal(_ ratio: Double) -> Double {
      let performance = Double.exp(-ratio)
      return (1 - performance) * (1 - performance) * ratio
    }
    expect(got, [focal(0.5), focal(1)])
    #expect(got[0] < got[1])
  }

  @Test func `SoftAdapt weighs the changes of the losses`() throws {
    let steps = [[1.0, 1], [0.5, 2.5]].map { StepObservation(losses: $0) }
    // Changes −.5 and 1.5.
    func softmax(_ difference: Double) -> Double { 1 / (1 + Double.exp(difference)) }
    for (parameters, first) in [
      (["beta": ParameterValue.number(0.1)], softmax(0.1 * 2)),
      (["beta": .number(2), "variant": .text("normalised")], softmax(2.0)),
    ] {
      var strategy = try make("softadapt", 2, parameters)
      expect(try strategy.weights(observing: steps[0]).values, [0.5, 0.5])
      expect(try strategy.weights(observing: steps[1]).values, [first, 1 - first])
    }
    var strategy = try make("softadapt", 2, ["variant": .text("loss-weighted")])
    _ = try strategy.weights(observing: steps[0])
    let (one, other) = (0.5 * softmax(0.2), 2.5 * (1 - softmax(0.2)))
    expect(try strategy.weights(observing: steps[1]).values, [one / (one + other), other / (one + other)])
  }

  @Test func `ReLoBRaLo mixes its memory with the balance since the last step`() throws {
    let steps = [[1.0, 1], [0.5, 1]].map { StepObservation(losses: $0) }
    // The ratios .5 and 1 at τ = 1: T softmax = 2/(1 + √e), 2 − that.
    let balance = 2 / (1 + Double.exp(0.5))
    for saudade in [0.0, 1] {
      var strategy = try make(
        "relobralo", 2,
        ["alpha": .number(0.9), "temperature": .number(1), "expected-saudade": .number(saudade)])
      expect(try strategy.weights(observing: steps[0]).values, [1, 1])
      // With saudade 1 the memory (1, 1) stays, with 0 the balance since the first step takes its place.
      let memory = saudade == 1 ? 1 : balance
      let first = 0.9 * memory + 0.1 * balance
      expect(try strategy.weights(observing: steps[1]).values, [first, 2 - first])
    }
  }

  @Test func `IGB weighs the logarithms by the gap to the base epoch`() throws {
    var strategy = try make("igb", 2)
    expect(try strategy.weights(observing: StepObservation(losses: [2, 4])).values, [0.5, 0.25])
    strategy.epochEnded(meanLosses: [9, 9])
    strategy.epochEnded(meanLosses: [2, 1])
    // L/b = (1, 2): v = 2 softmax.
    let first = 2 / (1 + Double.exp(1))
    expect(
      try strategy.weights(observing: StepObservation(losses: [2, 2])).values, [first / 2, (2 - first) / 2])
  }

  @Test func `GO4Align scales the losses and groups its weights`() throws {
    // η = 0: q = 1/3, v = (1/3) Σ L/L_t = (7/3)(1, 1/2, 1/4); the best two groups are {1} and {1/2, 1/4}.
    let got = try weights("go4align", [1, 2, 4], ["eta": .number(0)])
    expect(got, [7.0 / 3, 7.0 / 3 * 0.375, 7.0 / 3 * 0.375])
    expect(
      try weights("go4align", [1, 2, 4], ["eta": .number(0), "groups": .number(3)]),
      [7.0 / 3, 7.0 / 6, 7.0 / 12])
    // q after one step at η = 1: proportional to exp(−L).
    let (small, large) = (1 / (1 + Double.exp(-1)), 1 / (1 + Double.exp(1)))
    expect(try weights("go4align", [1, 2], ["eta": .number(1)]), [3 * small, 1.5 * large])
  }

  @Test func `LDC-MTL's weights are the derivatives of its objective`() throws {
    // p = 1 for all: σ = sigmoid(1), Σσ = 3σ. The signs of neighbouring differences are −, +.
    let sigmoid = 1 / (1 + Double.exp(-1))
    let got = try weights("ldc-mtl", [1, 3, 2], ["lambda": .number(0.1)])
    expect(got, [1.0 / 3 - 0.1 * sigmoid, 1.0 / 3 + 0.2 * sigmoid, 1.0 / 3 - 0.1 * sigmoid])
  }

  @Test func `STCH goes from the worst task to the mean as μ grows`() throws {
    expect(try weights("stch", [1, 2], ["mu": .number(1e-3)]), [0, 0.5])
    expect(try weights("stch", [1, 2], ["mu": .number(1e9)]), [0.25, 0.25], 1e-8)
    // The code's form with μ = 1 is a static scalarization by the nadir.
    var strategy = try make("stch", 2, ["variant": .text("libmtl"), "warm-up-epochs": .number(0)])
    strategy.epochEnded(meanLosses: [2, 8])
    for losses in [[1.0, 1], [5, 0.1]] {
      let got = try strategy.weights(observing: StepObservation(losses: losses)).values
      #expect(abs(got[0] / got[1] - 4) <= 1e-12)
    }
  }

  @Test func `On the line of the preferences PBI and COSMOS are plain scalarizations`() throws {
    let preferences = ParameterValue.numbers([3, 4])
    expect(try weights("pbi", [6, 8], ["preferences": preferences]), [0.6, 0.8])
    expect(try weights("cosmos", [6, 8], ["preferences": preferences]), [3, 4])
  }

  @Test(arguments: ["normal", "uniform", "dirichlet", "bernoulli", "one-hot"])
  func `Random weights have mean 1/T whatever the law`(law: String) throws {
    var strategy = try make("random", 4, ["law": .text(law)])
    var sums = [Double](repeating: 0, count: 4)
    let draws = 20000
    var step = StepObservation(losses: [1, 1, 1, 1])
    for index in 0..<draws {
      step.step = index
      let got = try strategy.weights(observing: step).values
      #expect(got.allSatisfy { $0 >= 0 } && abs(got.reduce(0, +) - 1) <= 1e-12)
      for task in 0..<4 { sums[task] += got[task] }
    }
    // One weight's deviation is at most that of the one-hot law, √(3/16); five of them of the mean.
    for sum in sums {
      #expect(abs(sum / Double(draws) - 0.25) <= 5 * (3.0 / 16 / Double(draws)).squareRoot())
    }
  }

  @Test func `Draws from outside are used, and their number is checked`() throws {
    var strategy = try make("random", 2)
    var step = StepObservation(losses: [1, 1])
    step.draws.normals = [0, 1]
    let first = 1 / (1 + Double.exp(1))
    expect(try strategy.weights(observing: step).values, [first, 1 - first])
    step.draws.normals = [0, 1, 2]
    #expect(throws: WeightingError.self) { try strategy.weights(observing: step) }
  }

  @Test func `Preferences must be as many as the tasks, and not all 0`() {
    for name in ["stch", "cosmos", "pbi", "upgrad", "dualproj", "aligned-mtl", "config"] {
      for preferences in [[1.0, 2, 3], [0, 0]] {
        let error = #expect(throws: WeightingError.self) {
          try make(name, 2, ["preferences": .numbers(preferences)])
        }
        #expect(error?.code == .parameter)
      }
    }
  }
}
