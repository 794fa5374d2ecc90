import RealModule

/// Learns a scale for each loss, and combines the gradients of the scaled losses impartially.
///
/// L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, *Towards Impartial Multi-task
/// Learning*, ICLR 2021, Algorithm 1 (<https://openreview.net/forum?id=IMPnRXEWpvr>).
///
///     F_t = exp(s_t) L_t − s_t                    IMTL-L, s_t* = −log L_t
///     w_t = α_t exp(s_t),  α = IMTL-G of the gradients exp(s_t) g_t
///
/// | symbol | property |
/// |---|---|
/// | L_t, G | ``LossGramianEvidence`` |
/// | s_t | `scales`, learned by an optimiser of the strategy's own |
/// | α | ``ImpartialCombination`` |
///
/// Cost: the Gramian of T task gradients, then one eigendecomposition of T×T.
///
/// Where we differ: s has its own optimiser and is kept within ±`clamp`; the paper trains it with the network. The
/// heads follow their unweighted losses, where the paper's follow exp(s_t) L_t.
public struct IMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "imtl",
    title: "IMTL (impartial losses and gradients)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula:
      "w_t = α_t exp(s_t), s minimising Σ exp(s_t) L_t − s_t, α impartial for the gradients exp(s_t) g_t",
    appliesTo: .sharedGradient,
    losses: .always,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    parameters: LossScales.parameters + ImpartialCombination.parameters,
    differences: [
      "The heads follow their unweighted losses; in the paper they follow exp(s_t) L_t.",
      "s has an optimiser of its own and is kept within ±clamp; the paper trains it with the network.",
    ] + ImpartialCombination.differences)

  /// True: a gradient of 0 is left out, and the scales of absent tasks take no step.
  public static let weighsAbsentTasks = true

  private var scales: LossScales
  private var combination: ImpartialCombination
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case scales, combination }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if the initial scale lies beyond the clamp.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    scales = try LossScales(setup, of: Self.descriptor.name)
    combination = ImpartialCombination(setup)
  }

  /// The impartial weights for the current scales, which then take one step.
  ///
  /// - Parameter evidence: T losses of at least 0 and the T×T Gramian.
  /// - Returns: T weights, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, a negative loss, or a solver that fails.
  public mutating func weights(for evidence: LossGramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: scales.count, by: Self.descriptor.name)
    try evidence.requireNonNegativeLosses(by: Self.descriptor.name)
    if values.count != scales.count { values = [Double](repeating: 0, count: scales.count) }
    scales.prepare()
    let certificate = try combination.solve(
      evidence.gramian, rowScales: scales.factors, present: evidence.present, into: &values)
    for task in 0..<scales.count { values[task] *= scales.factors[task] }
    try scales.step(losses: evidence.losses, present: evidence.present, by: Self.descriptor.name)
    interventions.reset(taskCount: scales.count)
    interventions.formUnion(scales.interventions)
    interventions.formUnion(combination.interventions)
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
