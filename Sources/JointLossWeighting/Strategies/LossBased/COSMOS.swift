/// Minimises the weighted sum of the losses less their cosine to the preferences.
///
/// M. Ruchte, J. Grabocka, *Scalable Pareto Front Approximation for Deep Multi-Objective Learning*, ICDM 2021,
/// Equation 4 (<https://arxiv.org/abs/2103.13392>).
///
///     F = p·L − λ cos(p, L)        w = p − λ (p/(‖p‖‖L‖) − cos(p, L) L/‖L‖²)
///
/// | symbol | property |
/// |---|---|
/// | L | ``LossEvidence/losses`` |
/// | p, λ | `preferences`, `lambda` |
///
/// Cost: O(T).
///
/// Where we differ: the paper draws p anew for every batch and feeds it to the network; here it is fixed. Weights may be
/// negative. Where all losses are 0 the cosine has no gradient, and w = p.
public struct COSMOS: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "cosmos",
    title: "COSMOS (conditioned one-shot multi-objective search)",
    citation: Citation(
      "M. Ruchte, J. Grabocka, Scalable Pareto Front Approximation for Deep Multi-Objective Learning, ICDM 2021",
      link: "https://arxiv.org/abs/2103.13392"),
    formula: "F = p·L − λ cos(p, L)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      StrategySetup.preferencesParameter("p; 1/T each by default."),
      ParameterDescriptor(
        "lambda", .number(default: 1, range: .nonNegative), "λ: how much the cosine counts."),
    ],
    differences: [
      "The preferences are fixed; the paper draws them for every batch and feeds them to the network.",
      "Weights may be negative, as in the paper.",
      "Where tasks have no labels the vectors are those of the others, their preferences as given.",
    ],
    promises: StrategyPromises(isMemoryless: true))

  /// True: losses and preferences are those of the present tasks.
  public static let weighsAbsentTasks = true

  private let preferences: [Double]
  private let lambda: Double
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case preferences, lambda }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, `preferences` and `lambda`.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1 / Double(setup.taskCount))
    lambda = setup.parameters.number("lambda")
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.descriptor.promises.with(preferences: preferences) }

  /// The derivatives of the objective.
  ///
  /// - Parameter evidence: T losses.
  /// - Returns: T weights, some negative perhaps, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or weights beyond a `Double`.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    let losses = LossDirection(evidence.losses, preferences: preferences, present: evidence.present)
    for task in 0..<taskCount {
      values[task] = evidence.isPresent(task) ? preferences[task] : 0
      guard losses.norm > 0, evidence.isPresent(task) else { continue }
      let own =
        preferences[task] / losses.preferenceNorm - losses.cosine * (evidence.losses[task] / losses.norm)
      values[task] -= lambda * (own / losses.norm)
    }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("lambda", lambda))
    return TaskWeights(values)
  }
}
