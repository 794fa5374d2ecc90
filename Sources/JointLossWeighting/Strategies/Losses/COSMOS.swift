/// Minimizes the weighted sum of the losses less their cosine to the preferences.
///
///     F = p·L − λ cos(p, L)        w = p − λ (p/(‖p‖‖L‖) − cos(p, L) L/‖L‖²)
///
/// p are the preferences.
public struct COSMOS: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "cosmos", "COSMOS (conditioned one-shot multi-objective search)",
    citation: Citation(
      "M. Ruchte, J. Grabocka, Scalable Pareto Front Approximation for Deep Multi-Objective Learning, ICDM 2021",
      link: "https://arxiv.org/abs/2103.13392"),
    formula: "F = p·L − λ cos(p, L)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The preferences are fixed; the paper draws them for every batch and feeds them to the network.",
      "Weights may be negative, as in the paper.",
      "Where all losses are 0 the cosine has no gradient, and the weights are the preferences.",
      "Where tasks have no labels the vectors are those of the others, their preferences as given.",
    ],
    promises: [.memoryless])

  @Parameter("p; 1/T each by default.", in: .nonNegative) var preferences: [Double] = []
  @Parameter("λ: how much the cosine counts.", in: .nonNegative) var lambda = 1.0
  /// p as given, or 1/T each.
  private var preferenceVector: [Double] = []
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Sets one preference a task.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks, or all are 0.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    preferenceVector = try Preferences.values(
      preferences, taskCount: taskCount, of: Self.about.name, default: 1 / Double(taskCount))
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.about.promises.with(preferences: preferences) }

  /// The derivatives of the objective.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    let losses = LossDirection(step.losses, preferences: preferenceVector, present: step.present)
    for (task, loss) in step.losses.enumerated() {
      values[task] = step.isPresent(task) ? preferenceVector[task] : 0
      guard losses.norm > 0, step.isPresent(task) else { continue }
      let own = preferenceVector[task] / losses.preferenceNorm - losses.cosine * (loss / losses.norm)
      values[task] -= lambda * (own / losses.norm)
    }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("lambda", lambda))
    return TaskWeights(values)
  }
}
