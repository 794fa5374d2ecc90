import JointLossWeighting

/// The direction `Jᵀ c` for fixed c, with heads weighted by their own constants: what the trainer makes of a
/// direction is then known from the losses alone.
struct FixedCombination: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "fixed-combination", title: "a fixed combination", formula: "d = Jᵀ c", appliesTo: .direction)

  private let coefficients: [Double]
  private let headWeights: [Double]?
  private let scope: GradientScope?
  /// The Jacobian of the last step.
  private(set) var jacobian: Jacobian?
  /// Values left out of the direction's end.
  var shortfall = 0

  init(_ setup: StrategySetup) { self.init([Double](repeating: 1, count: setup.taskCount)) }

  init(_ coefficients: [Double], headWeights: [Double]? = nil, scope: GradientScope? = nil) {
    self.coefficients = coefficients
    self.headWeights = headWeights
    self.scope = scope
  }

  static let weighsAbsentTasks = true

  var gradientScope: GradientScope? { scope }

  mutating func weights(for evidence: JacobianEvidence) -> TaskWeights {
    jacobian = evidence.jacobian
    return TaskWeights(
      direction: evidence.jacobian.direction(weights: coefficients).dropLast(shortfall), values: coefficients,
      headWeights: headWeights)
  }
}

/// The direction of equal weights on the last of three batches; it remembers what it was shown.
struct BatchRecorder: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "batch-recorder", title: "batch recorder", formula: "d = J₃ᵀ 1", appliesTo: .direction)

  private(set) var jacobians: [Jacobian] = []

  static let weighsAbsentTasks = true

  init(_ setup: StrategySetup) {}

  init() {}

  mutating func weights(for evidence: IndependentBatchesEvidence) -> TaskWeights {
    jacobians = evidence.jacobians
    let ones = [Double](repeating: 1, count: evidence.taskCount)
    return TaskWeights(direction: jacobians[2].direction(weights: ones), values: ones)
  }
}

/// Weighs all tasks by 1 and remembers the losses before and after every step.
struct AfterStepRecorder: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "after-step-recorder", title: "after-step recorder", formula: "w_t = 1", appliesTo: .losses)

  private(set) var before: [[Double]] = []
  private(set) var after: [[Double]] = []

  init(_ setup: StrategySetup) {}

  init() {}

  mutating func weights(for evidence: LossesAroundStepEvidence) -> TaskWeights {
    before.append(evidence.losses)
    return TaskWeights(evidence.losses.map { _ in 1 })
  }

  mutating func stepEnded(lossesAfter: [Double]) { after.append(lossesAfter) }
}
