/// Combines the gradients so that the direction has the same projection on each of them.
///
/// L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, *Towards Impartial Multi-task
/// Learning*, ICLR 2021, Section 3.1 (<https://openreview.net/forum?id=IMPnRXEWpvr>).
///
///     d·g_t/‖g_t‖ equal for all t,  Σ w_t = 1:   v = G⁻¹ √diag(G),  w = v / Σ v
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | v | in ``ImpartialCombination`` |
///
/// Cost: the Gramian of T task gradients, then one eigendecomposition of T×T.
///
/// Where we differ: see ``ImpartialCombination``; for independent gradients, nowhere from the paper.
public struct IMTLG: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "imtl-g",
    title: "IMTL-G (impartial gradients)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula: "w = v / Σ v, v = G⁻¹ √diag(G)",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    parameters: ImpartialCombination.parameters,
    differences: ImpartialCombination.differences,
    promises: StrategyPromises(weightSum: .one, scaleDegree: 0, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private var combination: ImpartialCombination
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, combination }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, `dependent` and `sign`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    combination = ImpartialCombination(setup)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if combination.dependent == .pseudoInverse { promises.weightSum = .oneOrZero }
    if combination.sign == .descent { promises.weightSum = .free }
    return promises
  }

  /// The impartial weights.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, some negative perhaps, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or a solver that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    let certificate = try combination.solve(evidence.gramian, present: evidence.present, into: &values)
    return TaskWeights(
      values, certificate: certificate, interventions: combination.interventions)
  }
}
