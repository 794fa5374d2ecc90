/// Learns a scale for each loss that brings all losses to 1.
///
/// L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, *Towards Impartial Multi-task
/// Learning*, ICLR 2021, Section 3.2 (<https://openreview.net/forum?id=IMPnRXEWpvr>).
///
///     F = Σ exp(s_t) L_t − s_t        w_t = exp(s_t)        s_t* = −log L_t
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | s_t | in ``LossScales``, learned by an optimiser of the strategy's own |
///
/// Cost: O(T).
///
/// Where we differ: s has its own optimiser and is kept within ±`clamp`; the paper trains it with the network. A
/// negative loss is an error.
public struct IMTLL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "imtl-l",
    title: "IMTL-L (impartial losses)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula: "w_t = exp(s_t), with s minimising Σ exp(s_t) L_t − s_t",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: LossScales.parameters,
    differences: [
      "s has an optimiser of its own and is kept within ±clamp; the paper trains it with the network.",
      "A negative loss is an error.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// True: the scales of absent tasks take no step.
  public static let weighsAbsentTasks = true

  private var scales: LossScales
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case scales }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if the initial scale lies beyond the clamp.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    scales = try LossScales(setup, of: Self.descriptor.name)
  }

  /// The weights of the current scales, which then take one step.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative or too large.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: scales.count, by: Self.descriptor.name)
    if values.count != scales.count { values = [Double](repeating: 0, count: scales.count) }
    scales.prepare()
    for task in 0..<scales.count { values[task] = scales.factors[task] }
    try scales.step(losses: evidence.losses, present: evidence.present, by: Self.descriptor.name)
    return TaskWeights(values, interventions: scales.interventions)
  }
}
