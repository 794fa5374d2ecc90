import JointLossWeighting

/// What the weights of a test's strategy apply to.
protocol WeightedPlace {
  static var place: TaskWeights.Application { get }
}

enum OnLosses: WeightedPlace { static let place = TaskWeights.Application.losses }

enum OnSharedGradient: WeightedPlace { static let place = TaskWeights.Application.sharedGradient }

/// Weights that never change, behind gradients of any kind: it sends a step down the path of that kind.
struct ConstantWeights<Gradients: GradientEvidence, Place: WeightedPlace>: WeightingStrategy {
  static var about: StrategyDescription {
    StrategyDescription("constant", "constant weights", formula: "w_t = c_t", weighs: Place.place)
  }

  private var weights: TaskWeights?
  private var scope: GradientScope?

  init() {}

  init(_ weights: [Double], scope: GradientScope? = nil, certificate: SolverCertificate? = nil) {
    self.weights = TaskWeights(weights, certificate: certificate)
    self.scope = scope
  }

  var gradientScope: GradientScope? { scope }

  func weights(for step: Step<Gradients>) -> TaskWeights {
    weights ?? TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

/// Weighs all tasks by 1 and remembers the gradient norms it was shown.
struct NormRecorder: WeightingStrategy {
  static let about = StrategyDescription(
    "norm-recorder", "norm recorder", formula: "w_t = 1", weighs: .losses)

  private(set) var norms: [Double] = []
  private var scope: GradientScope? = .sharedParameters

  init() {}

  init(scope: GradientScope) { self.scope = scope }

  var gradientScope: GradientScope? { scope }

  mutating func weights(for step: Step<GradientNorms>) -> TaskWeights {
    norms = step.norms
    return TaskWeights(step.norms.map { _ in 1 })
  }
}

/// Weighs all tasks by 1 and remembers the Gramian it was shown.
struct GramianRecorder: WeightingStrategy {
  static let about = StrategyDescription(
    "gramian-recorder", "Gramian recorder", formula: "w_t = 1", weighs: .losses)

  private(set) var gramian: Gramian?

  init() {}

  mutating func weights(for step: Step<Gramian>) -> TaskWeights {
    gramian = step.gramian
    return TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

extension GradientScope {
  /// The scopes that every network has.
  static let onParameters = [sharedParameters, allParameters, lastSharedLayer]
}

/// Weights that never change, where a test says it in a loop.
func constantWeights<Gradients: GradientEvidence>(
  _ gradients: Gradients.Type, _ weights: [Double], appliesTo place: TaskWeights.Application,
  scope: GradientScope? = nil
) -> any WeightingStrategy {
  place == .losses
    ? ConstantWeights<Gradients, OnLosses>(weights, scope: scope)
    : ConstantWeights<Gradients, OnSharedGradient>(weights, scope: scope)
}
