/// A point of the simplex that a rule keeps from step to step, where some tasks have no labels.
///
/// The step is that of the rule on the present tasks alone: their weights are scaled to the sum 1, and afterwards back
/// to the sum that they had. So the weight that is kept of an absent task stays, and the sum of all stays 1.
enum PresentSimplex {
  /// Takes out the weights of the present tasks, scaled to the sum 1.
  ///
  /// - Parameters:
  ///   - values: T values: those weights, and 0 for an absent task; equal where those that are kept are all 0.
  ///   - kept: the T weights that the rule keeps.
  ///   - step: says which tasks are present.
  /// - Returns: the sum that the present tasks had, for ``put(_:sum:into:in:)``; 1 where all are present.
  static func take<Gradients>(
    _ values: inout [Double], from kept: [Double], in step: Step<Gradients>
  ) -> Double {
    guard step.present != nil else {
      for task in kept.indices { values[task] = kept[task] }
      return 1
    }
    let share = 1 / Double(step.presentCount)
    var sum = 0.0
    for task in kept.indices where step.isPresent(task) { sum += kept[task] }
    for task in kept.indices {
      values[task] = !step.isPresent(task) ? 0 : sum > 0 ? kept[task] / sum : share
    }
    return sum
  }

  /// Puts the weights of the present tasks back, scaled to a sum.
  ///
  /// - Parameters:
  ///   - values: T values, of the present tasks of the sum 1.
  ///   - sum: what ``take(_:from:in:)`` returned.
  ///   - kept: the T weights that the rule keeps.
  ///   - step: says which tasks are present.
  static func put<Gradients>(
    _ values: [Double], sum: Double, into kept: inout [Double], in step: Step<Gradients>
  ) {
    for task in kept.indices where step.isPresent(task) { kept[task] = sum * values[task] }
  }
}
