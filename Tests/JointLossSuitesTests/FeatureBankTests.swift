import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct FeatureBankTests {
  @Test func `The covariance of tanh features is scipy's`() {
    // scipy 1.17.1: integrate.dblquad of tanh(s x) tanh(t (r x + √(1−r²) y)) under two normal densities; quad
    // where r = 1.
    let (plain, sharp) = (TanhFeature.plain, TanhFeature.sharp)
    let cases: [(TanhFeature, TanhFeature, Double, Double)] = [
      (plain, plain, 1, 0.6352612342569404), (plain, plain, -0.25, -0.13403651046147136),
      (plain, plain, 0.7, 0.3984474999611858), (plain, sharp, 0.4, 0.22796003477438206),
      (sharp, sharp, -0.25, -0.1474343762544574), (sharp, sharp, 1, 0.7451667079934012),
    ]
    for (first, second, cosine, expected) in cases {
      #expect(abs(first.covariance(with: second, cosine: cosine) - expected) < 1e-9)
      #expect(abs(first.covariance(with: second, cosine: -cosine) + expected) < 1e-9)
    }
  }

  @Test(arguments: [(1.0, 6), (0.5, 3), (-0.5, 3)])
  func `Tasks share, or contest, the features the overlap says`(overlap: Double, common: Int) throws {
    let functions = try Self.suite(["overlap": .number(overlap)]).bank.functions(Self.streams(1))
    for i in functions.indices {
      for j in functions.indices where j > i {
        for feature in 0..<6 {
          let (a, b) = (functions[i].directions[feature], functions[j].directions[feature])
          let cosine = LabelStatistics.cosine(a, b)
          if feature >= common {
            // Two random directions of R³⁰: a cosine beyond 0.75 has a chance below 1e-5.
            #expect(abs(cosine) < 0.75)
          } else if overlap > 0 {
            #expect(a == b)
          } else {
            #expect(abs(cosine + 0.25) < 1e-14)
          }
        }
      }
      for (feature, direction) in functions[i].directions.enumerated() {
        let length = LabelStatistics.dot(direction, direction).squareRoot()
        #expect(abs(length - (overlap < 0 && feature < common ? 3 : 2)) < 1e-14)
      }
    }
  }

  @Test(arguments: [1, 0.5, -0.5]) func `Label correlation is what the drawn bank says exactly`(
    overlap: Double
  ) throws {
    let suite = try Self.suite(["overlap": .number(overlap)])
    let functions = try suite.bank.functions(Self.streams(2))
    let test = try Self.data(suite, 2).test
    for i in functions.indices {
      #expect(abs(FeatureBank.covariance(functions[i], functions[i]) - 1) < 1e-12)
      for j in functions.indices where j > i {
        let exact = FeatureBank.covariance(functions[i], functions[j])
        let measured = LabelStatistics.correlation(test.targets[i], test.targets[j])
        // Five standard errors of a correlation of 2000 samples.
        #expect(abs(measured - exact) < 5 * (1 - exact * exact) / 2000.0.squareRoot() + 1e-3)
      }
    }
  }

  @Test func `Over banks the label correlation falls with the dial as derived`() throws {
    // ρ ≥ 0: ρα. ρ < 0: |ρ| C / ((1 − |ρ|) v₂ + |ρ| v₃) with v₂ = 0.6353, v₃ = 0.7452, C = −0.1474 (the
    // covariances of the test above): −0.1068 at −½.
    let expected: [(overlap: Double, correlation: Double)] = [(1, 0.5), (0.5, 0.25), (0, 0), (-0.5, -0.1068)]
    for (overlap, correlation) in expected {
      let values = try Self.exactCorrelations(["overlap": .number(overlap)])
      let error = LabelStatistics.deviation(values) / Double(values.count).squareRoot()
      // The mean of a ratio is not the ratio of the means: of a correlation of 6 pairs of coefficients
      // ρ(1 − ρ²)/12 is lost, at most 0.032.
      #expect(abs(LabelStatistics.mean(values) - correlation) < 3 * error + 0.032, "overlap \(overlap)")
    }
  }

  @Test func `Without alignment tasks that share all features have no common correlation`() throws {
    let values = try Self.exactCorrelations(["alignment": .number(0)])
    #expect(
      abs(LabelStatistics.mean(values)) < 4 * LabelStatistics.deviation(values)
        / Double(values.count).squareRoot())
  }

  @Test func `Noise is added to training and validation labels alone, at the level asked for`() throws {
    let clean = try Self.data(Self.suite(["noise": .number(0), "scales": .numbers([1, 5, 0.2, 1])]), 3)
    let noisy = try Self.data(Self.suite(["noise": .number(0.4), "scales": .numbers([1, 5, 0.2, 1])]), 3)
    #expect(noisy.test == clean.test)
    #expect(noisy.irreducibleLoss == [0, 0, 0, 0])
    for (task, scale) in [1, 5, 0.2, 1].enumerated() {
      for (with, without) in [
        (noisy.train.targets[task], clean.train.targets[task]),
        (noisy.validation.targets[task], clean.validation.targets[task]),
      ] {
        let noise = zip(with, without).map { $0 - $1 }
        let level = LabelStatistics.deviation(noise) / scale
        // The standard errors of a standard deviation, relative to it, and of a correlation of nothing.
        let root = Double(noise.count).squareRoot()
        let (relative, absolute) = (1 / (2.0.squareRoot() * root), 1 / root)
        #expect(abs(level / 0.4 - 1) < 5 * relative)
        #expect(abs(LabelStatistics.correlation(noise, without)) < 5 * absolute)
      }
      let deviation = LabelStatistics.deviation(clean.test.targets[task])
      #expect(abs(deviation / scale - 1) < 0.08)
      #expect(abs(LabelStatistics.mean(clean.test.targets[task]) / scale) < 5 / 2000.0.squareRoot())
    }
  }

  @Test(arguments: [1, 0.5, 0]) func `More tasks leave the first ones as they are`(overlap: Double) throws {
    func draw(_ tasks: Double) throws -> SuiteData {
      try Self.data(Self.suite(["overlap": .number(overlap), "tasks": .number(tasks)]), 4)
    }
    let (two, five) = (try draw(2), try draw(5))
    #expect(two.train.inputs == five.train.inputs)
    #expect(two.train.targets == Array(five.train.targets.prefix(2)))
    #expect(two.test.targets == Array(five.test.targets.prefix(2)))
  }

  @Test func `A third of six features may be written with few digits`() throws {
    #expect(throws: Never.self) { try Self.suite(["overlap": .number(-0.333)]) }
  }

  /// For each of 60 banks, the mean over pairs of tasks of the exact label correlation.
  private static func exactCorrelations(_ parameters: [String: ParameterValue]) throws -> [Double] {
    let bank = try suite(parameters).bank
    return try (1...60).map { (seed: UInt64) in
      let functions = try bank.functions(streams(seed))
      let pairs = functions.indices.flatMap { i in (0..<i).map { (i, $0) } }
      return LabelStatistics.mean(pairs.map { FeatureBank.covariance(functions[$0.0], functions[$0.1]) })
    }
  }

  static func suite(_ parameters: [String: ParameterValue]) throws -> FeatureBankSuite {
    try FeatureBankSuite(parameters: parameters)
  }

  static func streams(_ seed: UInt64) -> SuiteStreams {
    var stream = PhiloxStream(seed: seed, purpose: "data")
    return SuiteStreams(using: &stream)
  }

  static func data(_ suite: some TaskSuite, _ seed: UInt64) throws -> SuiteData {
    var stream = PhiloxStream(seed: seed, purpose: "data")
    return try suite.generate(using: &stream)
  }
}
