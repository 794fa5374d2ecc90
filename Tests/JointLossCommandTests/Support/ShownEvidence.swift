import JointLossWeighting

/// Weights that do not depend on the evidence, which is remembered.
struct ShownEvidence<Evidence: TaskEvidence>: WeightingStrategy {
  static var descriptor: StrategyDescriptor {
    StrategyDescriptor(name: "shown", title: "shown", formula: "w = c", appliesTo: .direction)
  }

  let weights: TaskWeights
  private(set) var gradientScope: GradientScope?
  private(set) var shown: Evidence?

  private enum CodingKeys: CodingKey { case weights, gradientScope }

  init(_ setup: StrategySetup) {
    self.init(TaskWeights([Double](repeating: 1, count: setup.taskCount)))
  }

  init(_ weights: TaskWeights, scope: GradientScope? = nil) {
    self.weights = weights
    gradientScope = scope
  }

  mutating func weights(for evidence: Evidence) -> TaskWeights {
    shown = evidence
    return weights
  }
}
