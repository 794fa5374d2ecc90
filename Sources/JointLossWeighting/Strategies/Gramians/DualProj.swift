/// Projects the mean of the task gradients onto the cone of directions along which no loss ascends (Equation 11).
///
///     d = Jᵀv,   v = argmin vᵀGv over v ≥ p
///
/// The paper has it for the tasks seen before; for many tasks at once it is torchjd's.
public struct DualProj: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "dualproj", "DualProj (projection of the mean on the dual cone)",
    citation: Citation(
      "D. Lopez-Paz, M. Ranzato, Gradient Episodic Memory for Continual Learning, NeurIPS 2017",
      link: "https://arxiv.org/abs/1706.08840"),
    formula: "d = π(Σ p_t g_t), π the projection onto {d : Jd ≥ 0}",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one quadratic program of size T",
    differences: DualCone.differences,
    promises: DualCone.promises)

  @Parameter("The weights of the mean that is projected; 1/T each by default.", in: .nonNegative)
  var preferences: [Double] = []
  private var cone = DualCone()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Checks that there are as many preferences as tasks, and that one of them is positive.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try cone.start(preferences, taskCount: taskCount, of: Self.about.name)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { cone.promises(preferences: preferences) }

  /// The weights that the projected mean puts on the raw gradients, at least the preferences.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    cone.load(step)
    let count = cone.gradients.count
    var largest = 0.0
    for index in 0..<count { largest = max(largest, cone.gradients.norms[index]) }
    for index in 0..<count {
      cone.vector[index] =
        cone.preferences[cone.gradients.tasks[index]] * (cone.gradients.norms[index] / largest)
    }
    let certificate = try cone.project()
    for index in 0..<count {
      let task = cone.gradients.tasks[index]
      // Rounding of the scaling may take it below its bound.
      cone.values[task] = max(
        cone.values[task], cone.vector[index] * (largest / cone.gradients.norms[index]))
    }
    return TaskWeights(cone.values, certificate: certificate, interventions: cone.interventions)
  }
}
