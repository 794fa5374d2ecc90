package import JointLossLinearAlgebra
package import JointLossTraining
import JointLossWeighting

/// A preset on the feature bank: three regressions of unlike scale and noise, and a classification.
///
/// At the start the squared errors are about 1, 9 and 0.09 beside a cross-entropy of 0.7, so that the
/// weighting of the tasks matters as well as what they share. A conforming suite fixes the overlap.
package protocol MixedTasksSuite: TaskSuite {
  /// The overlap ρ of the feature bank.
  static var overlap: Double { get }
  /// What a user may choose.
  var size: MixedTasksSize { get }
}

/// The parameters of the presets on the feature bank.
package struct MixedTasksSize: ParameterGroup, Sendable {
  @Parameter("The number of training samples.", in: 1...1_000_000) var samples = 600
  @Parameter("The units of the trunk's one layer.", in: 1...4096) var width = 6

  /// Creates the parameters with their defaults.
  package init() {}
}

extension MixedTasksSuite {
  /// The description of a preset.
  static func preset(_ name: String, _ summary: String) -> SuiteDescription {
    SuiteDescription(
      name,
      summary
        + " Three regressions with labels of scale 1, 3 and 0.3 and noise 0.3, 0.2 and 0.5, and a "
        + "classification with noise 0.3.",
      formula: """
        feature-bank with overlap \(ParameterValue.number(overlap)), alignment 0.5, 6 features, 30 inputs
        y_t = scale_t (f_t(x) + noise_t ε), scale = 1, 3, 0.3, noise = 0.3, 0.2, 0.5
        class = [f_4(x) + 0.3 ε > 0]
        """)
  }

  /// The generator.
  private var bank: FeatureBank {
    func regression(_ name: String, scale: Double, noise: Double) -> FeatureBank.Task {
      FeatureBank.Task(
        specification: TaskSpecification(name: name, loss: .meanSquaredError), scale: scale, noise: noise)
    }
    return FeatureBank(
      suite: Self.about.name,
      tasks: [
        regression("unit", scale: 1, noise: 0.3),
        regression("large", scale: 3, noise: 0.2),
        regression("small", scale: 0.3, noise: 0.5),
        FeatureBank.Task(
          specification: TaskSpecification(name: "class", loss: .binaryCrossEntropy), scale: 1, noise: 0.3),
      ],
      overlap: Self.overlap, alignment: 0.5, features: 6, inputs: 30, samples: size.samples)
  }

  /// The tasks `unit`, `large`, `small` and `class`.
  package var taskSpecifications: [TaskSpecification] { bank.specifications }

  /// The inputs of a sample.
  package var inputCount: Int? { bank.inputs }

  /// The samples of the training split.
  package var trainingSampleCount: Int? { size.samples }

  // Twice the learning rate of `feature-bank`: in 250 epochs, over 8 seeds, the validation loss was smallest
  // after 5 … 244 for single tasks and 43 … 249 for joint networks, with weights 1 or near 1/σ². 300 leave
  // room.
  /// One tanh layer; Adam at 1e-2 for 3000 steps of 64 at the default number of samples.
  package var recipe: TrainingRecipe {
    TrainingRecipe(trunk: [size.width], activation: .tanh, epochs: 300, batchSize: 64, learningRate: 1e-2)
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
