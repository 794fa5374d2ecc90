package import JointLossLinearAlgebra
package import JointLossTraining
import JointLossWeighting

/// Linear regressions whose coefficient vectors meet at one cosine: the suite with exact answers.
///
/// After S. Wu, H. R. Zhang, C. Ré, *Understanding and Improving Information Transfer in Multi-Task
/// Learning*, ICLR 2020: a linear trunk of r units and a head for each task; with r at least the number of
/// tasks nothing needs to be shared, with fewer the tasks must agree on a subspace. What is exact is in
/// ``LinearTasks``.
package struct LinearSubspaceSuite: TaskSuite {
  /// Name, summary, generator and source.
  package static let about = SuiteDescription(
    "linear-subspace",
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
      link: "https://arxiv.org/abs/2005.00944"))

  @Parameter("The number of tasks T.", in: 1...64) var tasks = 4
  @Parameter("The cosine between the coefficient vectors of any two tasks, at least −1/(T − 1).", in: -1...1)
  var cosine = 0.5
  @Parameter("The number of inputs.", in: 1...1000) var inputs = 20
  @Parameter("The number of training samples.", in: 1...1_000_000) var samples = 100
  @Parameter("The units of the linear trunk: the rank that the tasks share.", in: 1...4096) var width = 2
  @Parameter("The standard deviation of the label noise, in all splits.", in: .nonNegative) var noise = 0.5

  /// Creates the suite with its defaults.
  package init() {}

  /// Checks that the parameters fit together.
  ///
  /// - Throws: ``SuiteError`` if the cosine is below −1/(T − 1) or the inputs are fewer than the tasks.
  package func validate() throws(SuiteError) {
    let name = Self.about.name
    // The slack lets a user write −0.3333 or −0.33333333 for four tasks.
    guard tasks == 1 || 1 + Double(tasks - 1) * cosine >= -1e-3 else {
      throw SuiteError(
        "\(name).cosine is \(cosine): \(tasks) vectors cannot all meet at less than "
          + "\(-1 / Double(tasks - 1))"
      )
    }
    guard inputs >= tasks else {
      throw SuiteError("\(name).inputs is \(inputs): \(tasks) tasks need at least as many")
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
          count: tasks, dimensions: inputs, cosine: cosine, using: &stream),
        noiseVariance: noise * noise)
    } catch {
      throw SuiteError("\(Self.about.name): \(error)")
    }
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`; one word is taken.
  /// - Returns: the three splits, all with noise; the irreducible loss is the noise's variance.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    let (streams, noise) = (SuiteStreams(using: &stream), noise)
    let sizes = SplitSizes(train: samples, validation: 1000, test: 2000)
    try SuiteData.requireMemory(
      of: Self.about.name, samples: samples, inputs: inputs, tasks: taskSpecifications)
    let truth = try truth(streams)
    return try SuiteData(
      of: Self.about.name, inputs: inputs, tasks: taskSpecifications,
      irreducibleLoss: [Double](repeating: noise * noise, count: tasks)
    ) { (split) throws(SuiteError) in
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let inputRows = inputStream.normals(sizes[split] * inputs)
      let targets = truth.coefficients.enumerated().map { task, direction in
        var noiseStream = streams.stream("task/\(task)/noise/\(split.rawValue)")
        return Projection.values(inputRows, onto: [direction]).map { $0 + noise * noiseStream.normal() }
      }
      return (inputRows, targets)
    }
  }
}
