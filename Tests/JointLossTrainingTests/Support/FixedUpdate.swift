import JointLossWeighting

/// The same update in every step, and heads weighted by constants, whatever it is shown.
struct FixedUpdate<Gradients: GradientEvidence>: WeightingStrategy {
  static var about: StrategyDescription {
    StrategyDescription("fixed-update", "a fixed update", formula: "u = c", weighs: .update)
  }

  private var update: [Double] = []
  private var headWeights: [Double]?
  private var scope: GradientScope?

  init() {}

  init(_ update: [Double], headWeights: [Double]? = nil, scope: GradientScope? = nil) {
    self.update = update
    self.headWeights = headWeights
    self.scope = scope
  }

  var gradientScope: GradientScope? { scope }

  func weights(for step: Step<Gradients>) -> TaskWeights {
    TaskWeights(
      update: update, values: [Double](repeating: 1, count: step.taskCount), headWeights: headWeights)
  }
}
