/// One preference a task.
enum Preferences {
  /// The preferences as given, or all alike.
  ///
  /// - Parameters:
  ///   - given: what was given; nothing for the default.
  ///   - taskCount: the number of tasks.
  ///   - strategy: the strategy's name, for the message.
  ///   - value: the preference of every task where none are given.
  /// - Returns: T numbers of at least 0, one of them positive.
  /// - Throws: ``WeightingError`` if there are not as many as tasks, or all are 0.
  static func values(
    _ given: [Double], taskCount: Int, of strategy: String, default value: Double
  ) throws(WeightingError) -> [Double] {
    if given.isEmpty { return [Double](repeating: value, count: taskCount) }
    guard given.count == taskCount else {
      throw WeightingError(
        .parameter, "\(strategy).preferences has \(given.count) numbers for \(taskCount) tasks")
    }
    guard given.contains(where: { $0 > 0 }) else {
      throw WeightingError(.parameter, "\(strategy).preferences are all 0")
    }
    return given
  }
}

extension StrategyPromises {
  /// The promises of a rule that has a preference for each task: if they differ, the tasks' order matters.
  ///
  /// - Parameter preferences: one number a task.
  /// - Returns: the promises that are left.
  func with(preferences: [Double]) -> StrategyPromises {
    var promises = self
    if Set(preferences).count > 1 { promises.taskOrder = .matters }
    return promises
  }
}
