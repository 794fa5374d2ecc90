import JointLossWeighting
import Testing

@Suite struct UncertaintyWeightingTests {
  private func rule(_ tasks: Int, _ parameters: [String: ParameterValue] = [:]) throws -> Weigher<
    UncertaintyWeighting
  > {
    try Weigher<UncertaintyWeighting>(taskCount: tasks, parameters: parameters)
  }

  private func run(_ rule: inout Weigher<UncertaintyWeighting>, losses: [Double], steps: Int) throws
    -> [Double]
  {
    var weights: [Double] = []
    for _ in 0..<steps { weights = try rule.weights(observing: StepObservation(losses: losses)).values }
    return weights
  }

  // The stationary points s* = log L, log L and log 2L give the weights 1/(2L), 1/L and 1/(2L).
  @Test(arguments: [("half", 0.5), ("doubled", 1.0), ("full-loss", 0.5)])
  func `At the fixed point the weight is a constant over the loss`(form: String, constant: Double) throws {
    var rule = try rule(
      3, ["form": .text(form), "optimizer": .text("sgd"), "learning-rate": .number(0.5)])
    let losses = [0.5, 3, 40]
    let weights = try run(&rule, losses: losses, steps: 500)
    for (weight, loss) in zip(weights, losses) { #expect(abs(weight * loss - constant) <= 1e-12) }
  }

  @Test func `The weights of a step are those before its update`() throws {
    var half = try rule(2)
    #expect(try run(&half, losses: [1, 10], steps: 1) == [0.5, 0.5])
    var doubled = try rule(2, ["form": .text("doubled")])
    #expect(try run(&doubled, losses: [1, 10], steps: 1) == [1, 1])
  }

  // A forum's trouble: weights that stay at 1 since nobody gave them to an optimiser.
  @Test func `Ten steps at losses of 1 and 10 move the second weight only`() throws {
    var rule = try rule(2)
    let weights = try run(&rule, losses: [1, 10], steps: 11)
    // Adam's first ten steps of s_2 are 0.025 each to a per cent, s_1 is at its optimum already.
    #expect(weights[0] == 0.5)
    #expect(weights[1] > 0.385 && weights[1] < 0.395)
  }

  @Test func `Twice the objective is half of it at twice the learning rate, with twice the weights`() throws {
    let sgd: [String: ParameterValue] = ["optimizer": .text("sgd")]
    var half = try rule(2, sgd.merging(["learning-rate": .number(0.5)]) { $1 })
    var doubled = try rule(
      2, sgd.merging(["learning-rate": .number(0.25), "form": .text("doubled")]) { $1 })
    for step in 0..<50 {
      let losses = [1.0 / Double(step + 1), 2 + Double(step % 5)]
      let a = try run(&half, losses: losses, steps: 1)
      let b = try run(&doubled, losses: losses, steps: 1)
      for (x, y) in zip(a, b) { #expect(abs(2 * x - y) <= 1e-13 * y) }
    }
  }

  @Test func `One task's losses never move another's weight`() throws {
    var (one, other) = (try rule(2), try rule(2))
    for step in 0..<30 {
      let common = 1 + Double(step % 3)
      let a = try run(&one, losses: [common, 0.1], steps: 1)
      let b = try run(&other, losses: [common, 700], steps: 1)
      #expect(a[0] == b[0])
      #expect(step == 0 || a[1] != b[1])
    }
  }

  @Test func `Losses of exactly zero stop at the clamp`() throws {
    var rule = try rule(2, ["clamp": .number(3)])
    let weights = try run(&rule, losses: [0, 1], steps: 1000)
    #expect(abs(weights[0] - 0.5 * 20.085536923187668) <= 1e-12)  // ½ e³
    #expect(weights[1] == 0.5)
  }

  @Test func `A negative loss is refused by name and changes nothing; a negative objective is not`() throws {
    var (rule, twin) = (try rule(2), try rule(2))
    // The objective is negative at its minimum: ½(1 + log 0.01) < 0.
    _ = try run(&rule, losses: [0.01, 0.01], steps: 400)
    _ = try run(&twin, losses: [0.01, 0.01], steps: 400)
    let error = #expect(throws: WeightingError.self) {
      try rule.weights(observing: StepObservation(losses: [1, -0.5]))
    }
    #expect(error?.code == .domain && error?.task == 1 && error?.message.contains("-0.5") == true)
    #expect(try run(&rule, losses: [1, 1], steps: 5) == run(&twin, losses: [1, 1], steps: 5))
  }

  @Test func `A loss too large for its gradient is refused and changes nothing`() throws {
    var (rule, twin) = (try rule(2), try rule(2))
    let error = #expect(throws: WeightingError.self) {
      try rule.weights(observing: StepObservation(losses: [1, 1e200]))
    }
    #expect(error?.code == .nonFinite && error?.task == 1)
    #expect(error?.message.hasSuffix(", whose square overflows: uncertainty.clamp is 10") == true)
    #expect(try run(&rule, losses: [3, 2], steps: 5) == run(&twin, losses: [3, 2], steps: 5))
  }

  @Test func `An initial log-variance beyond the clamp is refused`() {
    #expect(throws: WeightingError.self) { try rule(2, ["initial-log-variance": .number(-11)]) }
  }
}
