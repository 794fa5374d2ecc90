/// Trains each task alone, in a network of its own: the baseline of every comparison.
///
/// The weights are ones; what makes it the baseline is its arrangement, ``StrategyDescription/Arrangement/separate``.
public struct SingleTaskTraining: WeightingStrategy {
  /// Name, paper, formula, arrangement and promises.
  public static let about = StrategyDescription(
    "single-task", "single-task training",
    citation: Citation(
      "S. Vandenhende, S. Georgoulis, W. Van Gansbeke, M. Proesmans, D. Dai, L. Van Gool, Multi-Task Learning "
        + "for Dense Prediction Tasks: A Survey, TPAMI 2021",
      link: "https://arxiv.org/abs/2004.13379"),
    formula: "w_t = 1, one network a task",
    weighs: .losses,
    losses: .never,
    cost: "T networks instead of one",
    arrangement: .separate,
    promises: [.sum(.tasks), .nonNegative, .scaleDegree(0), .memoryless])

  @Scratch private var values: [Double] = []

  /// Creates the rule.
  public init() {}

  /// Ones.
  public mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    values.resize(to: step.taskCount, filling: 1)
    return TaskWeights(values)
  }
}
