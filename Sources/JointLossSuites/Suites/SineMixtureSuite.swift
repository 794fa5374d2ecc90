#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
package import JointLossLinearAlgebra
package import JointLossTraining
import JointLossWeighting

/// Regressions on a line plus sines along directions of a given cosine (MMoE's synthetic data).
///
/// J. Ma et al., *Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts*,
/// KDD 2018, section 4.3. The paper gives neither the law of α_i, β_i nor m and c; N(0, 1) and m = 5 are what
/// a public re-implementation takes. Its scale c = 0.3 lets the noise dominate for unlucky α, hence c = 1
/// here.
package struct SineMixtureSuite: TaskSuite {
  /// What the labels are divided by.
  enum Labels: String, Codable, CaseIterable {
    case standardised
    case raw
  }

  /// Name, summary, generator and source.
  package static let about = SuiteDescription(
    "mmoe-sine",
    "Regressions that add sines to a linear function, along directions with a chosen cosine between tasks: "
      + "the same function of different projections.",
    formula: """
      x ~ N(0, I), s_t = w_tᵀx, y_t = s_t + Σ_i sin(α_i s_t + β_i) + 0.1 ε, α_i, β_i ~ N(0, 1) for all tasks
      T = 2: w_1 = c u_1, w_2 = c (p u_1 + √(1 − p²) u_2)
      T > 2: w_t = c (√p u_0 + √(1 − p) u_t), p ≥ 0; u orthonormal
      """,
    citation: Citation(
      "J. Ma, Z. Zhao, X. Yi, J. Chen, L. Hong, E. H. Chi, Modeling Task Relationships in Multi-task "
        + "Learning with Multi-gate Mixture-of-Experts, KDD 2018",
      link: "https://doi.org/10.1145/3219819.3220007"))

  @Parameter("The number of tasks T.", in: 1...64) var tasks = 2
  @Parameter(
    "The cosine p between the directions of any two tasks; at least 0 for more than two tasks.", in: -1...1)
  var correlation = 0.5
  @Parameter("The length c of the directions.", in: .positive) var scale = 1.0
  @Parameter("The number m of sines.", in: 0...100) var terms = 5
  @Parameter("The number of inputs.", in: 2...1000) var inputs = 100
  @Parameter("The number of training samples.", in: 1...1_000_000) var samples = 10_000
  @Parameter("The units of the trunk's first layer; the second has half as many.", in: 1...4096) var width =
    16
  @Parameter("Whether labels are shifted and scaled to mean 0 and variance 1, by their exact moments.")
  var labels = Labels.standardised

  /// Creates the suite with its defaults.
  package init() {}

  /// Checks that the parameters fit together.
  ///
  /// - Throws: ``SuiteError`` if the cosine is negative for more than two tasks, or the inputs are too few.
  package func validate() throws(SuiteError) {
    let name = Self.about.name
    guard tasks <= 2 || correlation >= 0 else {
      throw SuiteError("\(name).correlation is \(correlation): more than two tasks need at least 0")
    }
    let needed = tasks > 2 ? tasks + 1 : 2
    guard inputs >= needed else {
      throw SuiteError("\(name).inputs is \(inputs): \(tasks) tasks need at least \(needed)")
    }
  }

  /// The inputs of a sample.
  package var inputCount: Int? { inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { samples }

  /// T regressions.
  package var taskSpecifications: [TaskSpecification] {
    (1...tasks).map { TaskSpecification(name: "task-\($0)", loss: .meanSquaredError) }
  }

  // The paper's shared-bottom has 16 units and, for each task, a tower of 8; our heads are affine, so that
  // the second layer is shared too.
  /// Two tanh layers; Adam at 1e-3, the default the paper names, for 20 epochs.
  package var recipe: TrainingRecipe {
    TrainingRecipe(
      trunk: [width, max(width / 2, 1)], activation: .tanh, epochs: 20, batchSize: 64, learningRate: 1e-3)
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`; one word is taken.
  /// - Returns: the three splits, all with noise; the irreducible loss is the noise's variance.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    let streams = SuiteStreams(using: &stream)
    var sineStream = streams.stream("sines")
    let curve = SineCurve(
      terms: (0..<terms).map { _ in (sineStream.normal(), sineStream.normal()) }, scale: scale)
    let directions = try directions(streams)
    let noise = 0.1
    let (shift, factor) =
      labels == .raw ? (0, 1) : (curve.mean, 1 / (curve.variance + noise * noise).squareRoot())
    try SuiteData.requireMemory(
      of: Self.about.name, samples: samples, inputs: inputs, tasks: taskSpecifications)
    return try SuiteData(
      of: Self.about.name, inputs: inputs, tasks: taskSpecifications,
      irreducibleLoss: [Double](repeating: noise * noise * factor * factor, count: tasks)
    ) { (split) throws(SuiteError) in
      let count = split == .train ? samples : split == .validation ? 1000 : 2000
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let drawn = inputStream.normals(count * inputs)
      let targets = directions.enumerated().map { task, direction in
        var noiseStream = streams.stream("task/\(task)/noise/\(split.rawValue)")
        return Projection.values(drawn, onto: [direction]).map {
          (curve.value($0) - shift + noise * noiseStream.normal()) * factor
        }
      }
      return (drawn, targets)
    }
  }

  /// The w_t.
  private func directions(_ streams: SuiteStreams) throws(SuiteError) -> [[Double]] {
    var stream = streams.stream("directions")
    do {
      let frame = try Matrix<Double>.randomOrthogonal(
        rows: tasks > 2 ? tasks + 1 : 2, columns: inputs, using: &stream)
      func combine(_ a: Double, _ i: Int, _ b: Double, _ j: Int) -> [Double] {
        (0..<inputs).map { scale * (a * frame[i, $0] + b * frame[j, $0]) }
      }
      return (0..<tasks).map { task in
        switch (tasks, task) {
        case (...2, 0): combine(1, 0, 0, 1)
        case (...2, _): combine(correlation, 0, (1 - correlation * correlation).squareRoot(), 1)
        default: combine(correlation.squareRoot(), 0, (1 - correlation).squareRoot(), task + 1)
        }
      }
    } catch {
      throw SuiteError("\(Self.about.name): \(error)")
    }
  }
}
