/// Weighs every loss alike: the sum of the losses, or their mean.
///
/// It is the baseline that the paper found hard to beat. The field disagrees by the factor T, which under plain gradient
/// descent is a change of the learning rate.
public struct EqualWeighting: WeightingStrategy {
  /// Name, paper, formula and promises.
  public static let about = StrategyDescription(
    "equal", "equal weighting",
    citation: Citation(
      "V. Kurin, A. De Palma, I. Kostrikov, S. Whiteson, M. P. Kumar, In Defense of the Unitary Scalarization "
        + "for Deep Multi-Task Learning, NeurIPS 2022",
      link: "https://arxiv.org/abs/2201.04122"),
    formula: "w_t = 1 (sum) or 1/T (mean)",
    weighs: .losses,
    losses: .never,
    promises: [.sum(.tasks), .nonNegative, .scaleDegree(0), .memoryless])

  enum Reduction: String, Codable, CaseIterable { case sum, mean }

  @Parameter("Whether the losses are summed or averaged.") var reduction = Reduction.sum
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if reduction == .mean { promises.weightSum = .one }
    return promises
  }

  /// The same weight for every task.
  public mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    values.resize(to: step.taskCount, filling: reduction == .sum ? 1 : 1 / Double(step.taskCount))
    return TaskWeights(values)
  }
}
