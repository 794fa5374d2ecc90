/// Learns a scale for each loss, and combines the gradients of the scaled losses impartially (Algorithm 1).
///
/// The scales are those of IMTL-L, with the optimum s_t = −log L_t; the combination is that of IMTL-G.
public struct IMTL: WeightingStrategy {
  /// Name, paper, formula and differences.
  public static let about = StrategyDescription(
    "imtl", "IMTL (impartial losses and gradients)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula:
      "w_t = α_t exp(s_t), s minimising Σ exp(s_t) L_t − s_t, α impartial for the gradients exp(s_t) g_t",
    weighs: .sharedGradient,
    losses: .always,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    differences: [
      "The heads follow their unweighted losses; in the paper they follow exp(s_t) L_t.",
      "s has an optimiser of its own and is kept within ±clamp; the paper trains it with the network.",
    ] + ImpartialCombination.differences)

  private var scales = LossScales()
  private var combination = ImpartialCombination()
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal scales, which must lie within the clamp.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try scales.start(taskCount: taskCount, of: Self.about.name)
  }

  /// The impartial weights for the current scales, which then take one step.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    scales.prepare()
    let rowScales = scales.factors
    let certificate = try combination.solve(
      step.gramian, rowScales: rowScales, present: step.present, into: &_values.wrappedValue)
    for task in values.indices { values[task] *= rowScales[task] }
    try scales.step(losses: step.losses, present: step.present, by: Self.about.name)
    interventions.reset(taskCount: step.taskCount)
    interventions.formUnion(scales.interventions)
    interventions.formUnion(combination.interventions)
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }
}
