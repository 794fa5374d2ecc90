import JointLossLinearAlgebra
import JointLossStudies
import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// Two small regressions on shared inputs: enough for a run of milliseconds.
struct LocalSuite: TaskSuite {
  static let about = SuiteDescription("local", "Two linear regressions.", formula: "y_t = x w_t + σ ε")

  @Parameter("The noise's deviation.", in: .nonNegative) var noise = 0.1
  @Parameter("The number of tasks.", in: 1...8) var tasks = 2
  @Parameter("The training samples.", in: 1...1000) var samples = 24
  let recipe = TrainingRecipe(trunk: [4], activation: .tanh, epochs: 3, batchSize: 8, learningRate: 0.01)

  var taskSpecifications: [TaskSpecification] {
    (0..<tasks).map { TaskSpecification(name: "task\($0)", loss: .meanSquaredError) }
  }

  /// A pair of parameters that do not fit together.
  func validate() throws(SuiteError) {
    if tasks == 8 && noise > 5 { throw SuiteError("local has too much noise for eight tasks") }
  }

  func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    let slopes = (0..<tasks).map { _ in (0..<3).map { _ in stream.normal() } }
    do {
      return SuiteData(
        train: try split(samples, slopes, &stream), validation: try split(16, slopes, &stream),
        test: try split(16, slopes, &stream))
    } catch {
      throw SuiteError(error.description)
    }
  }

  private func split(
    _ count: Int, _ slopes: [[Double]], _ stream: inout PhiloxStream
  ) throws(TrainingError) -> TaskDataset {
    let inputs = (0..<count * 3).map { _ in stream.normal() }
    let targets = slopes.map { slope in
      (0..<count).map { row in
        (0..<3).map { inputs[row * 3 + $0] * slope[$0] }.reduce(0, +) + noise * stream.normal()
      }
    }
    return try TaskDataset(inputCount: 3, inputs: inputs, targets: targets, tasks: taskSpecifications)
  }
}

/// Every kind of loss, with labels that are missing: a third of each task's.
struct MaskedSuite: TaskSuite {
  static let about = SuiteDescription("masked", "One task of each loss.", formula: "labels are missing")

  let taskSpecifications = [
    TaskSpecification(name: "value", loss: .meanSquaredError, outputs: 2),
    TaskSpecification(name: "class", loss: .softmaxCrossEntropy, outputs: 3),
    TaskSpecification(name: "flag", loss: .binaryCrossEntropy, outputs: 2),
  ]
  let recipe = TrainingRecipe(trunk: [5], activation: .tanh, epochs: 6, batchSize: 10, learningRate: 0.05)

  func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    do {
      return SuiteData(
        train: try split(40, &stream), validation: try split(30, &stream), test: try split(300, &stream))
    } catch {
      throw SuiteError(error.description)
    }
  }

  private func split(_ count: Int, _ stream: inout PhiloxStream) throws(TrainingError) -> TaskDataset {
    let rows = (0..<count).map { _ in [stream.normal(), stream.normal(), stream.normal()] }
    return try TaskDataset(
      inputCount: 3, inputs: rows.flatMap { $0 },
      targets: [
        rows.flatMap { [$0[0] + 0.3 * stream.normal(), 2 * $0[1]] },
        rows.map { $0[0] > 0.5 ? 2 : $0[1] > 0 ? 1 : 0 },
        rows.flatMap { [$0[2] > 0 ? 1.0 : 0, $0[0] > $0[1] ? 1 : 0] },
      ], labelled: (0..<3).map { task in (0..<count).map { $0 % 3 != task } }, tasks: taskSpecifications)
  }
}

/// One network for each task, under a name of its own.
struct Apart: WeightingStrategy {
  static let about = StrategyDescription(
    "apart", "separate networks", formula: "w = 1", weighs: .losses, arrangement: .separate)

  func weights(for step: Step<NoGradients>) -> TaskWeights {
    TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

/// Ones up to a step, then a weight that no training survives, a certificate of nothing, or no weight at all.
struct Breaking: WeightingStrategy {
  static let about = StrategyDescription(
    "breaking", "breaking", formula: "w = 1, then ∞", weighs: .losses)

  enum Fault: String, Codable, CaseIterable { case infinite, error, certificate }

  @Parameter("The step at which it breaks.", in: 0...1_000_000) private var step = 4
  @Parameter("How it breaks.") private var how = Fault.infinite
  @Parameter("One weight a task, or none.", in: .positive) private var scale: [Double]
  private var steps = 0

  func start(taskCount: Int) throws(WeightingError) {
    guard scale.isEmpty || scale.count == taskCount else {
      throw WeightingError(.parameter, "breaking.scale has \(scale.count) values for \(taskCount) tasks")
    }
  }

  mutating func weights(for observed: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    var weights = scale.isEmpty ? [Double](repeating: 1, count: observed.taskCount) : scale
    if steps == step {
      switch how {
      case .certificate:
        return TaskWeights(weights, certificate: SolverCertificate(iterations: 1, residual: .nan))
      case .error: throw WeightingError(.domain, "no weight exists for task 1", task: 1)
      case .infinite: weights[1] = .infinity
      }
    }
    steps += 1
    return TaskWeights(weights)
  }
}

/// What the tests of studies share.
enum Local {
  static func strategies() throws -> StrategyRegistry {
    try StrategyRegistry.builtIn.adding([Apart.self, Breaking.self])
  }

  static func suites() throws -> SuiteRegistry {
    try SuiteRegistry.builtIn.adding([LocalSuite.self, MaskedSuite.self])
  }

  /// A study of the local suite; `apart` is its baseline.
  static func study(_ strategies: [StudySpecification.Entry] = [.init("equal")]) -> StudySpecification {
    var study = StudySpecification()
    study.suites = [.init("local")]
    study.strategies = strategies
    study.seeds = .count(2)
    study.baseline = "apart"
    return study
  }

  static func plan(_ study: StudySpecification) throws -> RunPlan {
    try RunPlan(study, strategies: strategies(), suites: suites())
  }
}
