/// Adds the unit vectors of the task gradients: the simplest rule on gradients, a baseline.
///
/// For two tasks its direction is that of IMTL-G, Nash-MTL and ConFIG.
public struct UnitGradient: WeightingStrategy {
  /// Name, formula, differences and promises.
  public static let about = StrategyDescription(
    "unit-gradient", "unit gradients",
    formula: "w_t = 1 / ‖g_t‖",
    weighs: .sharedGradient,
    cost: "T trunk gradients and their norms",
    differences: ["A gradient whose norm is at most 1e-12 of the largest has weight 0."],
    promises: [.nonNegative, .scaleDegree(-1), .memoryless])

  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule.
  public init() {}

  /// The inverse norms.
  public mutating func weights(for step: Step<GradientNorms>) -> TaskWeights {
    values.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    var largest = 0.0
    for norm in step.norms { largest = max(largest, norm) }
    for (task, norm) in step.norms.enumerated() {
      let counts = norm > ScaledGramian.threshold * largest
      values[task] = counts ? 1 / norm : 0
      if !counts && step.isPresent(task) { interventions.insert(.leftOut, task: task) }
    }
    return TaskWeights(values, interventions: interventions)
  }
}
