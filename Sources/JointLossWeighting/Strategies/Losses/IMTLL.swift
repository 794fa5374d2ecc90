/// Learns a scale for each loss that brings all losses to 1: the optimum of s_t is −log L_t.
///
/// The weights come from s before the step updates it.
public struct IMTLL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "imtl-l", "IMTL-L (impartial losses)",
    citation: Citation(
      "L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang, Towards Impartial Multi-task "
        + "Learning, ICLR 2021",
      link: "https://openreview.net/forum?id=IMPnRXEWpvr"),
    formula: "w_t = exp(s_t), with s minimising Σ exp(s_t) L_t − s_t",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "s has an optimiser of its own and is kept within ±clamp; the paper trains it with the network.",
      "A negative loss is an error.",
    ],
    promises: [.nonNegative])

  private var scales = LossScales()
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal scales.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the initial scale lies beyond the clamp.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try scales.start(taskCount: taskCount, of: Self.about.name)
  }

  /// The weights of the current scales, which then take one step.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    scales.prepare()
    for task in 0..<step.taskCount { values[task] = scales.factors[task] }
    try scales.step(losses: step.losses, present: step.present, by: Self.about.name)
    return TaskWeights(values, interventions: scales.interventions)
  }
}
