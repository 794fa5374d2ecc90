/// Trains each task alone, in a network of its own: the baseline of every comparison.
///
/// The reference that Δm is measured against in S. Vandenhende et al., *Multi-Task Learning for Dense
/// Prediction Tasks: A Survey*, TPAMI 2021 (<https://arxiv.org/abs/2004.13379>).
///
///     w_t = 1, one network a task
///
/// Cost: T networks instead of one.
///
/// The weights are ones; what makes it the baseline is its arrangement, ``StrategyDescriptor/Arrangement/separate``.
public struct SingleTaskTraining: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and arrangement.
  public static let descriptor = StrategyDescriptor(
    name: "single-task",
    title: "single-task training",
    citation: Citation(
      "S. Vandenhende, S. Georgoulis, W. Van Gansbeke, M. Proesmans, D. Dai, L. Van Gool, Multi-Task Learning "
        + "for Dense Prediction Tasks: A Survey, TPAMI 2021",
      link: "https://arxiv.org/abs/2004.13379"),
    formula: "w_t = 1, one network a task",
    appliesTo: .losses,
    cost: "T networks instead of one",
    arrangement: .separate,
    promises: StrategyPromises(
      weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: true)
  )

  /// True: the others keep their weights.
  public static let weighsAbsentTasks = true

  private let values: [Double]

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks is all it reads.
  public init(_ setup: StrategySetup) {
    values = [Double](repeating: 1, count: setup.taskCount)
  }

  /// Ones.
  ///
  /// - Parameter evidence: the number of tasks.
  /// - Returns: T ones, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public func weights(for evidence: TaskCountEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: values.count, by: Self.descriptor.name)
    return TaskWeights(values)
  }
}
