/// Projects each task gradient onto the cone of directions along which no loss ascends, and averages.
///
/// P. Quinton, V. Rey, *Jacobian Descent for Multi-Objective Optimization*, 2024, Equation 5
/// (<https://arxiv.org/abs/2406.16232>).
///
///     d = Σ_t p_t π(g_t),   π the projection onto {d : Jd ≥ 0}
///     π(g_t) = Jᵀv_t,   v_t = argmin vᵀGv over v ≥ e_t
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | p_t | `preferences`, 1/T each where none are given |
///
/// Cost: the Gramian of T task gradients, then T quadratic programs, each O(T³), by ``DualConeProjection``.
///
/// Where we differ: exact, on the cosines. torchjd solves for G/tr(G) + 1e-4·I and takes a trace below 1e-4 for
/// 0, after which small gradients have their plain mean: `regularisation` and `zero-trace` do the same.
public struct UPGrad: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "upgrad",
    title: "UPGrad (unconflicting projection of gradients)",
    citation: Citation(
      "P. Quinton, V. Rey, Jacobian Descent for Multi-Objective Optimization, 2024",
      link: "https://arxiv.org/abs/2406.16232"),
    formula: "d = Σ p_t π(g_t), π the projection onto {d : Jd ≥ 0}",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, T quadratic programs of size T",
    parameters: [
      StrategySetup.preferencesParameter("The share of each task's projection; 1/T each by default.")
    ] + DualConeMatrix.parameters,
    differences: DualConeMatrix.differences,
    promises: StrategyPromises(
      weightSum: .atLeastOne, hasNonNegativeWeights: true, isNonConflicting: true, scaleDegree: 0,
      taskOrder: .equivariantDirection, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private let preferences: [Double]
  private var matrix: DualConeMatrix
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var solver = DualConeProjection()
  private var interventions = Interventions()
  private var vector: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case preferences, matrix }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1 / Double(setup.taskCount))
    matrix = DualConeMatrix(setup)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises.with(preferences: preferences)
    if promises.taskOrder == .matters { promises.weightSum = .free }
    return matrix.regularised(promises)
  }

  /// The weights that the averaged projections put on the raw gradients.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights of at least the preferences, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or a solver that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      vector = values
    }
    matrix.load(evidence.gramian)
    matrix.noteLeftOut(in: &interventions, present: evidence.present)
    for task in 0..<taskCount { values[task] = preferences[task] }
    for index in 0..<matrix.count { values[matrix.tasks[index]] = 0 }
    solver.load(order: matrix.count, matrix.elements)
    var certificate = SolverCertificate(iterations: 0, residual: 0)
    for index in 0..<matrix.count {
      let preference = preferences[matrix.tasks[index]]
      guard preference > 0 else { continue }
      for other in 0..<matrix.count { vector[other] = other == index ? 1 : 0 }
      certificate = certificate.merged(with: try solver.project(&vector))
      for other in 0..<matrix.count where vector[other] != 0 {
        values[matrix.tasks[other]] +=
          preference * vector[other] * (matrix.scales[index] / matrix.scales[other])
      }
    }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
