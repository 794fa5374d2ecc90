import JointLossWeighting

/// A direction and weights that do not depend on the gradients, which are remembered.
struct ShownGradients<Gradients: GradientEvidence>: WeightingStrategy {
  static var about: StrategyDescription { StrategyDescription("shown", "shown", formula: "w = c", weighs: .direction) }

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
