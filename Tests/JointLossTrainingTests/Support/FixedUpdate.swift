import JointLossWeighting

/// The same update in every step, and heads weighted by constants, whatever it is shown.
struct FixedUpdate<Evidence: TaskEvidence>: WeightingStrategy {
  static var descriptor: StrategyDescriptor {
    StrategyDescriptor(name: "fixed-update", title: "a fixed update", formula: "u = c", appliesTo: .update)
  }

  private let update: [Double]
  private let headWeights: [Double]?
  private let scope: GradientScope?
  private let taskCount: Int

  init(_ setup: StrategySetup) { self.init([], taskCount: setup.taskCount) }

  init(
    _ update: [Double], taskCount: Int = 3, headWeights: [Double]? = nil, scope: GradientScope? = nil
  ) {
    self.update = update
    self.headWeights = headWeights
    self.scope = scope
    self.taskCount = taskCount
  }

  static var weighsAbsentTasks: Bool { true }

  var gradientScope: GradientScope? { scope }

  func weights(for evidence: Evidence) -> TaskWeights {
    TaskWeights(
      update: update, values: [Double](repeating: 1, count: taskCount), headWeights: headWeights)
  }
}
