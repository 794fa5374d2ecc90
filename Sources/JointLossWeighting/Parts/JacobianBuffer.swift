/// The memory of rules that keep a gradient of each task from step to step.
///
/// A step is computed in a second Jacobian, which takes the place of the first only when the step has succeeded.
enum JacobianBuffer {
  /// Makes room for a step in the second Jacobian.
  ///
  /// - Parameters:
  ///   - buffer: the second Jacobian; then one of the step's size, its elements of no meaning.
  ///   - jacobian: the Jacobian of the step.
  ///   - state: what the rule keeps, empty before the first step.
  ///   - strategy: the strategy's name, for the message.
  /// - Returns: what the rule keeps: zeros before the first step.
  /// - Throws: ``WeightingError`` if the number of parameters is another than before.
  static func resize(
    _ buffer: inout Jacobian, like jacobian: Jacobian, after state: Jacobian, by strategy: String
  ) throws(WeightingError) -> Jacobian {
    let (taskCount, count) = (jacobian.taskCount, jacobian.parameterCount)
    guard state.taskCount == 0 || state.parameterCount == count else {
      throw WeightingError(
        .shape, "\(strategy) has seen \(state.parameterCount) parameters, this step has \(count)")
    }
    if buffer.taskCount != taskCount || buffer.parameterCount != count {
      buffer = Jacobian(taskCount: taskCount, parameterCount: count)
    }
    return state.taskCount > 0 ? state : Jacobian(taskCount: taskCount, parameterCount: count)
  }

  /// Checks what a rule made of its gradients.
  ///
  /// - Parameters:
  ///   - direction: P values.
  ///   - values: T values.
  ///   - strategy: the strategy's name, for the message.
  ///   - what: what the P values are.
  ///   - weightParameter: the rule's parameter that lets a weight overflow, if one does.
  ///   - directionParameter: the rule's parameter that lets the direction overflow, if one does.
  /// - Throws: ``WeightingError`` with the first value that is not finite, and the parameter.
  static func requireFinite(
    _ direction: [Double], _ values: [Double], by strategy: String, what: String = "direction",
    weightsLetBy weightParameter: (name: String, value: Double)? = nil,
    directionLetBy directionParameter: (name: String, value: Double)? = nil
  ) throws(WeightingError) {
    for (task, value) in values.enumerated() where !value.isFinite {
      throw WeightingError(
        .nonFinite,
        "\(strategy): the weight of task \(task) is \(value)"
          + LossTransforms.clause(of: strategy, weightParameter),
        task: task)
    }
    if let parameter = direction.firstNonFinite {
      throw WeightingError(
        .nonFinite,
        "\(strategy): the \(what) at parameter \(parameter) is \(direction[parameter])"
          + LossTransforms.clause(of: strategy, directionParameter))
    }
  }
}
