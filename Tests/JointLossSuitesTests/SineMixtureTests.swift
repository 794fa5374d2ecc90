import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct SineMixtureTests {
  @Test func `The curve's moments are scipy's`() {
    // scipy 1.17.1, integrate.quad of g and (g − mean)² under N(0, 1.5²); α = 0.7, −1.3, β = 0.4, 2.
    let curve = SineCurve(terms: [(0.7, 0.4), (-1.3, 2)], scale: 1.5)
    #expect(abs(curve.mean - 0.3602266345091794) < 1e-13)
    #expect(abs(curve.variance - 5.608995000367101) < 1e-12)
  }

  // PROTOCOLS (f): the label correlation at c = 1, mean and standard deviation over draws of α and β.
  @Test(arguments: [(0, 0, 0.02), (0.5, 0.35, 0.13), (0.9, 0.82, 0.08), (1, 0.99, 0.02)])
  func `Label correlation is that of the recomputed table`(
    cosine: Double, mean: Double, deviation: Double
  ) throws {
    let draws = 50
    let suite = try Self.suite(["correlation": .number(cosine), "inputs": .number(10), "samples": .number(1)])
    let values = try (1...draws).map { seed in
      LabelStatistics.meanCorrelation(try FeatureBankTests.data(suite, UInt64(seed)).test.targets)
    }
    // The table is rounded to two digits.
    #expect(
      abs(LabelStatistics.mean(values) - mean) < 3 * deviation / Double(draws).squareRoot() + 0.005)
  }

  @Test func `Three tasks at cosine p correlate like two`() throws {
    let parameters: [String: ParameterValue] = [
      "correlation": .number(0.9), "tasks": .number(3), "inputs": .number(10), "samples": .number(1),
    ]
    let suite = try Self.suite(parameters)
    let values = try (1...30).map {
      LabelStatistics.meanCorrelation(try FeatureBankTests.data(suite, $0).test.targets)
    }
    #expect(abs(LabelStatistics.mean(values) - 0.82) < 3 * 0.08 / 30.0.squareRoot() + 0.005)
  }

  @Test func `Standardised labels have mean 0 and variance 1, and their noise is the irreducible loss`()
    throws
  {
    let base: [String: ParameterValue] = ["inputs": .number(10), "samples": .number(20_000)]
    let standardised = try FeatureBankTests.data(Self.suite(base), 7)
    let raw = try FeatureBankTests.data(Self.suite(base.merging(["labels": .text("raw")]) { $1 }), 7)
    for (task, labels) in standardised.train.targets.enumerated() {
      #expect(abs(LabelStatistics.mean(labels)) < 5 / 20_000.0.squareRoot())
      #expect(abs(LabelStatistics.deviation(labels) - 1) < 0.03)
      let factor =
        LabelStatistics.deviation(labels) / LabelStatistics.deviation(raw.train.targets[task])
      let irreducible = try #require(standardised.irreducibleLoss)
      #expect(abs(irreducible[task] - 0.01 * factor * factor) < 1e-12)
      #expect(abs(LabelStatistics.correlation(labels, raw.train.targets[task]) - 1) < 1e-12)
    }
    #expect(raw.irreducibleLoss == [0.1 * 0.1, 0.1 * 0.1])
  }

  @Test func `With cosine one the tasks differ by their noise alone`() throws {
    let parameters: [String: ParameterValue] = [
      "correlation": .number(1), "labels": .text("raw"), "inputs": .number(10), "samples": .number(5000),
    ]
    let train = try FeatureBankTests.data(Self.suite(parameters), 8).train
    let differences = zip(train.targets[0], train.targets[1]).map { $0 - $1 }
    // Two independent noises of standard deviation 0.1.
    let expected = 0.1 * 2.0.squareRoot()
    #expect(abs(LabelStatistics.deviation(differences) - expected) < 5 * expected / 10_000.0.squareRoot())
  }

  static func suite(_ parameters: [String: ParameterValue]) throws -> any TaskSuite {
    try SuiteRegistry.builtIn.make("mmoe-sine", parameters: parameters)
  }
}
