/// Projects the mean of the task gradients onto the cone of directions along which no loss ascends.
///
/// D. Lopez-Paz, M. Ranzato, *Gradient Episodic Memory for Continual Learning*, NeurIPS 2017, Equation 11
/// (<https://arxiv.org/abs/1706.08840>), as a rule for many tasks in torchjd.
///
///     d = π(Σ p_t g_t),   π the projection onto {d : Jd ≥ 0}
///     d = Jᵀv,   v = argmin vᵀGv over v ≥ p
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | p_t | `preferences`, 1/T each where none are given |
///
/// Cost: the Gramian of T task gradients, then one quadratic program, O(T³), by ``DualConeProjection``.
///
/// Where we differ: exact, on the cosines. torchjd solves for G/tr(G) + 1e-4·I: `regularisation`.
public struct DualProj: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "dualproj",
    title: "DualProj (projection of the mean on the dual cone)",
    citation: Citation(
      "D. Lopez-Paz, M. Ranzato, Gradient Episodic Memory for Continual Learning, NeurIPS 2017",
      link: "https://arxiv.org/abs/1706.08840"),
    formula: "d = π(Σ p_t g_t), π the projection onto {d : Jd ≥ 0}",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one quadratic program of size T",
    parameters: [
      StrategySetup.preferencesParameter("The weights of the mean that is projected; 1/T each by default.")
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

  /// The weights that the projected mean puts on the raw gradients.
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
    var largest = 0.0
    for index in 0..<matrix.count { largest = max(largest, matrix.scales[index]) }
    for index in 0..<matrix.count {
      vector[index] = preferences[matrix.tasks[index]] * (matrix.scales[index] / largest)
    }
    solver.load(order: matrix.count, matrix.elements)
    let certificate = try solver.project(&vector)
    for index in 0..<matrix.count {
      let task = matrix.tasks[index]
      // Rounding of the scaling may take it below its bound.
      values[task] = max(values[task], vector[index] * (largest / matrix.scales[index]))
    }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
