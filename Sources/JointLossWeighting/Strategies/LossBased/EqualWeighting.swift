/// Weighs every loss alike: the sum of the losses, or their mean.
///
/// The baseline that V. Kurin et al., *In Defense of the Unitary Scalarization for Deep Multi-Task Learning*,
/// NeurIPS 2022 (<https://arxiv.org/abs/2201.04122>) found hard to beat.
///
///     w_t = 1      (sum)
///     w_t = 1/T    (mean)
///
/// Cost: none.
///
/// The field disagrees by the factor T, which under plain gradient descent is a change of the learning rate;
/// the sum is the default.
public struct EqualWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "equal",
    title: "equal weighting",
    citation: Citation(
      "V. Kurin, A. De Palma, I. Kostrikov, S. Whiteson, M. P. Kumar, In Defense of the Unitary Scalarization "
        + "for Deep Multi-Task Learning, NeurIPS 2022",
      link: "https://arxiv.org/abs/2201.04122"),
    formula: "w_t = 1 (sum) or 1/T (mean)",
    appliesTo: .losses,
    parameters: [
      ParameterDescriptor(
        "reduction", .choice(default: "sum", options: ["sum", "mean"]),
        "Whether the losses are summed or averaged.")
    ],
    promises: StrategyPromises(
      weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: true)
  )

  /// True: the others keep their weights.
  public static let weighsAbsentTasks = true

  private enum Reduction: String { case sum, mean }

  private let values: [Double]

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `reduction`.
  public init(_ setup: StrategySetup) {
    let weight =
      switch setup.parameters.choice("reduction", as: Reduction.self) {
      case .sum: 1.0
      case .mean: 1 / Double(setup.taskCount)
      }
    values = [Double](repeating: weight, count: setup.taskCount)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if values != values.map({ _ in 1 }) { promises.weightSum = .one }
    return promises
  }

  /// The same weight for every task.
  ///
  /// - Parameter evidence: the number of tasks.
  /// - Returns: T equal weights, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public func weights(for evidence: TaskCountEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: values.count, by: Self.descriptor.name)
    return TaskWeights(values)
  }
}
