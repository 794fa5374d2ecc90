package import JointLossLinearAlgebra
package import JointLossTraining
package import JointLossWeighting

/// Tasks over a bank of tanh features, with a dial from contested over private to shared features.
package struct FeatureBankSuite: TaskSuite {
  /// Name, formula and parameters.
  package static let descriptor = SuiteDescriptor(
    name: "feature-bank",
    summary:
      "Regression tasks over a bank of tanh features: all shared at overlap 1, all private at 0, contested "
      + "below. A trunk as wide as one task's features is where sharing helps most, and where it hurts.",
    formula: """
      x ~ N(0, I), y_t = scale_t (Σ_k c_tk tanh(a_tkᵀx) / sd_t + noise ε), k = 1 … K
      overlap ρ ≥ 0: ρK features have a_tk = a_k, ‖a_k‖ = 2, and coefficients N(0, 1/K) that correlate by \
      alignment; the other features are private.
      overlap ρ < 0: |ρ|K features have equal coefficients and directions of length 3 at pairwise cosine −1/T.
      Training and validation labels are noisy; test labels are not, so that the test loss is the excess risk.
      """,
    parameters: [
      ParameterDescriptor("tasks", .integer(default: 4, range: .closed(1...64)), "The number of tasks T."),
      ParameterDescriptor(
        "overlap", .number(default: 1, range: .closed(-1...1)),
        "The share ρ of a task's features that are shared with all tasks, or contested where negative; "
          + "|ρ|·features must be whole."),
      ParameterDescriptor(
        "alignment", .number(default: 0.5, range: .closed(0...1)),
        "The correlation between tasks of a shared feature's coefficients; the mean label correlation is "
          + "about overlap times this."),
      ParameterDescriptor(
        "features", .integer(default: 6, range: .closed(1...64)), "The features K of each task."),
      ParameterDescriptor("inputs", .integer(default: 30, range: .closed(1...1000)), "The number of inputs."),
      ParameterDescriptor(
        "samples", .integer(default: 600, range: .closed(1...1_000_000)), "The number of training samples."),
      ParameterDescriptor(
        "width", .integer(default: 6, range: .closed(1...4096)), "The units of the trunk's one layer."),
      ParameterDescriptor(
        "noise", .number(default: 0.3, range: .nonNegative),
        "The standard deviation of the label noise, relative to the label's."),
      ParameterDescriptor(
        "scales", .numbers(range: .positive),
        "The standard deviation of each task's noiseless label; 1 for all where none is given."),
    ])

  package let bank: FeatureBank
  private let width: Int

  /// Creates the suite.
  ///
  /// - Parameter parameters: a value for every declared parameter.
  /// - Throws: ``SuiteError`` if overlap·features is not whole or the scales are not one a task.
  package init(_ parameters: ParameterValues) throws(SuiteError) {
    let name = Self.descriptor.name
    let count = parameters.integer("tasks")
    let given = parameters.numbers("scales")
    guard given.isEmpty || given.count == count else {
      throw SuiteError("\(name).scales has \(given.count) values for \(count) tasks")
    }
    let noise = parameters.number("noise")
    bank = try FeatureBank(
      suite: name,
      tasks: (0..<count).map { task in
        FeatureBank.Task(
          specification: TaskSpecification(name: "task-\(task + 1)", loss: .meanSquaredError),
          scale: given.isEmpty ? 1 : given[task], noise: noise)
      },
      overlap: parameters.number("overlap"), alignment: parameters.number("alignment"),
      features: parameters.integer("features"), inputs: parameters.integer("inputs"),
      samples: parameters.integer("samples"))
    width = parameters.integer("width")
  }

  /// T regressions.
  package var tasks: [TaskSpecification] { bank.specifications }

  /// The inputs of a sample.
  package var inputCount: Int? { bank.inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { bank.sizes[.train] }

  /// One tanh layer; Adam at 5e-3 for 1500 steps of 64 at the default number of samples.
  package var recipe: TrainingRecipe {
    TrainingRecipe(trunk: [width], activation: .tanh, epochs: 150, batchSize: 64, learningRate: 5e-3)
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`; one word is taken.
  /// - Returns: the three splits; the irreducible loss is 0.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    try bank.data(SuiteStreams(using: &stream))
  }
}
