/// Weighs every loss by 1: the sum of the losses.
///
/// The baseline that V. Kurin et al., *In Defense of the Unitary Scalarization for Deep Multi-Task Learning*,
/// NeurIPS 2022 (<https://arxiv.org/abs/2201.04122>) found hard to beat.
///
///     w_t = 1
///
/// Cost: none.
public struct EqualWeighting: WeightingStrategy {
  /// Name, citation and formula.
  public static let descriptor = StrategyDescriptor(
    name: "equal",
    title: "equal weighting",
    citation: Citation(
      "V. Kurin, A. De Palma, I. Kostrikov, S. Whiteson, M. P. Kumar, In Defense of the Unitary Scalarization "
        + "for Deep Multi-Task Learning, NeurIPS 2022",
      link: "https://arxiv.org/abs/2201.04122"),
    formula: "w_t = 1",
    appliesTo: .losses,
    weightSum: "T")

  private let values: [Double]

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks is all it reads.
  public init(_ setup: StrategySetup) {
    values = [Double](repeating: 1, count: setup.taskCount)
  }

  /// Ones.
  ///
  /// - Parameter evidence: ignored.
  /// - Returns: T ones, on the losses.
  public func weights(for evidence: LossEvidence) -> TaskWeights {
    TaskWeights(values, appliesTo: .losses)
  }
}
