package import JointLossLinearAlgebra
package import JointLossTraining
package import JointLossWeighting

/// Linear regressions whose coefficient vectors meet at one cosine: the suite with exact answers.
///
/// After S. Wu, H. R. Zhang, C. Ré, *Understanding and Improving Information Transfer in Multi-Task
/// Learning*, ICLR 2020: a linear trunk of r units and a head for each task; with r at least the number of
/// tasks nothing needs to be shared, with fewer the tasks must agree on a subspace. What is exact is in
/// ``LinearTasks``.
package struct LinearSubspaceSuite: TaskSuite {
  /// Name, formula and parameters.
  package static let descriptor = SuiteDescriptor(
    name: "linear-subspace",
    summary:
      "Linear regressions with one cosine between any two coefficient vectors, on few samples and a narrow "
      + "linear trunk. Optimum and excess risk are exact.",
    formula: """
      x ~ N(0, I), y_t = θ_tᵀx + noise ε, ‖θ_t‖ = 1, θ_tᵀθ_s = cosine
      θ_t = √(1 − r) u_t + ((√(1 + (T − 1)r) − √(1 − r)) / T) Σ_s u_s, u orthonormal, r = cosine
      excess risk of a linear predictor (w, b): ‖w − θ_t‖² + b²
      """,
    citation: Citation(
      "S. Wu, H. R. Zhang, C. Ré, Understanding and Improving Information Transfer in Multi-Task "
        + "Learning, ICLR 2020",
      link: "https://arxiv.org/abs/2005.00944"),
    parameters: [
      ParameterDescriptor("tasks", .integer(default: 4, range: .closed(1...64)), "The number of tasks T."),
      ParameterDescriptor(
        "cosine", .number(default: 0.5, range: .closed(-1...1)),
        "The cosine between the coefficient vectors of any two tasks, at least −1/(T − 1)."),
      ParameterDescriptor("inputs", .integer(default: 20, range: .closed(1...1000)), "The number of inputs."),
      ParameterDescriptor(
        "samples", .integer(default: 100, range: .closed(1...1_000_000)), "The number of training samples."),
      ParameterDescriptor(
        "width", .integer(default: 2, range: .closed(1...4096)),
        "The units of the linear trunk: the rank that the tasks share."),
      ParameterDescriptor(
        "noise", .number(default: 0.5, range: .nonNegative),
        "The standard deviation of the label noise, in all splits."),
    ])

  private let taskCount: Int
  private let cosine: Double
  private let inputs: Int
  private let noise: Double
  private let width: Int
  private let sizes: SplitSizes

  /// Creates the suite.
  ///
  /// - Parameter parameters: a value for every declared parameter.
  /// - Throws: ``SuiteError`` if the cosine is below −1/(T − 1) or the inputs are fewer than the tasks.
  package init(_ parameters: ParameterValues) throws(SuiteError) {
    taskCount = parameters.integer("tasks")
    cosine = parameters.number("cosine")
    inputs = parameters.integer("inputs")
    noise = parameters.number("noise")
    width = parameters.integer("width")
    sizes = SplitSizes(train: parameters.integer("samples"), validation: 1000, test: 2000)
    let name = Self.descriptor.name
    // The slack lets a user write −0.3333 or −0.33333333 for four tasks.
    guard taskCount == 1 || 1 + Double(taskCount - 1) * cosine >= -1e-3 else {
      throw SuiteError(
        "\(name).cosine is \(cosine): \(taskCount) vectors cannot all meet at less than "
          + "\(-1 / Double(taskCount - 1))"
      )
    }
    guard inputs >= taskCount else {
      throw SuiteError("\(name).inputs is \(inputs): \(taskCount) tasks need at least as many")
    }
  }

  /// The inputs of a sample.
  package var inputCount: Int? { inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { sizes[.train] }

  /// T regressions.
  package var tasks: [TaskSpecification] {
    (1...taskCount).map { TaskSpecification(name: "task-\($0)", loss: .meanSquaredError) }
  }

  /// One linear layer; Adam at 1e-2 on batches of 20, 1000 steps at the default number of samples.
  package var recipe: TrainingRecipe {
    TrainingRecipe(trunk: [width], activation: .identity, epochs: 200, batchSize: 20, learningRate: 1e-2)
  }

  /// The tasks that a stream's data come from.
  ///
  /// - Parameter stream: the stream that ``generate(using:)`` would be given.
  /// - Returns: the true coefficients and what follows from them.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func truth(using stream: inout PhiloxStream) throws(SuiteError) -> LinearTasks {
    try truth(SuiteStreams(using: &stream))
  }

  private func truth(_ streams: SuiteStreams) throws(SuiteError) -> LinearTasks {
    var stream = streams.stream("coefficients")
    do {
      return LinearTasks(
        coefficients: try EquiangularFrame.rows(
          count: taskCount, dimensions: inputs, cosine: cosine, using: &stream),
        noiseVariance: noise * noise)
    } catch {
      throw SuiteError("\(Self.descriptor.name): \(error)")
    }
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`; one word is taken.
  /// - Returns: the three splits, all with noise; the irreducible loss is the noise's variance.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    let streams = SuiteStreams(using: &stream)
    try SuiteData.requireMemory(
      of: Self.descriptor.name, samples: sizes[.train], inputs: inputs, tasks: tasks)
    let truth = try truth(streams)
    return try SuiteData(
      of: Self.descriptor.name, inputs: inputs, tasks: tasks,
      irreducibleLoss: [Double](repeating: noise * noise, count: taskCount)
    ) { (split) throws(SuiteError) in
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let samples = inputStream.normals(sizes[split] * inputs)
      let targets = truth.coefficients.enumerated().map { task, direction in
        var noiseStream = streams.stream("task/\(task)/noise/\(split.rawValue)")
        return Projection.values(samples, onto: [direction]).map { $0 + noise * noiseStream.normal() }
      }
      return (samples, targets)
    }
  }
}
