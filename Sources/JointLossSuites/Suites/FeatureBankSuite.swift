package import JointLossLinearAlgebra
package import JointLossTraining
import JointLossWeighting

/// Tasks over a bank of tanh features, with a dial from contested over private to shared features.
package struct FeatureBankSuite: TaskSuite {
  /// Name, summary, generator and source.
  package static let about = SuiteDescription(
    "feature-bank",
    "Regression tasks over a bank of tanh features: all shared at overlap 1, all private at 0, contested "
      + "below. A trunk as wide as one task's features is where sharing helps most, and where it hurts.",
    formula: """
      x ~ N(0, I), y_t = scale_t (Σ_k c_tk tanh(a_tkᵀx) / sd_t + noise ε), k = 1 … K
      overlap ρ ≥ 0: ρK features have a_tk = a_k, ‖a_k‖ = 2, and coefficients N(0, 1/K) that correlate by \
      alignment; the other features are private.
      overlap ρ < 0: |ρ|K features have equal coefficients and directions of length 3 at pairwise cosine −1/T.
      Training and validation labels are noisy; test labels are not, so that the test loss is the excess risk.
      """)

  @Parameter("The number of tasks T.", in: 1...64) var tasks = 4
  @Parameter(
    "The share ρ of a task's features that are shared with all tasks, or contested where negative; "
      + "|ρ|·features must be whole.", in: -1...1) var overlap = 1.0
  @Parameter(
    "The correlation between tasks of a shared feature's coefficients; the mean label correlation is "
      + "about overlap times this.", in: 0...1) var alignment = 0.5
  @Parameter("The features K of each task.", in: 1...64) var features = 6
  @Parameter("The number of inputs.", in: 1...1000) var inputs = 30
  @Parameter("The number of training samples.", in: 1...1_000_000) var samples = 600
  @Parameter("The units of the trunk's one layer.", in: 1...4096) var width = 6
  @Parameter("The standard deviation of the label noise, relative to the label's.", in: .nonNegative)
  var noise = 0.3
  @Parameter(
    "The standard deviation of each task's noiseless label; 1 for all where none is given.", in: .positive)
  var scales: [Double]

  /// Creates the suite with its defaults.
  package init() {}

  /// The generator.
  package var bank: FeatureBank {
    FeatureBank(
      suite: Self.about.name,
      tasks: (0..<tasks).map { task in
        FeatureBank.Task(
          specification: TaskSpecification(name: "task-\(task + 1)", loss: .meanSquaredError),
          scale: scales.indices.contains(task) ? scales[task] : 1, noise: noise)
      },
      overlap: overlap, alignment: alignment, features: features, inputs: inputs, samples: samples)
  }

  /// Checks that the parameters fit together.
  ///
  /// - Throws: ``SuiteError`` if overlap·features is not whole or the scales are not one a task.
  package func validate() throws(SuiteError) {
    guard scales.isEmpty || scales.count == tasks else {
      throw SuiteError("\(Self.about.name).scales has \(scales.count) values for \(tasks) tasks")
    }
    try bank.validate()
  }

  /// T regressions.
  package var taskSpecifications: [TaskSpecification] { bank.specifications }

  /// The inputs of a sample.
  package var inputCount: Int? { inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { samples }

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
