import JointLossWeighting

// Strategies that give a direction or an update, and a wrong one.

/// Ones on an update that is not there.
struct MissingUpdate: WeightingStrategy {
  static let about = broken("missing-update", weighs: .update)
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

/// A rule that gives something of the sum of the gradients.
protocol SumOfGradients: WeightingStrategy where Gradients == Jacobian {
  /// What is given, of a sum of P values; the weights are ones.
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights
}

extension SumOfGradients {
  func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    let ones = [Double](repeating: 1, count: step.taskCount)
    return Self.given(step.jacobian.direction(weights: ones), values: ones)
  }
}

/// The sum of the gradients, said to be the same at every scale of the losses.
struct GradientAsUpdate: SumOfGradients {
  static let about = broken(
    "gradient-as-update", promises: [.scaleDegree(0)], weighs: .update)
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum, values: values)
  }
}

/// An update that lacks the last parameter.
struct ShortUpdate: SumOfGradients {
  static let about = broken("short-update", weighs: .update)
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum.dropLast(), values: values)
  }
}

/// A direction with its elements in the reverse order: the weight of a task alone is 1 all the same.
struct Sideways: SumOfGradients {
  static let about = broken("sideways", weighs: .direction)
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(direction: sum.reversed(), values: values)
  }
}

/// An update in the direction in which the losses rise.
struct Uphill: SumOfGradients {
  static let about = broken("uphill", weighs: .update)
  static func given(_ sum: [Double], values: [Double]) -> TaskWeights {
    TaskWeights(update: sum.map { -$0 }, values: values)
  }
}
