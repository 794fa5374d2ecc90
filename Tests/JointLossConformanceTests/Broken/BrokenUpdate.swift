import JointLossWeighting

// Strategies that give a direction or an update, and a wrong one.

/// Ones on an update that is not there.
struct MissingUpdate: WeightingStrategy {
  static let descriptor = broken("missing-update", appliesTo: .update)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights([Double](repeating: 1, count: taskCount))
  }
}

/// A rule that gives something of the sum of the gradients.
protocol SumOfGradients: WeightingStrategy where Evidence == JacobianEvidence {
  var taskCount: Int { get }
  /// What is given, of a sum of P values; the weights are ones.
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights
}

extension SumOfGradients {
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let ones = [Double](repeating: 1, count: taskCount)
    return Self.given(evidence.jacobian.direction(weights: ones), values: ones)
  }
}

/// The sum of the gradients, said to be the same at every scale of the losses.
struct GradientAsUpdate: SumOfGradients {
  static let descriptor = broken(
    "gradient-as-update", promises: StrategyPromises(scaleDegree: 0), appliesTo: .update)
  let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum, values: values)
  }
}

/// An update that lacks the last parameter.
struct ShortUpdate: SumOfGradients {
  static let descriptor = broken("short-update", appliesTo: .update)
  let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum.dropLast(), values: values)
  }
}

/// A direction with its elements in the reverse order: the weight of a task alone is 1 all the same.
struct Sideways: SumOfGradients {
  static let descriptor = broken("sideways", appliesTo: .direction)
  let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(direction: sum.reversed(), values: values)
  }
}

/// An update in the direction in which the losses rise.
struct Uphill: SumOfGradients {
  static let descriptor = broken("uphill", appliesTo: .update)
  let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum.map { -$0 }, values: values)
  }
}
