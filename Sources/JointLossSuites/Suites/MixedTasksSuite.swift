package import JointLossLinearAlgebra
package import JointLossTraining
package import JointLossWeighting

/// A preset on the feature bank: three regressions of unlike scale and noise, and a classification.
///
/// At the start the squared errors are about 1, 9 and 0.09 beside a cross-entropy of 0.7, so that the
/// weighting of the tasks matters as well as what they share. A conforming suite fixes the overlap.
package protocol MixedTasksSuite: TaskSuite {
  /// Creates the suite from its validated settings.
  init(bank: FeatureBank, width: Int)
  /// The overlap ρ of the feature bank.
  static var overlap: Double { get }
  /// The generator.
  var bank: FeatureBank { get }
  /// The units of the trunk's layer.
  var width: Int { get }
}

extension MixedTasksSuite {
  /// The descriptor of a preset.
  static func preset(name: String, summary: String) -> SuiteDescriptor {
    SuiteDescriptor(
      name: name,
      summary: summary
        + " Three regressions with labels of scale 1, 3 and 0.3 and noise 0.3, 0.2 and 0.5, and a "
        + "classification with noise 0.3.",
      formula: """
        feature-bank with overlap \(ParameterValue.number(overlap)), alignment 0.5, 6 features, 30 inputs
        y_t = scale_t (f_t(x) + noise_t ε), scale = 1, 3, 0.3, noise = 0.3, 0.2, 0.5
        class = [f_4(x) + 0.3 ε > 0]
        """,
      parameters: [
        ParameterDescriptor(
          "samples", .integer(default: 600, range: .closed(1...1_000_000)), "The number of training samples."),
        ParameterDescriptor(
          "width", .integer(default: 6, range: .closed(1...4096)), "The units of the trunk's one layer."),
      ])
  }

  /// Creates the suite.
  ///
  /// - Parameter parameters: a value for every declared parameter.
  /// - Throws: ``SuiteError`` if the feature bank cannot be.
  package init(_ parameters: ParameterValues) throws(SuiteError) {
    func regression(_ name: String, scale: Double, noise: Double) -> FeatureBank.Task {
      FeatureBank.Task(
        specification: TaskSpecification(name: name, loss: .meanSquaredError), scale: scale, noise: noise)
    }
    let bank = try FeatureBank(
      suite: Self.descriptor.name,
      tasks: [
        regression("unit", scale: 1, noise: 0.3),
        regression("large", scale: 3, noise: 0.2),
        regression("small", scale: 0.3, noise: 0.5),
        FeatureBank.Task(
          specification: TaskSpecification(name: "class", loss: .binaryCrossEntropy), scale: 1, noise: 0.3),
      ],
      overlap: Self.overlap, alignment: 0.5, features: 6, inputs: 30, samples: parameters.integer("samples"))
    self.init(bank: bank, width: parameters.integer("width"))
  }

  /// The tasks `unit`, `large`, `small` and `class`.
  package var tasks: [TaskSpecification] { bank.specifications }

  /// The inputs of a sample.
  package var inputCount: Int? { bank.inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { bank.sizes[.train] }

  // Twice the learning rate of `feature-bank`: in 250 epochs, over 8 seeds, the validation loss was smallest
  // after 5 … 244 for single tasks and 43 … 249 for joint networks, with weights 1 or near 1/σ². 300 leave
  // room.
  /// One tanh layer; Adam at 1e-2 for 3000 steps of 64 at the default number of samples.
  package var recipe: TrainingRecipe {
    TrainingRecipe(trunk: [width], activation: .tanh, epochs: 300, batchSize: 64, learningRate: 1e-2)
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
