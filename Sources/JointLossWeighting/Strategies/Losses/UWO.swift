/// Uncertainty weighting at its analytical optimum, instead of learned log-variances.
///
///     w_t = 1 / sg[L_t]
///
/// sg[L] is L, not differentiated.
public struct UWO: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "uw-o", "UW-O (optimal uncertainty weighting)",
    citation: Citation(
      "L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, Analytical "
        + "Uncertainty-Based Loss Weighting in Multi-Task Learning, GCPR 2024",
      link: "https://arxiv.org/abs/2408.07985"),
    formula: "w_t = 1/L_t, the optimum of Σ L_t/σ_t + log σ_t",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "A loss below epsilon counts as epsilon.",
      "A negative loss is an error.",
      "Given losses have the same weights under scale-invariant: the rules differ in their objectives alone.",
    ],
    promises: [.nonNegative, .memoryless])

  @Parameter("What a smaller loss counts as.", in: .positive) var epsilon = 1e-8
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// The inverse losses.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    let epsilon = epsilon
    try LossTransforms.setInverses(
      &_values.wrappedValue, of: step, by: Self.self, floor: epsilon, noting: &_interventions.wrappedValue)
    return TaskWeights(values, interventions: interventions)
  }
}
