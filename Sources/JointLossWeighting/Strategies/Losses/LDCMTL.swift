import RealModule

/// Learns weights that keep neighboring weighted losses alike.
///
///     σ_t = sigmoid(p_t),   F = Σ σ_t L_t / sg[Σ σ] + λ Σ_{t<T} |σ_t L_t − σ_{t+1} L_{t+1}|
///     w_t = σ_t / Σ σ + λ σ_t (sign_t − sign_{t−1}),   sign_t = sign(σ_t L_t − σ_{t+1} L_{t+1})
///
/// p is learned; sg: it is not differentiated. The weights come from p before the step updates it.
public struct LDCMTL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "ldc-mtl", "LDC-MTL (loss discrepancy control)",
    citation: Citation(
      "P. Xiao, C. Dong, S. Zou, K. Ji, LDC-MTL: Balancing Multi-Task Learning through Scalable Loss Discrepancy "
        + "Control, 2025",
      link: "https://arxiv.org/abs/2502.08585"),
    formula: "F = Σ σ_t L_t/Σσ + λ Σ |σ_t L_t − σ_{t+1} L_{t+1}|, σ = sigmoid(p), p learned",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "p has an optimiser of its own; the authors' code trains it with the network.",
      "p is kept within ±30, so that the weights cannot all become 0.",
      "The order of the tasks matters, as in the paper: each is compared with the next.",
      "Where tasks have no labels each of the others is compared with the next of the others.",
    ],
    promises: [.order(.matters)])

  /// The largest absolute value of p: beyond it a sigmoid is 0 or 1 to rounding.
  private static let clamp = 30.0

  @Parameter("λ: how much the discrepancies count.", in: .nonNegative) var lambda = 0.01
  @Parameter("The value of every p at the start.") var initial = 1.0
  private var optimizer = StrategyOptimizer()
  /// p.
  private var unknowns: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var gradient: [Double] = []
  @Scratch private var sigmoids: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with the same p for every task.
  public mutating func start(taskCount: Int) {
    unknowns = [Double](repeating: initial, count: taskCount)
    optimizer.start(taskCount: taskCount)
  }

  /// The weights of the current p, which then take one step.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    gradient.resize(to: step.taskCount)
    sigmoids.resize(to: step.taskCount)
    var total = 0.0
    for task in 0..<step.taskCount {
      values[task] = 0
      gradient[task] = 0
      guard step.isPresent(task) else { continue }
      sigmoids[task] = 1 / (1 + Double.exp(-unknowns[task]))
      total += sigmoids[task]
    }
    var before = 0.0
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) {
      let sigmoid = sigmoids[task]
      var (following, after) = (task + 1, 0.0)
      while following < step.taskCount && !step.isPresent(following) { following += 1 }
      if following < step.taskCount {
        let (own, next) = (sigmoid * loss, sigmoids[following] * step.losses[following])
        after = own > next ? 1 : own < next ? -1 : 0
      }
      let slope = 1 / total + lambda * (after - before)
      values[task] = sigmoid * slope
      gradient[task] = sigmoid * (1 - sigmoid) * (loss * slope)
      before = after
    }
    let lambda = lambda
    try optimizer.step(
      &unknowns, gradient: gradient, present: step.present,
      cause: LossTransforms.clause(of: Self.about.name, ("lambda", lambda)))
    StrategyOptimizer.clamp(
      &unknowns, to: -Self.clamp...Self.clamp, present: step.present, noting: &_interventions.wrappedValue)
    return TaskWeights(values, interventions: interventions)
  }
}
