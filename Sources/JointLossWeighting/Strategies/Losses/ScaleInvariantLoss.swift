/// Minimizes the sum of the logarithms of the losses, which no scale of a loss changes.
///
///     F = Σ log L_t        w_t = 1 / L_t
public struct ScaleInvariantLoss: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "scale-invariant", "scale-invariant (log-sum) loss",
    citation: Citation(
      "A. Navon et al., Multi-Task Learning as a Bargaining Game, ICML 2022 (as a baseline)",
      link: "https://arxiv.org/abs/2202.01017"),
    formula: "w_t = 1/L_t",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "A loss below epsilon counts as epsilon.",
      "A negative loss is an error.",
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
