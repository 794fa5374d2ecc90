/// A step towards MGDA's weights from two independent batches, whose product of gradients has no bias.
///
/// L. Chen, H. Fernando, Y. Ying, T. Chen, *Three-Way Trade-Off in Multi-Objective Learning: Optimization,
/// Generalization and Conflict-Avoidance*, NeurIPS 2023, Algorithm 1 (<https://arxiv.org/abs/2305.20057>).
///
///     λ ← Π_Δ(λ − γ (J₁ J₂ᵀ + ρ I) λ)      d = J₃ᵀ λ
///
/// | symbol | property |
/// |---|---|
/// | J₁, J₂, J₃ | ``IndependentBatchesEvidence/jacobians`` |
/// | λ | `lambda`, 1/T at first |
/// | γ, ρ | `gamma`, `rho` |
///
/// Cost: T trunk gradients on each of three batches, held in memory, O(T P).
///
/// Where we differ: the defaults of γ and ρ are LibMTL's. Where tasks have no labels, the step is that of the others
/// alone: their λ are scaled to the sum 1, and afterwards back to the sum they had. The λ of an absent task stands
/// still.
public struct MoDo: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.IndependentJacobians
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "modo",
    title: "MoDo",
    citation: Citation(
      "L. Chen, H. Fernando, Y. Ying, T. Chen, Three-Way Trade-Off in Multi-Objective Learning: Optimization, "
        + "Generalization and Conflict-Avoidance, NeurIPS 2023",
      link: "https://arxiv.org/abs/2305.20057"),
    formula: "λ ← Π_Δ(λ − γ (J₁J₂ᵀ + ρI) λ), d = J₃ᵀ λ, on three independent batches",
    appliesTo: .direction,
    cost: "T trunk gradients on each of three batches, in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "gamma", .number(default: 1e-3, range: .nonNegative), "γ: the step size of the weights."),
      ParameterDescriptor(
        "rho", .number(default: 0.1, range: .nonNegative), "ρ: what pulls the weights together."),
    ],
    differences: [
      "γ and ρ have LibMTL's defaults.",
      "Where tasks have no labels the step is that of the others, whose λ keep their sum.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true))

  /// Absent tasks have no part in the direction, and their λ stand still.
  public static let weighsAbsentTasks = true

  private let gamma: Double
  private let rho: Double
  private var lambda: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var products: [Double] = []
  private var direction: [Double] = []
  private var projection = SimplexProjection()

  private enum CodingKeys: CodingKey { case gamma, rho, lambda }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    gamma = setup.parameters.number("gamma")
    rho = setup.parameters.number("rho")
    lambda = [Double](repeating: 1 / Double(setup.taskCount), count: setup.taskCount)
  }

  /// The weights after a step on two batches, and the direction on the third.
  ///
  /// - Parameter evidence: three T×P Jacobians.
  /// - Returns: the direction; its weights are λ, of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, or if a product overflows; the
  ///   state is then unchanged.
  public mutating func weights(
    for evidence: IndependentBatchesEvidence
  ) throws(WeightingError) -> TaskWeights {
    let (name, taskCount) = (Self.descriptor.name, lambda.count)
    try evidence.require(taskCount: taskCount, by: name)
    let count = evidence.jacobians[0].parameterCount
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      products = values
    }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    let sum = PresentSimplex.take(&values, from: lambda, by: evidence)
    evidence.jacobians[0].multiply(
      evidence.jacobians[1], transposedTimes: values, into: &products, scratch: &direction)
    for task in 0..<taskCount { values[task] -= gamma * (products[task] + rho * values[task]) }
    // Before the projection, which would not notice.
    try JacobianBuffer.requireFinite(direction, values, by: name, weightsLetBy: ("gamma", gamma))
    projection.project(&values, present: evidence.present)
    evidence.jacobians[2].combine(values, into: &direction)
    try JacobianBuffer.requireFinite(direction, values, by: name)
    PresentSimplex.put(values, sum: sum, into: &lambda, by: evidence)
    return TaskWeights(direction: direction, values: values)
  }
}
