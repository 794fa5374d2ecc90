import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct LinearSubspaceTests {
  @Test(arguments: [-1.0 / 3, -0.2, 0, 0.5, 1]) func `The coefficients meet at the cosine of the dial`(
    cosine: Double
  ) throws {
    let truth = try Self.truth(["cosine": .number(cosine)], seed: 1)
    for i in 0..<4 {
      #expect(abs(LabelStatistics.dot(truth.coefficients[i], truth.coefficients[i]) - 1) < 1e-14)
      for j in 0..<4 where j > i {
        let product = LabelStatistics.dot(truth.coefficients[i], truth.coefficients[j])
        #expect(abs(product - cosine) < 1e-14)
      }
    }
  }

  @Test func `The optimum by gelsd is that of the normal equations by Cholesky`() throws {
    let data = try Self.data([:], seed: 2)
    let fit = try LinearPredictors(leastSquares: data.train)
    let (samples, inputs) = (data.train.sampleCount, data.train.inputCount)
    let design = Matrix<Double>(rows: samples, columns: inputs + 1)
    let labels = Matrix<Double>(rows: samples, columns: 4)
    for sample in 0..<samples {
      for input in 0..<inputs { design[sample, input] = data.train.inputs[sample * inputs + input] }
      design[sample, inputs] = 1
      for task in 0..<4 { labels[sample, task] = data.train.targets[task][sample] }
    }
    let normal = Matrix<Double>(rows: inputs + 1, columns: inputs + 1)
    normal.view.setProduct(design.view, .transposed, design.view, .asIs)
    let sides = Matrix<Double>(rows: inputs + 1, columns: 4)
    sides.view.setProduct(design.view, .transposed, labels.view, .asIs)
    let solution = try Cholesky(of: normal).solve(sides)
    for task in 0..<4 {
      for input in 0..<inputs {
        #expect(abs(fit.weights[task][input] - solution[input, task]) < 1e-12)
      }
      #expect(abs(fit.biases[task] - solution[inputs, task]) < 1e-12)
    }
  }

  @Test func `The exact excess risk is what a large test set measures`() throws {
    let parameters: [String: ParameterValue] = ["samples": .number(40), "noise": .number(0.5)]
    let data = try Self.data(parameters, seed: 3)
    let fit = try LinearPredictors(leastSquares: data.train)
    let risks = try Self.truth(parameters, seed: 3).excessRisks(of: fit)
    #expect(data.irreducibleLoss == [0.25, 0.25, 0.25, 0.25])
    for (loss, risk) in zip(fit.losses(on: data.test), risks) {
      // The squared error of 2000 normal residuals of variance v has the standard error v √(2 / 2000).
      let variance = 0.25 + risk
      #expect(abs(loss - variance) < 5 * variance * (2.0 / 2000).squareRoot())
      // And it is an excess: 21 coefficients from 40 samples cost about 21/18 of the noise's variance.
      #expect(risk > 0.05)
    }
    let truth = try Self.truth(parameters, seed: 3)
    let perfect = LinearPredictors(weights: truth.coefficients, biases: [0, 0, 0, 1])
    #expect(truth.excessRisks(of: perfect) == [0, 0, 0, 1])
  }

  @Test func `Without noise the optimum is the truth`() throws {
    let parameters: [String: ParameterValue] = ["noise": .number(0)]
    let fit = try LinearPredictors(leastSquares: try Self.data(parameters, seed: 4).train)
    let risks = try Self.truth(parameters, seed: 4).excessRisks(of: fit)
    #expect(risks.allSatisfy { $0 < 1e-24 })
  }

  // The eigenvalues of the Gramian are 1 + 3r once and 1 − r three times; those beyond the rank are lost.
  @Test(arguments: [
    (0.5, 1, 1.5), (0.5, 2, 1), (0.5, 3, 0.5), (0.5, 4, 0), (0.5, 9, 0), (-0.2, 2, 1.6), (1, 1, 0),
  ])
  func `The best shared predictors lose the eigenvalues beyond their rank`(
    cosine: Double, rank: Int, lost: Double
  ) throws {
    let truth = try Self.truth(["cosine": .number(cosine)], seed: 5)
    let best = try truth.bestShared(rank: rank)
    let total = truth.excessRisks(of: best).reduce(0, +)
    #expect(abs(total - lost) < 1e-13)
    let weights = Matrix<Double>(rows: 4, columns: 20, elements: best.weights.flatMap { $0 })
    let sides = Matrix<Double>(rows: 4, columns: 1)
    #expect(try LeastSquares(weights, sides, tolerance: 1e-10).rank <= rank)
  }

  @Test func `No random subspace does better than the best one`() throws {
    let truth = try Self.truth(["cosine": .number(0.3)], seed: 6)
    let best = truth.excessRisks(of: try truth.bestShared(rank: 2)).reduce(0, +)
    var stream = PhiloxStream(seed: 6, purpose: "subspace")
    for _ in 0..<200 {
      let basis = try Matrix<Double>.randomOrthogonal(rows: 2, columns: 4, using: &stream)
      // Predictors in the span of two random mixtures of the truths, each task by its projection.
      let mixtures = (0..<2).map { row in
        (0..<20).map { input in (0..<4).reduce(0) { $0 + basis[row, $1] * truth.coefficients[$1][input] } }
      }
      let first = mixtures[0].map { $0 / LabelStatistics.dot(mixtures[0], mixtures[0]).squareRoot() }
      let overlap = LabelStatistics.dot(first, mixtures[1])
      let rest = zip(mixtures[1], first).map { $0 - overlap * $1 }
      let second = rest.map { $0 / LabelStatistics.dot(rest, rest).squareRoot() }
      let weights = truth.coefficients.map { theta in
        let (a, b) = (LabelStatistics.dot(theta, first), LabelStatistics.dot(theta, second))
        return zip(first, second).map { a * $0 + b * $1 }
      }
      let risk = truth.excessRisks(of: LinearPredictors(weights: weights, biases: [0, 0, 0, 0]))
      #expect(risk.reduce(0, +) >= best - 1e-12)
    }
  }

  static func suite(_ parameters: [String: ParameterValue]) throws -> LinearSubspaceSuite {
    try LinearSubspaceSuite(parameters: parameters)
  }

  static func truth(_ parameters: [String: ParameterValue], seed: UInt64) throws -> LinearTasks {
    var stream = PhiloxStream(seed: seed, purpose: "data")
    return try suite(parameters).truth(using: &stream)
  }

  static func data(_ parameters: [String: ParameterValue], seed: UInt64) throws -> SuiteData {
    try FeatureBankTests.data(suite(parameters), seed)
  }
}
