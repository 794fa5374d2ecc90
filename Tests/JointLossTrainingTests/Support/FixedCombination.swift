import JointLossWeighting

/// The direction `Jᵀ c` for fixed c, with heads weighted by their own constants: what the trainer makes of a
/// direction is then known from the losses alone.
struct FixedCombination: WeightingStrategy {
  static let about = StrategyDescription(
    "fixed-combination", "a fixed combination", formula: "d = Jᵀ c", weighs: .direction)

  private var coefficients: [Double] = []
  private var headWeights: [Double]?
  private var scope: GradientScope?
  /// The Jacobian of the last step.
  private(set) var jacobian: Jacobian?
  /// Values left out of the direction's end.
  var shortfall = 0

  init() {}

  init(_ coefficients: [Double], headWeights: [Double]? = nil, scope: GradientScope? = nil) {
    self.coefficients = coefficients
    self.headWeights = headWeights
    self.scope = scope
  }

  var gradientScope: GradientScope? { scope }

  mutating func start(taskCount: Int) {
    if coefficients.isEmpty { coefficients = [Double](repeating: 1, count: taskCount) }
  }

  mutating func weights(for step: Step<Jacobian>) -> TaskWeights {
    jacobian = step.jacobian
    return TaskWeights(
      direction: step.jacobian.direction(weights: coefficients).dropLast(shortfall), values: coefficients,
      headWeights: headWeights)
  }
}

/// The direction of equal weights on the last of three batches; it remembers what it was shown.
struct BatchRecorder: WeightingStrategy {
  static let about = StrategyDescription(
    "batch-recorder", "batch recorder", formula: "d = J₃ᵀ 1", weighs: .direction)

  private(set) var jacobians: [Jacobian] = []

  init() {}

  mutating func weights(for step: Step<IndependentJacobians>) -> TaskWeights {
    jacobians = step.jacobians
    let ones = [Double](repeating: 1, count: step.taskCount)
    return TaskWeights(direction: jacobians[2].direction(weights: ones), values: ones)
  }
}

/// Weighs all tasks by 1 and remembers the losses before and after every step.
struct AfterStepRecorder: WeightingStrategy {
  static let about = StrategyDescription(
    "after-step-recorder", "after-step recorder", formula: "w_t = 1", weighs: .losses)

  private(set) var before: [[Double]] = []
  private(set) var after: [[Double]] = []

  init() {}

  var looksAfterStep: Bool { true }

  mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    before.append(step.losses)
    return TaskWeights(step.losses.map { _ in 1 })
  }

  mutating func stepEnded(lossesAfter: [Double]) { after.append(lossesAfter) }
}
