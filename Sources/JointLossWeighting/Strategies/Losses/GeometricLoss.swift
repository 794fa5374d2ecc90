import RealModule

/// Minimizes the geometric mean F of the losses, whose derivatives are the weights.
public struct GeometricLoss: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "gls", "geometric loss",
    citation: Citation(
      "S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh, MultiNet++: Multi-Stream Feature Aggregation and "
        + "Geometric Loss Strategy for Multi-Task Learning, CVPR Workshops 2019",
      link: "https://arxiv.org/abs/1904.08492"),
    formula: "w_t = F/(T L_t), F = (Π L_t)^(1/T)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "A loss below epsilon counts as epsilon; elsewhere a loss of 0 makes every weight 0 or NaN.",
      "The product is a sum of logarithms, which neither under- nor overflows; LibMTL's does.",
      "The weights are those that act; LibMTL reports L_t/(T Π L).",
      "The paper's focused variant is not here.",
      "A negative loss is an error.",
      "Where tasks have no labels the mean is that of the others.",
    ],
    promises: [.nonNegative, .memoryless])

  @Parameter("What a smaller loss counts as.", in: .positive) var epsilon = 1e-8
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// The derivatives of the geometric mean.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    var logarithms = 0.0
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) {
      logarithms += Double.log(max(loss, epsilon))
    }
    let count = Double(step.presentCount)
    let mean = Double.exp(logarithms / count)
    for (task, loss) in step.losses.enumerated() {
      values[task] = step.isPresent(task) ? mean / (count * max(loss, epsilon)) : 0
    }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("epsilon", epsilon))
    LossTransforms.note(in: &interventions, step.losses, below: epsilon, present: step.present)
    return TaskWeights(values, interventions: interventions)
  }
}
