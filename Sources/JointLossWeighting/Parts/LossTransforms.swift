import RealModule

/// Steps that several rules on losses share.
enum LossTransforms {
  /// Checks that a rule is defined for the losses.
  ///
  /// - Parameters:
  ///   - losses: T finite losses.
  ///   - strategy: the strategy's name, for the message.
  /// - Throws: ``WeightingError`` naming the first task whose loss is negative.
  static func requireNonNegative(_ losses: [Double], by strategy: String) throws(WeightingError) {
    for (task, loss) in losses.enumerated() where loss < 0 {
      throw WeightingError(
        .domain, "\(strategy) is not defined for a negative loss: that of task \(task) is \(loss)", task: task
      )
    }
  }

  /// Checks that losses are known where gradients alone might be given, and that a rule is defined for them.
  ///
  /// - Parameters:
  ///   - losses: T finite losses, or none.
  ///   - strategy: the strategy's name, for the message.
  /// - Throws: ``WeightingError`` if they are missing, or naming the first task whose loss is negative.
  static func requireKnownAndNonNegative(
    _ losses: [Double], by strategy: String
  ) throws(WeightingError) {
    guard !losses.isEmpty else {
      throw WeightingError(.missingEvidence, "\(strategy) reads losses: give the loss of each task")
    }
    try requireNonNegative(losses, by: strategy)
  }

  /// Sets weights to the inverse losses; those of tasks without labels to 0.
  ///
  /// - Parameters:
  ///   - values: the weights.
  ///   - step: the losses.
  ///   - strategy: the strategy, whose parameter `epsilon` is the floor, for the message.
  ///   - floor: what a smaller loss counts as.
  ///   - interventions: where it is noted that one does.
  /// - Throws: ``WeightingError`` naming the first task whose loss is negative, or whose inverse overflows.
  static func setInverses<Strategy: WeightingStrategy>(
    _ values: inout [Double], of step: Step<NoGradients>, by strategy: Strategy.Type, floor: Double,
    noting interventions: inout Interventions
  ) throws(WeightingError) {
    try step.requireNonNegativeLosses(by: Strategy.self)
    values.resize(to: step.taskCount)
    for (task, loss) in step.losses.enumerated() {
      values[task] = step.isPresent(task) ? 1 / max(loss, floor) : 0
    }
    try requireFinite(values, by: Strategy.about.name, letBy: ("epsilon", floor))
    note(in: &interventions, step.losses, below: floor, present: step.present)
  }

  /// Replaces values by `sum · softmax(values)`, shifted by the largest so that nothing overflows.
  ///
  /// - Parameters:
  ///   - values: finite values, at least one.
  ///   - sum: what the result sums to.
  ///   - present: which values take part, at least one; nil for all. The others become 0.
  static func softmax(_ values: inout [Double], sum: Double = 1, present: [Bool]? = nil) {
    var largest = -Double.infinity
    for task in values.indices where present?[task] ?? true { largest = max(largest, values[task]) }
    var total = 0.0
    for task in values.indices {
      values[task] = present?[task] ?? true ? Double.exp(values[task] - largest) : 0
      total += values[task]
    }
    for task in values.indices { values[task] *= sum / total }
  }

  /// Checks the weights of a rule whose powers and quotients may leave the range of a `Double`.
  ///
  /// - Parameters:
  ///   - values: the weights.
  ///   - strategy: the strategy's name, for the message.
  ///   - parameter: the parameter that lets them leave it, if one does.
  /// - Throws: ``WeightingError`` naming the first task whose weight is not finite, and the parameter.
  static func requireFinite(
    _ values: [Double], by strategy: String, letBy parameter: (name: String, value: Double)? = nil
  ) throws(WeightingError) {
    for (task, value) in values.enumerated() where !value.isFinite {
      throw WeightingError(
        .nonFinite,
        "\(strategy) makes \(value) of task \(task)'s losses\(clause(of: strategy, parameter))", task: task)
    }
  }

  /// The end of a message on an overflow: the parameter that lets it happen, with its value.
  ///
  /// - Parameters:
  ///   - strategy: the strategy's name.
  ///   - parameter: the parameter; nil for none.
  /// - Returns: the clause, with what separates it from the message; empty without a parameter.
  static func clause(of strategy: String, _ parameter: (name: String, value: Double)?) -> String {
    parameter.map { ": \(strategy).\($0.name) is \(ParameterValue.number($0.value))" } ?? ""
  }

  /// Notes the tasks whose loss is below a floor, and so counts as it.
  ///
  /// - Parameters:
  ///   - interventions: where it is noted.
  ///   - losses: T losses.
  ///   - floor: the floor.
  ///   - present: the tasks with labels; nil for all.
  static func note(
    in interventions: inout Interventions, _ losses: [Double], below floor: Double, present: [Bool]?
  ) {
    interventions.reset(taskCount: losses.count)
    for task in losses.indices where (present?[task] ?? true) && losses[task] < floor {
      interventions.insert(.floor, task: task)
    }
  }
}
