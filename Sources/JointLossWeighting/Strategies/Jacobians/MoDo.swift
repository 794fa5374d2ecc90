/// A step towards MGDA's weights from two independent batches, whose product of gradients has no bias (Algorithm 1).
///
///     λ ← Π_Δ(λ − γ (J₁ J₂ᵀ + ρ I) λ)      d = J₃ᵀ λ
///
/// J₁, J₂, J₃ are the task gradients of three batches; λ is 1/T at first.
public struct MoDo: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "modo", "MoDo",
    citation: Citation(
      "L. Chen, H. Fernando, Y. Ying, T. Chen, Three-Way Trade-Off in Multi-Objective Learning: Optimization, "
        + "Generalization and Conflict-Avoidance, NeurIPS 2023",
      link: "https://arxiv.org/abs/2305.20057"),
    formula: "λ ← Π_Δ(λ − γ (J₁J₂ᵀ + ρI) λ), d = J₃ᵀ λ, on three independent batches",
    weighs: .direction,
    cost: "T trunk gradients on each of three batches, in memory, O(T P)",
    differences: [
      "γ and ρ have LibMTL's defaults.",
      "Where tasks have no labels the step is that of the others, whose λ keep their sum.",
    ],
    promises: [.sum(.one), .nonNegative])

  @Parameter("γ: the step size of the weights.", in: .nonNegative) var gamma = 1e-3
  @Parameter("ρ: what pulls the weights together.", in: .nonNegative) var rho = 0.1
  private var lambda: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var products: [Double] = []
  @Scratch private var direction: [Double] = []
  @Scratch private var projection = SimplexProjection()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights.
  public mutating func start(taskCount: Int) {
    lambda = [Double](repeating: 1 / Double(taskCount), count: taskCount)
  }

  /// The weights after a step on two batches, and the direction on the third.
  ///
  /// - Parameter step: three T×P Jacobians.
  /// - Returns: the direction; its weights are λ, of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` if a product overflows; the state is then unchanged.
  public mutating func weights(for step: Step<IndependentJacobians>) throws(WeightingError) -> TaskWeights {
    let (name, batches) = (Self.about.name, step.jacobians)
    values.resize(to: step.taskCount)
    products.resize(to: step.taskCount)
    direction.resize(to: batches[0].parameterCount)
    let sum = PresentSimplex.take(&values, from: lambda, in: step)
    batches[0].multiply(
      batches[1], transposedTimes: values, into: &_products.wrappedValue, scratch: &_direction.wrappedValue)
    for task in 0..<step.taskCount { values[task] -= gamma * (products[task] + rho * values[task]) }
    // Before the projection, which would not notice.
    try JacobianBuffer.requireFinite(direction, values, by: name, weightsLetBy: ("gamma", gamma))
    _projection.wrappedValue.project(&_values.wrappedValue, present: step.present)
    batches[2].combine(values, into: &direction)
    try JacobianBuffer.requireFinite(direction, values, by: name)
    PresentSimplex.put(values, sum: sum, into: &lambda, in: step)
    return TaskWeights(direction: direction, values: values)
  }
}
