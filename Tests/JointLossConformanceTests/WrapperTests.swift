import JointLossTestSupport
import JointLossWeighting
import Testing

/// The wrappers' closed forms; their golden file is `torchjd__crmogm__upgrad-alpha0.9.json`.
@Suite struct WrapperTests {
  private func run(
    _ name: String, _ parameters: [String: ParameterValue] = [:], losses: [[Double]]
  ) throws -> [[Double]] {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: losses[0].count, parameters: parameters)
    return try losses.map { try strategy.weights(observing: StepObservation(losses: $0)).values }
  }

  @Test func `Every k steps there are new weights`() throws {
    let weights = try run(
      "scale-invariant+every", ["every-steps": .number(2)], losses: [[1, 2], [4, 4], [8, 2], [1, 1]])
    #expect(weights == [[1, 0.5], [1, 0.5], [0.125, 0.5], [0.125, 0.5]])
  }

  @Test func `Normalised weights have the sum asked for`() throws {
    #expect(try run("scale-invariant+normalised", losses: [[1, 2, 2]]) == [[1.5, 0.75, 0.75]])
    #expect(
      try run("scale-invariant+normalised", ["normalised-sum": .text("one")], losses: [[1, 2, 2]])
        == [[0.5, 0.25, 0.25]])
    #expect(try run("fixed+normalised", ["weights": .numbers([3, 0])], losses: [[1, 1]]) == [[2, 0]])
  }

  @Test func `Weights of both signs are divided by the sum of sizes, or the plain sum`() throws {
    // The third gradient lies between the others: imtl-g gives it a negative weight.
    let step = try StepObservation(jacobian: [[1, 0, 0], [0, 1, 0], [5, 5, 0.1]], losses: [1, 1, 1])
    let wanted = { (parameters: [String: ParameterValue]) in
      var strategy = try StrategyRegistry.builtIn.makeWeigher(
        "imtl-g+normalised", taskCount: 3, parameters: parameters)
      return try strategy.weights(observing: step).values
    }
    let absolute = try wanted([:])
    #expect(absolute.contains { $0 < 0 })
    #expect(abs(absolute.reduce(0) { $0 + abs($1) } - 3) <= 1e-12)
    let plain = try wanted(["normalised-by": .text("plain")])
    #expect(abs(plain.reduce(0, +) - 3) <= 1e-9)
  }

  @Test func `The average starts at the first weights and forgets at the rate of its memory`() throws {
    let weights = try run(
      "scale-invariant+average", ["average-memory": .number(0.75)], losses: [[1, 2], [0.5, 2], [0.25, 2]])
    #expect(weights == [[1, 0.5], [1.25, 0.5], [1.9375, 0.5]])
  }

  @Test func `A name lists its wrappers from the inside out, and a wrong one is explained`() throws {
    let registry = StrategyRegistry.builtIn
    let type = try registry.type(named: "pcgrad+every+average")
    #expect(ObjectIdentifier(type) == ObjectIdentifier(ExponentialAverage<EveryKSteps<PCGrad>>.self))
    #expect(type.about.name == "pcgrad+every+average")
    #expect(type.parameters.map(\.name).suffix(2) == ["every-steps", "average-memory"])
    for (name, hint) in [
      ("pcgrad+evry", "did you mean every"), ("pcgad+every", "did you mean pcgrad"),
      ("pcgrad+every+every", "has the wrapper"), ("pcgrad+", "its names are"), ("+every", "no strategy"),
    ] {
      let error = #expect(throws: WeightingError.self) { try registry.type(named: name) }
      #expect(error?.code == .unknownStrategy)
      #expect(error?.message.contains(hint) ?? false, "\(name): \(error?.message ?? "")")
    }
  }

  @Test func `Weights that cancel out are an error and leave the state`() throws {
    struct Opposed: WeightingStrategy {
      static let about = StrategyDescription(
        "opposed", "", formula: "", weighs: .losses)
      var steps = 0
      mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
        steps += 1
        return TaskWeights([Double(steps), -1])
      }
    }
    var strategy = try Weigher<Normalized<Opposed>>(
      taskCount: 2, parameters: ["normalised-by": .text("plain")])
    for _ in 0..<2 {
      let error = #expect(throws: WeightingError.self) {
        try strategy.weights(observing: StepObservation(losses: [1, 1]))
      }
      #expect(error?.code == .domain)
    }
  }
}
