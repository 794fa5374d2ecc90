/// Weighs the losses by constants of the user's own: fixed scalarization.
///
/// Treated at length in D. Xin et al., *Do Current Multi-Task Optimization Methods in Deep Learning Even
/// Help?*, NeurIPS 2022 (<https://arxiv.org/abs/2209.11379>), where weights found by a search are the baseline
/// that adaptive rules have to beat.
///
///     w_t = the t-th of `weights`
///
/// Cost: none.
///
/// Where we differ: nothing to differ from. Without `weights` all are 1. A weight of 0 is allowed, although
/// it leaves that task's head at its initial values.
public struct FixedWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "fixed",
    title: "fixed weights",
    citation: Citation(
      "D. Xin, B. Ghorbani, A. Garg, O. Firat, J. Gilmer, Do Current Multi-Task Optimization Methods in Deep "
        + "Learning Even Help?, NeurIPS 2022",
      link: "https://arxiv.org/abs/2209.11379"),
    formula: "w_t = the t-th of the given weights",
    appliesTo: .losses,
    parameters: [
      ParameterDescriptor(
        "weights", .numbers(range: .nonNegative), "One weight a task, at least one above 0; all 1 if empty.")
    ],
    promises: StrategyPromises(
      weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: true)
  )

  /// True: the others keep their weights.
  public static let weighsAbsentTasks = true

  private let values: [Double]

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `weights`.
  /// - Throws: ``WeightingError`` if there are not as many weights as tasks, or all are 0.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    let given = setup.parameters.numbers("weights")
    guard given.isEmpty || given.count == setup.taskCount else {
      throw WeightingError(
        .parameter, "fixed.weights has \(given.count) values for \(setup.taskCount) tasks")
    }
    guard given.isEmpty || given.contains(where: { $0 > 0 }) else {
      throw WeightingError(.parameter, "fixed.weights are all 0: nothing would be trained")
    }
    values = given.isEmpty ? [Double](repeating: 1, count: setup.taskCount) : given
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if values != values.map({ _ in 1 }) { (promises.weightSum, promises.taskOrder) = (.free, .matters) }
    return promises
  }

  /// The given weights.
  ///
  /// - Parameter evidence: the number of tasks.
  /// - Returns: the constants, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public func weights(for evidence: TaskCountEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: values.count, by: Self.descriptor.name)
    return TaskWeights(values)
  }
}
