/// Uncertainty weighting at its analytical optimum, normalized by a softmax with a temperature.
///
///     w = softmax((1 / sg[L]) / τ)
///
/// sg[L] is L, not differentiated.
public struct UWSO: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "uw-so", "UW-SO (soft optimal uncertainty weighting)",
    citation: Citation(
      "L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, Analytical "
        + "Uncertainty-Based Loss Weighting in Multi-Task Learning, GCPR 2024",
      link: "https://arxiv.org/abs/2408.07985"),
    formula: "w = softmax((1/L)/τ)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The paper tunes τ; it is 10 where none is given.",
      "At τ = 1 the weights of losses well below 1 are all but one-hot.",
      "A loss below epsilon counts as epsilon.",
      "A negative loss is an error.",
      "Where tasks have no labels the softmax is that of the others, of sum 1.",
    ],
    promises: [.sum(.one), .nonNegative, .memoryless])

  @Parameter("τ: the larger, the nearer to equal weights.", in: .positive) var temperature = 10.0
  @Parameter("What a smaller loss counts as.", in: .positive) var epsilon = 1e-8
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// The softmax of the inverse losses.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    let epsilon = epsilon
    LossTransforms.note(in: &interventions, step.losses, below: epsilon, present: step.present)
    for (task, loss) in step.losses.enumerated() {
      let exponent = 1 / max(loss, epsilon) / temperature
      values[task] = min(exponent, .greatestFiniteMagnitude)
      if !exponent.isFinite && step.isPresent(task) { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&values, present: step.present)
    return TaskWeights(values, interventions: interventions)
  }
}
