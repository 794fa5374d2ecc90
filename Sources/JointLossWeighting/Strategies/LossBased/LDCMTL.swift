import RealModule

/// Learns weights that keep neighbouring weighted losses alike.
///
/// P. Xiao, C. Dong, S. Zou, K. Ji, *LDC-MTL: Balancing Multi-Task Learning through Scalable Loss Discrepancy
/// Control*, 2025 (<https://arxiv.org/abs/2502.08585>).
///
///     σ_t = sigmoid(p_t),   F = Σ σ_t L_t / sg[Σ σ] + λ Σ_{t<T} |σ_t L_t − σ_{t+1} L_{t+1}|
///     w_t = σ_t / Σ σ + λ σ_t (sign_t − sign_{t−1}),   sign_t = sign(σ_t L_t − σ_{t+1} L_{t+1})
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | p_t | `unknowns`, 1 at the start, learned by an optimiser of the strategy's own |
/// | λ | `lambda` |
///
/// Cost: O(T).
///
/// Where we differ: p has its own optimiser; the authors' code trains it with the network. The rule compares each task
/// with the next only: it depends on the order in which the tasks are listed.
public struct LDCMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "ldc-mtl",
    title: "LDC-MTL (loss discrepancy control)",
    citation: Citation(
      "P. Xiao, C. Dong, S. Zou, K. Ji, LDC-MTL: Balancing Multi-Task Learning through Scalable Loss Discrepancy "
        + "Control, 2025",
      link: "https://arxiv.org/abs/2502.08585"),
    formula: "F = Σ σ_t L_t/Σσ + λ Σ |σ_t L_t − σ_{t+1} L_{t+1}|, σ = sigmoid(p), p learned",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "lambda", .number(default: 0.01, range: .nonNegative), "λ: how much the discrepancies count."),
      ParameterDescriptor("initial", .number(default: 1, range: .any), "The value of every p at the start."),
    ] + StrategyOptimizer.parameters,
    differences: [
      "p has an optimiser of its own; the authors' code trains it with the network.",
      "p is kept within ±30, so that the weights cannot all become 0.",
      "The order of the tasks matters, as in the paper: each is compared with the next.",
      "Where tasks have no labels each of the others is compared with the next of the others.",
    ],
    promises: StrategyPromises(taskOrder: .matters))

  /// True: each present task is compared with the next present one, and p of absent tasks takes no step.
  public static let weighsAbsentTasks = true

  /// The largest absolute value of p: beyond it a sigmoid is 0 or 1 to rounding.
  private static let clamp = 30.0

  private let lambda: Double
  private var unknowns: [Double]
  private var optimizer: StrategyOptimizer
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var gradient: [Double] = []
  private var sigmoids: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case lambda, unknowns, optimizer }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    lambda = setup.parameters.number("lambda")
    unknowns = [Double](repeating: setup.parameters.number("initial"), count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// The weights of the current p, which then take one step.
  ///
  /// - Parameter evidence: T losses.
  /// - Returns: T weights, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or naming the task whose loss is too large.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = unknowns.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      (gradient, sigmoids) = (values, values)
    }
    var total = 0.0
    for task in 0..<taskCount {
      values[task] = 0
      gradient[task] = 0
      guard evidence.isPresent(task) else { continue }
      sigmoids[task] = 1 / (1 + Double.exp(-unknowns[task]))
      total += sigmoids[task]
    }
    var before = 0.0
    for task in 0..<taskCount where evidence.isPresent(task) {
      let (sigmoid, loss) = (sigmoids[task], evidence.losses[task])
      var (following, after) = (task + 1, 0.0)
      while following < taskCount && !evidence.isPresent(following) { following += 1 }
      if following < taskCount {
        let (own, next) = (sigmoid * loss, sigmoids[following] * evidence.losses[following])
        after = own > next ? 1 : own < next ? -1 : 0
      }
      let slope = 1 / total + lambda * (after - before)
      values[task] = sigmoid * slope
      gradient[task] = sigmoid * (1 - sigmoid) * (loss * slope)
      before = after
    }
    try optimizer.step(
      &unknowns, gradient: gradient, present: evidence.present,
      cause: LossTransforms.clause(of: Self.descriptor.name, ("lambda", lambda)))
    StrategyOptimizer.clamp(
      &unknowns, to: -Self.clamp...Self.clamp, present: evidence.present, noting: &interventions)
    return TaskWeights(values, interventions: interventions)
  }
}
