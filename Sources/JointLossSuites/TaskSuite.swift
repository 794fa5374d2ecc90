public import JointLossLinearAlgebra
public import JointLossTraining
public import JointLossWeighting

/// A generator of tasks: data for training, validation and test, and the network it is meant for.
///
/// A suite is a value: its stored properties are parameters, each marked `@Parameter`.
///
///     @Parameter("The standard deviation of the label noise.", in: .nonNegative) var noise = 0.1
///
/// A minimal suite has ``about``, ``taskSpecifications``, ``recipe`` and ``generate(using:)``.
public protocol TaskSuite: ParameterGroup, Sendable {
  /// Name, summary, generator and source.
  static var about: SuiteDescription { get }

  /// The tasks, in the order of the targets.
  var taskSpecifications: [TaskSpecification] { get }

  /// How the suite is trained unless the user says otherwise.
  var recipe: TrainingRecipe { get }

  /// Draws the data of a seed.
  ///
  /// - Parameter stream: the stream of the purpose `data`.
  /// - Returns: the three splits, and what is known exactly of them.
  /// - Throws: whatever fails; the run ends with its description.
  func generate(using stream: inout PhiloxStream) throws -> SuiteData

  // MARK: Requirements with a default

  /// Checks that the parameters fit together. Called once, before anything else is asked.
  ///
  /// - Throws: ``SuiteError`` that names the parameter and its value.
  func validate() throws(SuiteError)

  /// A model of the suite's own, which is trained in the network's place.
  ///
  /// A suite with a model has it for all of its tasks, and for each of them alone: single-task training trains one
  /// model a task.
  ///
  /// - Parameter tasks: the tasks of the model: all ``taskSpecifications`` or one of them.
  /// - Returns: the model; nil of a suite that is trained on a network.
  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)?

  /// The inputs of a sample, where they are known before data are drawn: then a study whose network cannot be is
  /// refused before it begins.
  var inputCount: Int? { get }

  /// The samples of the training split, where they are known before data are drawn: then a study whose batches are
  /// larger is refused before it begins.
  var trainingSampleCount: Int? { get }
}

extension TaskSuite {
  // Correct for every suite whose parameters do not depend on one another.
  /// Does nothing.
  ///
  /// - Throws: nothing.
  public func validate() throws(SuiteError) {}

  // Correct for every suite whose tasks a network of dense layers can learn.
  /// Nil: the suite is trained on a network.
  ///
  /// - Parameter tasks: ignored.
  /// - Returns: nil.
  public func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? { nil }

  // Correct for every suite: what the data say is found out in each run.
  /// Nil: not known.
  public var inputCount: Int? { nil }

  /// Nil: not known.
  public var trainingSampleCount: Int? { nil }

  /// Creates the suite with parameters by name.
  ///
  /// - Parameter parameters: values for some of its parameters; the others have their defaults.
  /// - Throws: ``SuiteError`` if a parameter is unknown or out of range, or if the values do not fit together.
  public init(parameters: [String: ParameterValue]) throws(SuiteError) {
    let values: ParameterValues
    do {
      values = try ParameterValues(parameters, of: Self.about.name, against: Self.parameters)
    } catch {
      throw SuiteError(error.description)
    }
    self = Self.make(with: values)
    try validate()
  }
}

/// What a suite says of itself.
public struct SuiteDescription: Sendable, Hashable {
  /// The name on the command line, in lower case with hyphens.
  public let name: String
  /// What it is, in one or two sentences.
  public let summary: String
  /// The generator, as formulas.
  public let formula: String
  /// Where it comes from.
  public let citation: Citation?

  /// Creates a description.
  ///
  /// - Parameters:
  ///   - name: the name on the command line, in lower case with hyphens.
  ///   - summary: what it is.
  ///   - formula: the generator.
  ///   - citation: where it comes from.
  public init(_ name: String, _ summary: String, formula: String, citation: Citation? = nil) {
    self.name = name
    self.summary = summary
    self.formula = formula
    self.citation = citation
  }
}

/// How a suite is trained unless the user says otherwise.
public struct TrainingRecipe: Sendable, Hashable {
  /// The widths of the trunk's layers; nil of a suite with a model of its own.
  public let trunk: [Int]?
  /// The trunk's activation; nil of a suite with a model of its own.
  public let activation: Activation?
  /// The number of epochs.
  public let epochs: Int
  /// Samples a batch.
  public let batchSize: Int
  /// Adam's learning rate.
  public let learningRate: Double

  /// Creates a recipe.
  ///
  /// - Parameters:
  ///   - trunk: the widths of the trunk's layers; none for a suite with a model of its own.
  ///   - activation: the trunk's activation; none for a suite with a model of its own.
  ///   - epochs: the number of epochs.
  ///   - batchSize: samples a batch.
  ///   - learningRate: Adam's learning rate.
  public init(
    trunk: [Int]? = nil, activation: Activation? = nil, epochs: Int, batchSize: Int, learningRate: Double
  ) {
    self.trunk = trunk
    self.activation = activation
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
  }
}

/// The data of one seed of a suite.
public struct SuiteData: Sendable {
  /// The training split, at least one sample.
  public let train: TaskDataset
  /// The validation split: for choosing the epoch, early stopping and plateaus, never for reporting.
  ///
  /// A run on data without a validation sample is refused.
  public let validation: TaskDataset
  /// The test split, at least one sample: for reporting, never for choosing.
  public let test: TaskDataset
  /// For each task, the smallest test loss that any predictor reaches in expectation, where it is known.
  public let irreducibleLoss: [Double]?

  /// Creates the data of a seed.
  ///
  /// - Parameters:
  ///   - train: the training split.
  ///   - validation: the validation split.
  ///   - test: the test split.
  ///   - irreducibleLoss: the smallest expected loss of each task, where it is known.
  public init(
    train: TaskDataset, validation: TaskDataset, test: TaskDataset, irreducibleLoss: [Double]? = nil
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.irreducibleLoss = irreducibleLoss
  }
}

/// A suite that does not exist, cannot be, or failed to draw its data.
public struct SuiteError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence with the suite, the parameter and the value.
  public let description: String

  /// Creates an error.
  ///
  /// - Parameter description: one sentence with the suite, the parameter and the value.
  public init(_ description: String) { self.description = description }
}
