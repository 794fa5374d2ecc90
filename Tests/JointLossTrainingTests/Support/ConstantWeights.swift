import JointLossWeighting

/// Weights that never change, behind any evidence: it sends a step down the path of that evidence.
struct ConstantWeights<Evidence: TaskEvidence>: WeightingStrategy {
  static var descriptor: StrategyDescriptor {
    StrategyDescriptor(
      name: "constant", title: "constant weights", formula: "w_t = c_t", appliesTo: .losses)
  }

  private let weights: TaskWeights
  private let scope: GradientScope?

  init(_ setup: StrategySetup) {
    self.init([Double](repeating: 1, count: setup.taskCount), appliesTo: .losses)
  }

  init(
    _ weights: [Double], appliesTo: TaskWeights.Application, scope: GradientScope? = nil,
    certificate: SolverCertificate? = nil
  ) {
    self.weights = TaskWeights(weights, certificate: certificate)
    self.scope = scope
  }

  var gradientScope: GradientScope? { scope }

  static var weighsAbsentTasks: Bool { true }

  func weights(for evidence: Evidence) -> TaskWeights { weights }
}

/// Weighs all tasks by 1 and remembers the gradient norms it was shown.
struct NormRecorder: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "norm-recorder", title: "norm recorder", formula: "w_t = 1", appliesTo: .losses)

  private(set) var norms: [Double] = []
  private var scope: GradientScope? = .sharedParameters

  init(_ setup: StrategySetup) {}

  init(scope: GradientScope) { self.scope = scope }

  static let weighsAbsentTasks = true

  var gradientScope: GradientScope? { scope }

  mutating func weights(for evidence: GradientNormEvidence) -> TaskWeights {
    norms = evidence.norms
    return TaskWeights(evidence.norms.map { _ in 1 })
  }
}

/// Weighs all tasks by 1 and remembers the Gramian it was shown.
struct GramianRecorder: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "gramian-recorder", title: "Gramian recorder", formula: "w_t = 1", appliesTo: .losses)

  private(set) var gramian: Gramian?

  init(_ setup: StrategySetup) {}

  init() {}

  mutating func weights(for evidence: GramianEvidence) -> TaskWeights {
    gramian = evidence.gramian
    return TaskWeights([Double](repeating: 1, count: evidence.taskCount))
  }
}

extension GradientScope {
  /// The scopes that every network has.
  static let onParameters = [sharedParameters, allParameters, lastSharedLayer]
}
