import JointLossWeighting

// Strategies that give a direction or an update, and a wrong one.

/// Ones on an update that is not there.
struct MissingUpdate: WeightingStrategy {
  static let descriptor = broken("missing-update", appliesTo: .update)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights([Double](repeating: 1, count: taskCount), appliesTo: .update)
  }
}

/// The sum of the gradients, said to be the same at every scale of the losses.
struct GradientAsUpdate: WeightingStrategy {
  static let descriptor = broken(
    "gradient-as-update", claims: StrategyClaims(scaleDegree: 0), appliesTo: .update)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let ones = [Double](repeating: 1, count: taskCount)
    return TaskWeights(update: evidence.jacobian.direction(weights: ones), values: ones)
  }
}

/// An update that lacks the last parameter.
struct ShortUpdate: WeightingStrategy {
  static let descriptor = broken("short-update", appliesTo: .update)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let ones = [Double](repeating: 1, count: taskCount)
    return TaskWeights(update: evidence.jacobian.direction(weights: ones).dropLast(), values: ones)
  }
}

/// A direction with its elements in the reverse order: the weight of a task alone is 1 all the same.
struct Sideways: WeightingStrategy {
  static let descriptor = broken("sideways", appliesTo: .direction)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let ones = [Double](repeating: 1, count: taskCount)
    return TaskWeights(direction: evidence.jacobian.direction(weights: ones).reversed(), values: ones)
  }
}

/// An update in the direction in which the losses rise.
struct Uphill: WeightingStrategy {
  static let descriptor = broken("uphill", appliesTo: .update)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let ones = [Double](repeating: 1, count: taskCount)
    return TaskWeights(update: evidence.jacobian.direction(weights: ones).map { -$0 }, values: ones)
  }
}
