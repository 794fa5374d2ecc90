/// Projects each task gradient onto the cone of directions along which no loss ascends, and averages (Equation 5).
///
///     π(g_t) = Jᵀv_t,   v_t = argmin vᵀGv over v ≥ e_t
public struct UPGrad: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "upgrad", "UPGrad (unconflicting projection of gradients)",
    citation: Citation(
      "P. Quinton, V. Rey, Jacobian Descent for Multi-Objective Optimization, 2024",
      link: "https://arxiv.org/abs/2406.16232"),
    formula: "d = Σ p_t π(g_t), π the projection onto {d : Jd ≥ 0}",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, T quadratic programs of size T",
    differences: DualCone.differences,
    promises: DualCone.promises)

  @Parameter("The share of each task's projection; 1/T each by default.", in: .nonNegative)
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

  /// The weights that the averaged projections put on the raw gradients, at least the preferences.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    cone.load(step)
    let count = cone.gradients.count
    for index in 0..<count { cone.values[cone.gradients.tasks[index]] = 0 }
    var certificate = SolverCertificate(iterations: 0, residual: 0)
    for index in 0..<count {
      let preference = cone.preferences[cone.gradients.tasks[index]]
      guard preference > 0 else { continue }
      for other in 0..<count { cone.vector[other] = other == index ? 1 : 0 }
      certificate = certificate.merged(with: try cone.project())
      for other in 0..<count where cone.vector[other] != 0 {
        cone.values[cone.gradients.tasks[other]] +=
          preference * cone.vector[other] * (cone.gradients.norms[index] / cone.gradients.norms[other])
      }
    }
    return TaskWeights(cone.values, certificate: certificate, interventions: cone.interventions)
  }
}
