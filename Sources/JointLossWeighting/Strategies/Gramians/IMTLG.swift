/// Combines the gradients so that the direction has the same projection on each of them (Section 3.1).
///
/// G is the Gramian; the weights sum to 1.
public struct IMTLG: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "imtl-g", "IMTL-G (impartial gradients)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula: "w = v / Σ v, v = G⁻¹ √diag(G)",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    differences: ImpartialCombination.differences,
    promises: [.sum(.one), .scaleDegree(0), .memoryless])

  private var combination = ImpartialCombination()
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if combination.dependent == .pseudoInverse { promises.weightSum = .oneOrZero }
    if combination.sign == .descent { promises.weightSum = .free }
    return promises
  }

  /// The impartial weights, some negative perhaps.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    let certificate = try combination.solve(
      step.gramian, present: step.present, into: &_values.wrappedValue)
    return TaskWeights(values, certificate: certificate, interventions: combination.interventions)
  }
}
