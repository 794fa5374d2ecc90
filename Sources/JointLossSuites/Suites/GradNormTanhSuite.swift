#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
package import JointLossLinearAlgebra
package import JointLossTraining
package import JointLossWeighting

/// GradNorm's toy regression: the same kind of function for every task, at very different scales.
///
/// Z. Chen et al., *GradNorm*, ICML 2018, section 4. The paper states neither the law of the inputs nor
/// whether its N(0, 10) and N(0, 3.5) name variances; inputs of unit length are what a public port takes, and
/// the reading is a parameter. Where the paper draws fresh samples in every step, the training split here is
/// finite.
package struct GradNormTanhSuite: TaskSuite {
  /// How the two numbers of a normal law are read.
  enum Reading: String {
    case variance
    case standardDeviation = "standard-deviation"
  }

  /// Name, formula and parameters.
  package static let descriptor = SuiteDescriptor(
    name: "gradnorm-tanh",
    summary:
      "GradNorm's toy: regressions of 100 outputs that differ in scale by up to 100 and share most of their "
      + "weights. No noise.",
    formula: """
      f_t(x) = σ_t tanh((B + ε_t) x), B ~ N(0, base), ε_t ~ N(0, deviation) elementwise, ‖x‖ = 1
      correlation of the pre-activations of two tasks: σ_B² / (σ_B² + σ_ε²)
      """,
    citation: Citation(
      "Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, GradNorm: Gradient Normalization for Adaptive "
        + "Loss Balancing in Deep Multitask Networks, ICML 2018",
      link: "https://arxiv.org/abs/1711.02257"),
    parameters: [
      ParameterDescriptor("tasks", .integer(default: 2, range: .closed(1...64)), "The number of tasks T."),
      ParameterDescriptor(
        "sigmas", .numbers(range: .positive),
        "The scales σ_t; by default 1, 100 for two tasks and else the first T of "
          + "44, 33, 243, 25, 11, 158, 91, 59, 19, 33."),
      ParameterDescriptor(
        "reading", .choice(default: "variance", options: ["variance", "standard-deviation"]),
        "What base and deviation are."),
      ParameterDescriptor("base", .number(default: 10, range: .nonNegative), "The spread of the shared B."),
      ParameterDescriptor(
        "deviation", .number(default: 3.5, range: .nonNegative), "The spread of each task's own ε_t."),
      ParameterDescriptor(
        "inputs", .integer(default: 250, range: .closed(1...10_000)), "The number of inputs."),
      ParameterDescriptor(
        "outputs", .integer(default: 100, range: .closed(1...10_000)), "The outputs of each task."),
      ParameterDescriptor(
        "samples", .integer(default: 4000, range: .closed(1...1_000_000)), "The number of training samples."),
    ])

  private static let tenSigmas: [Double] = [44, 33, 243, 25, 11, 158, 91, 59, 19, 33]

  private let sigmas: [Double]
  private let baseDeviation: Double
  private let ownDeviation: Double
  private let inputs: Int
  private let outputs: Int
  private let sizes: SplitSizes

  /// Creates the suite.
  ///
  /// - Parameter parameters: a value for every declared parameter.
  /// - Throws: ``SuiteError`` if the sigmas are not one a task.
  package init(_ parameters: ParameterValues) throws(SuiteError) {
    let count = parameters.integer("tasks")
    let given = parameters.numbers("sigmas")
    sigmas = given.isEmpty ? (count == 2 ? [1, 100] : Array(Self.tenSigmas.prefix(count))) : given
    guard sigmas.count == count else {
      let name = Self.descriptor.name
      throw SuiteError(
        given.isEmpty
          ? "\(name).sigmas has defaults for 1 … 10 tasks, not for \(count): give one a task"
          : "\(name).sigmas has \(given.count) values for \(count) tasks")
    }
    let reading: Reading = parameters.choice("reading")
    func deviation(_ name: String) -> Double {
      let value = parameters.number(name)
      return reading == .variance ? value.squareRoot() : value
    }
    baseDeviation = deviation("base")
    ownDeviation = deviation("deviation")
    inputs = parameters.integer("inputs")
    outputs = parameters.integer("outputs")
    sizes = SplitSizes(train: parameters.integer("samples"), validation: 500, test: 1000)
  }

  /// The inputs of a sample.
  package var inputCount: Int? { inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { sizes[.train] }

  /// T regressions of many outputs.
  package var tasks: [TaskSpecification] {
    sigmas.indices.map {
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
    let base = (0..<outputs).map { _ in baseStream.normals(inputs) }
    return sigmas.indices.map { task in
      var ownStream = streams.stream("task/\(task)/function")
      return base.map { row in row.map { baseDeviation * $0 + ownDeviation * ownStream.normal() } }
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
      of: Self.descriptor.name, samples: sizes[.train], inputs: inputs, tasks: tasks,
      beside: Double(tasks.count + 1) * Double(outputs) * Double(inputs))
    let streams = SuiteStreams(using: &stream)
    let weights = weights(streams)
    return try SuiteData(
      of: Self.descriptor.name, inputs: inputs, tasks: tasks, irreducibleLoss: sigmas.map { _ in 0 }
    ) { (split) throws(SuiteError) in
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let samples = (0..<sizes[split]).flatMap { _ in inputStream.cubeDirection(dimensions: inputs) }
      let targets = zip(sigmas, weights).map { sigma, rows in
        Projection.values(samples, onto: rows).map { sigma * tanh($0) }
      }
      return (samples, targets)
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
