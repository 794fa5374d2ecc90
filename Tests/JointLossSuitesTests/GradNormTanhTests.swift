import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct GradNormTanhTests {
  // PROTOCOLS (a): σ_B² / (σ_B² + σ_ε²) for 10 and 3.5. Only the ratio matters; here both are small enough
  // for tanh to be inverted.
  @Test(arguments: [
    ("standard-deviation", 1.0, 0.35, 0.891), ("variance", 0.2, 0.07, 0.741),
  ]) func `Pre-activations correlate as the reading says`(
    reading: String, base: Double, deviation: Double, expected: Double
  ) throws {
    let data = try Self.data([
      "reading": .text(reading), "base": .number(base), "deviation": .number(deviation),
      "inputs": .number(60), "samples": .number(1), "tasks": .number(3), "sigmas": .numbers([1, 100, 5]),
    ])
    let activations = zip(data.test.targets, [1.0, 100, 5]).map { targets, sigma in
      targets.map { atanh($0 / sigma) }
    }
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
      let correlation = LabelStatistics.correlation(activations[i], activations[j])
      // 100 × 60 independent weights: five standard errors are at most 0.03.
      #expect(abs(correlation - expected) < 0.03)
    }
  }

  @Test func `Inputs have unit length and labels stay within sigma`() throws {
    let data = try Self.data(["samples": .number(50), "outputs": .number(7)])
    for row in 0..<50 {
      let input = Array(data.train.inputs[row * 250..<(row + 1) * 250])
      #expect(abs(LabelStatistics.dot(input, input) - 1) < 1e-12)
    }
    #expect(data.train.targets.map(\.count) == [350, 350])
    for (targets, sigma) in zip(data.train.targets, [1.0, 100]) {
      let largest = targets.map(abs).max() ?? 0
      #expect(largest <= sigma && largest > 0.9 * sigma)
    }
  }

  @Test func `Ten tasks have the scales of the protocol`() throws {
    let data = try Self.data(["tasks": .number(10), "samples": .number(1), "outputs": .number(20)])
    for (targets, sigma) in zip(data.test.targets, [44, 33, 243, 25, 11, 158, 91, 59, 19, 33]) {
      // tanh at pre-activations of variance 13.5 is mostly saturated: its root mean square is about 0.89.
      let ratio = LabelStatistics.dot(targets, targets) / Double(targets.count) / Double(sigma * sigma)
      #expect(abs(ratio.squareRoot() - 0.89) < 0.03)
    }
  }

  @Test func `More tasks leave the first ones as they are`() throws {
    func draw(_ tasks: Int) throws -> SuiteData {
      try Self.data([
        "tasks": .number(Double(tasks)), "sigmas": .numbers([Double](repeating: 2, count: tasks)),
        "samples": .number(20), "outputs": .number(4),
      ])
    }
    #expect(try draw(2).train.targets == Array(draw(4).train.targets.prefix(2)))
  }

  static func data(_ parameters: [String: ParameterValue]) throws -> SuiteData {
    try FeatureBankTests.data(SuiteRegistry.builtIn.make("gradnorm-tanh", parameters: parameters), 6)
  }
}
