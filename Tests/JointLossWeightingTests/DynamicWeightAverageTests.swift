import Foundation
import JointLossWeighting
import Testing

@Suite struct DynamicWeightAverageTests {
  private func weights(
    _ epochs: [[Double]], temperature: Double = 2
  ) throws -> [Double] {
    let tasks = epochs.first?.count ?? 2
    var rule = try Weigher<DynamicWeightAverage>(
      taskCount: tasks,
      parameters: ["temperature": .number(temperature)])
    for means in epochs { rule.epochEnded(meanLosses: means) }
    return try rule.weights(observing: StepObservation(losses: [Double](repeating: 1, count: tasks))).values
  }

  @Test func `The first two epochs have weight 1, the third the softmax of the ratios`() throws {
    #expect(try weights([]) == [1, 1])
    #expect(try weights([[1, 1]]) == [1, 1])
    // Ratios 0.9 and 0.98 (STRATEGIES §3): w_1/w_2 = e^(−0.04).
    let third = try weights([[1, 1], [0.9, 0.98]])
    #expect(abs(third[0] / third[1] - 0.9607894391523232) <= 1e-14)
    #expect(abs(third[0] + third[1] - 2) <= 1e-14)
    // Only the last two epochs count.
    #expect(try weights([[7, 3], [1, 1], [0.9, 0.98]]) == third)
  }

  @Test func `A task's constant factor changes nothing`() throws {
    let plain = try weights([[1, 2, 3], [0.5, 1.5, 3.5]])
    #expect(try weights([[1024, 2, 3], [512, 1.5, 3.5]]) == plain)
  }

  @Test func `Constant losses of any size keep weight 1`() throws {
    #expect(try weights([[Double]](repeating: [10, 0.1], count: 5)) == [1, 1])
  }

  /// The weights of each step, from its losses.
  private func weights(
    steps: [[Double]], _ parameters: [String: ParameterValue]
  ) throws -> [[Double]] {
    var rule = try Weigher<DynamicWeightAverage>(taskCount: 2, parameters: parameters)
    return try steps.map { losses in
      // Means of epochs are nothing to windows.
      rule.epochEnded(meanLosses: [1, 3])
      return try rule.weights(observing: StepObservation(losses: losses)).values
    }
  }

  private func expect(
    _ got: [Double], _ wanted: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      zip(got, wanted).allSatisfy { abs($0 - $1) <= 1e-14 }, "\(got), not \(wanted)",
      sourceLocation: sourceLocation)
  }

  // numpy: c = ones((2W, 2)); a step does c[:-1] = c[1:]; c[-1] = losses, and from the step n = W + 1 on
  // r = c[W:].mean(0)/c[:W].mean(0); w = 2 exp(r/τ)/exp(r/τ).sum().
  @Test func `Windows that start at ones throw constant losses off until the ones are gone`() throws {
    let constant = [[Double]](repeating: [10, 0.1], count: 60)
    let got = try weights(steps: constant, ["averages": .text("windows-from-ones")])
    for step in Array(0...25) + Array(49..<60) { #expect(got[step] == [1, 1]) }
    expect(got[26], [1.8909571448092213, 0.10904285519077869])
    expect(got[27], [1.825517182243815, 0.17448281775618502])
    expect(got[48], [1.0753693688298198, 0.9246306311701801])
    // Windows that wait until they are full.
    for weights in try weights(steps: constant, ["averages": .text("windows")]) {
      #expect(weights == [1, 1])
    }
  }

  @Test func `Windows compare the last losses with those before, the mean has weights of sum 1`() throws {
    // L = [[1/(k + 1), 2/(k + 1)**.5] for k in range(8)], W = 3, τ = 1, as above.
    let losses = (1...8).map { [1 / Double($0), 2 / Double($0).squareRoot()] }
    let expected = [
      [0.8134991711544693, 1.1865008288455305], [0.8722137987585863, 1.127786201241414],
      [0.8900089387664091, 1.109991061233591], [0.9038528233622953, 1.0961471766377047],
    ]
    var parameters: [String: ParameterValue] = [
      "averages": .text("windows-from-ones"), "window": .number(3), "temperature": .number(1),
    ]
    let ones = try weights(steps: losses, parameters)
    for step in 0..<8 { expect(ones[step], step < 4 ? [1, 1] : expected[step - 4]) }
    parameters["averages"] = .text("windows")
    let full = try weights(steps: losses, parameters)
    for step in 0..<8 { expect(full[step], step < 5 ? [1, 1] : expected[step - 4]) }
    parameters["reduction"] = .text("mean")
    for (mean, sum) in zip(try weights(steps: losses, parameters), full) { expect(mean, sum.map { $0 / 2 }) }
    // A negative loss is no part of a window.
    let disturbed = try weights(steps: losses[..<6] + [[-1, 5]] + losses[6...], parameters)
    #expect(disturbed[6] == disturbed[5])
    for step in 6..<8 { expect(disturbed[step + 1], full[step].map { $0 / 2 }) }
  }

  @Test func `A task without labels has its own windows`() throws {
    let parameters: [String: ParameterValue] = ["averages": .text("windows"), "window": .number(1)]
    var rule = try Weigher<DynamicWeightAverage>(taskCount: 2, parameters: parameters)
    var weights: [Double] = []
    for (losses, present) in [
      ([1.0, 4], [true, true]), ([0.5, 0], [true, false]), ([0.25, 1], [true, true]),
    ] {
      var step = StepObservation(losses: losses)
      try step.keep(present)
      weights = try rule.weights(observing: step).values
    }
    // The ratios are ½ and ¼: w_1/w_2 = e^(¼/2).
    #expect(abs(weights[0] / weights[1] - 1.1331484530668263) <= 1e-14)
  }

  @Test func `Temperature goes from one task alone to equal weights`() throws {
    let epochs = [[1.0, 1, 1], [0.5, 0.8, 0.7]]
    for (got, wanted) in zip(try weights(epochs, temperature: 1e-3), [0, 3.0, 0]) {
      #expect(abs(got - wanted) <= 1e-12)
    }
    for weight in try weights(epochs, temperature: 1e9) { #expect(abs(weight - 1) <= 1e-9) }
  }

  @Test func `A mean of zero has the ratio 1 where it stays, 10 where it does not`() throws {
    #expect(try weights([[0, 1], [0, 1]]) == [1, 1])
    #expect(try weights([[0, 1], [1e-9, 1]]) == weights([[1, 1], [10, 1]]))
    let huge = try weights([[1e-300, 1], [1e300, 1]])
    #expect(huge == (try weights([[1, 1], [10, 1]])))
  }

  @Test(arguments: [Double.infinity, -1]) func `Means without a meaning leave the weights as they were`(
    mean: Double
  ) throws {
    let epochs = [[1.0, 1], [0.9, 0.5]]
    #expect(try weights(epochs + [[1, mean]]) == weights(epochs))
    #expect(try weights(epochs + [[1, mean], [0.8, 0.5]]) == weights(epochs + [[0.8, 0.5]]))
  }

  @Test func `Ratios that would overflow an exponential do not`() throws {
    let weights = try weights([[1, 1], [1e4, 1]], temperature: 1)
    #expect(weights == [2, 0])
  }
}
