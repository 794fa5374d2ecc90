#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
package import JointLossLinearAlgebra
package import JointLossTraining
import JointLossWeighting

/// GradNorm's toy regression: the same kind of function for every task, at very different scales.
///
/// Z. Chen et al., *GradNorm*, ICML 2018, section 4. The paper states neither the law of the inputs nor
/// whether its N(0, 10) and N(0, 3.5) name variances; inputs of unit length are what a public port takes, and
/// the reading is a parameter. Where the paper draws fresh samples in every step, the training split here is
/// finite.
package struct GradNormTanhSuite: TaskSuite {
  /// How the two numbers of a normal law are read.
  enum Reading: String, Codable, CaseIterable {
    case variance
    case standardDeviation = "standard-deviation"
  }

  /// Name, summary, generator and source.
  package static let about = SuiteDescription(
    "gradnorm-tanh",
    "GradNorm's toy: regressions of 100 outputs that differ in scale by up to 100 and share most of their "
      + "weights. No noise.",
    formula: """
      f_t(x) = σ_t tanh((B + ε_t) x), B ~ N(0, base), ε_t ~ N(0, deviation) elementwise, ‖x‖ = 1
      correlation of the pre-activations of two tasks: σ_B² / (σ_B² + σ_ε²)
      """,
    citation: Citation(
      "Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, GradNorm: Gradient Normalization for Adaptive "
        + "Loss Balancing in Deep Multitask Networks, ICML 2018",
      link: "https://arxiv.org/abs/1711.02257"))

  @Parameter("The number of tasks T.", in: 1...64) var tasks = 2
  @Parameter(
    "The scales σ_t; by default 1, 100 for two tasks and else the first T of "
      + "44, 33, 243, 25, 11, 158, 91, 59, 19, 33.", in: .positive) var sigmas: [Double]
  @Parameter("What base and deviation are.") var reading = Reading.variance
  @Parameter("The spread of the shared B.", in: .nonNegative) var base = 10.0
  @Parameter("The spread of each task's own ε_t.", in: .nonNegative) var deviation = 3.5
  @Parameter("The number of inputs.", in: 1...10_000) var inputs = 250
  @Parameter("The outputs of each task.", in: 1...10_000) var outputs = 100
  @Parameter("The number of training samples.", in: 1...1_000_000) var samples = 4000

  private static let tenSigmas: [Double] = [44, 33, 243, 25, 11, 158, 91, 59, 19, 33]

  /// Creates the suite with its defaults.
  package init() {}

  /// Checks that the parameters fit together.
  ///
  /// - Throws: ``SuiteError`` if the sigmas are not one a task.
  package func validate() throws(SuiteError) {
    guard scales.count == tasks else {
      let name = Self.about.name
      throw SuiteError(
        sigmas.isEmpty
          ? "\(name).sigmas has defaults for 1 … 10 tasks, not for \(tasks): give one a task"
          : "\(name).sigmas has \(sigmas.count) values for \(tasks) tasks")
    }
  }

  /// The σ_t, given or by default.
  private var scales: [Double] {
    guard sigmas.isEmpty else { return sigmas }
    return tasks == 2 ? [1, 100] : Array(Self.tenSigmas.prefix(tasks))
  }

  /// The standard deviation that a spread means.
  private func standardDeviation(_ spread: Double) -> Double {
    reading == .variance ? spread.squareRoot() : spread
  }

  private var sizes: SplitSizes { SplitSizes(train: samples, validation: 500, test: 1000) }

  /// The inputs of a sample.
  package var inputCount: Int? { inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { samples }

  /// T regressions of many outputs.
  package var taskSpecifications: [TaskSpecification] {
    scales.indices.map {
      TaskSpecification(name: "task-\($0 + 1)", loss: .meanSquaredError, outputs: outputs)
    }
  }

  /// The paper's four ReLU layers of 100; Adam at 1e-3 on batches of 100, 2000 steps at the default number of
  /// samples.
  package var recipe: TrainingRecipe {
    TrainingRecipe(
      trunk: [100, 100, 100, 100], activation: .relu, epochs: 50, batchSize: 100, learningRate: 1e-3)
  }

  /// The matrices B + ε_t, `outputs` rows of `inputs` values each.
  ///
  /// - Parameter streams: the streams of a seed.
  /// - Returns: one matrix a task.
  package func weights(_ streams: SuiteStreams) -> [[[Double]]] {
    var baseStream = streams.stream("base")
    let shared = (0..<outputs).map { _ in baseStream.normals(inputs) }
    let (baseDeviation, ownDeviation) = (standardDeviation(base), standardDeviation(deviation))
    return scales.indices.map { task in
      var ownStream = streams.stream("task/\(task)/function")
      return shared.map { row in row.map { baseDeviation * $0 + ownDeviation * ownStream.normal() } }
    }
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`; one word is taken.
  /// - Returns: the three splits; the irreducible loss is 0.
  /// - Throws: ``SuiteError`` if a label is too large to be finite.
  package func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    // The matrices B and B + ε_t are drawn beside the data.
    try SuiteData.requireMemory(
      of: Self.about.name, samples: samples, inputs: inputs, tasks: taskSpecifications,
      beside: Double(tasks + 1) * Double(outputs) * Double(inputs))
    let (streams, scales, sizes) = (SuiteStreams(using: &stream), scales, sizes)
    let weights = weights(streams)
    return try SuiteData(
      of: Self.about.name, inputs: inputs, tasks: taskSpecifications, irreducibleLoss: scales.map { _ in 0 }
    ) { (split) throws(SuiteError) in
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let inputRows = (0..<sizes[split]).flatMap { _ in inputStream.cubeDirection(dimensions: inputs) }
      let targets = zip(scales, weights).map { scale, rows in
        Projection.values(inputRows, onto: rows).map { scale * tanh($0) }
      }
      return (inputRows, targets)
    }
  }
}

extension PhiloxStream {
  /// A point uniform over [−1, 1]^d, scaled to unit length.
  fileprivate mutating func cubeDirection(dimensions: Int) -> [Double] {
    let values = (0..<dimensions).map { _ in 2 * uniform() - 1 }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / norm }
  }
}
