import JointLossWeighting

/// What the answer of a test's strategy is.
protocol AnswerKind {
  static var application: TaskWeights.Application { get }
}

enum OnLosses: AnswerKind { static let application = TaskWeights.Application.losses }

enum OnSharedGradient: AnswerKind { static let application = TaskWeights.Application.sharedGradient }

enum AsDirection: AnswerKind { static let application = TaskWeights.Application.direction }

enum AsUpdate: AnswerKind { static let application = TaskWeights.Application.update }

/// An answer that does not depend on the gradients, which are remembered.
struct ShownGradients<Gradients: GradientEvidence, Kind: AnswerKind>: WeightingStrategy {
  static var about: StrategyDescription {
    StrategyDescription("shown", "shown", formula: "w = c", weighs: Kind.application)
  }

  private var weights: TaskWeights?
  private(set) var gradientScope: GradientScope?
  private(set) var shown: Gradients?

  private enum CodingKeys: CodingKey { case weights, gradientScope }

  init() {}

  init(_ weights: TaskWeights, scope: GradientScope? = nil) {
    self.weights = weights
    gradientScope = scope
  }

  mutating func weights(for step: Step<Gradients>) -> TaskWeights {
    shown = step.gradients
    return weights ?? TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}
