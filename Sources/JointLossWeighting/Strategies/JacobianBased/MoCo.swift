import RealModule

/// MGDA on gradients averaged over the steps, so that the noise of a batch does not bias the weights.
///
/// H. Fernando, H. Shen, M. Liu, S. Chaudhury, K. Murugesan, T. Chen, *Mitigating Gradient Bias in Multi-objective
/// Learning: A Provably Convergent Approach*, ICLR 2023, Algorithm 1
/// (<https://openreview.net/forum?id=dLAYGdKTi2>).
///
///     y_t ← y_t − β_k (y_t − g_t)      λ ← Π_Δ(λ − γ_k (Y Yᵀ + ρ I) λ)      d = Yᵀ λ
///     β_k = β / k^σ_β in the task's step k = 1, 2, …,  γ_k = γ / k^σ_γ in step k;  y = 0 and λ = 1/T at first
///
/// | symbol | property |
/// |---|---|
/// | g_t | ``JacobianEvidence/jacobian`` |
/// | Y, k − 1 of each task | `tracked`, `counts` |
/// | λ, k − 1 | `lambda`, `step` |
/// | β, σ_β, γ, σ_γ, ρ | `beta`, `beta-sigma`, `gamma`, `gamma-sigma`, `rho` |
///
/// Cost: T trunk gradients and as many averages held in memory, O(T P).
///
/// Where we differ: LibMTL tracks L_t g_t/‖g_t‖ and takes a softmax in place of the projection Π_Δ, which pulls λ
/// to 1/T in every step: `variant`. Where tasks have no labels, the step is that of the others alone: their λ are
/// scaled to the sum 1, and afterwards back to the sum they had. The tracked gradient, its count and the λ of an absent
/// task stand still.
public struct MoCo: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "moco",
    title: "MoCo",
    citation: Citation(
      "H. Fernando, H. Shen, M. Liu, S. Chaudhury, K. Murugesan, T. Chen, Mitigating Gradient Bias in "
        + "Multi-objective Learning: A Provably Convergent Approach, ICLR 2023",
      link: "https://openreview.net/forum?id=dLAYGdKTi2"),
    formula: "y_t ← y_t − β (y_t − g_t); λ ← Π_Δ(λ − γ (YYᵀ + ρI) λ); d = Yᵀ λ",
    appliesTo: .direction,
    losses: .with("variant=libmtl"),
    cost: "T trunk gradients and as many averages in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "variant", .choice(default: "paper", options: Variant.allCases.map(\.rawValue)),
        "The paper's rule, or LibMTL's: gradients L_t g_t/‖g_t‖ and a softmax in place of the projection."),
      ParameterDescriptor(
        "beta", .number(default: 0.5, range: .closed(0...1)), "β: how fast the averages follow."),
      ParameterDescriptor("beta-sigma", .number(default: 0.5, range: .nonNegative), "β falls as 1/k^σ."),
      ParameterDescriptor(
        "gamma", .number(default: 0.1, range: .nonNegative), "γ: the step size of the weights."),
      ParameterDescriptor("gamma-sigma", .number(default: 0.5, range: .nonNegative), "γ falls as 1/k^σ."),
      ParameterDescriptor(
        "rho", .number(default: 0, range: .nonNegative), "ρ: what pulls the weights together."),
    ],
    differences: [
      "LibMTL tracks L_t g_t/(‖g_t‖ + 1e-8), and projects by a softmax: variant=libmtl.",
      "Step sizes and their decay are LibMTL's defaults.",
      "Where tasks have no labels the step is that of the others, whose λ keep their sum.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true))

  /// Absent tasks have no part in the direction; what is tracked of them and their λ stand still.
  public static let weighsAbsentTasks = true

  private enum Variant: String, Codable, CaseIterable { case paper, libmtl }

  private let taskCount: Int
  private let variant: Variant
  private let beta: Rate
  private let gamma: Rate
  private let rho: Double
  private var step = 0
  private var counts: [Int]
  private var tracked: Jacobian?
  private var lambda: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var next: Jacobian?
  private var values: [Double] = []
  private var products: [Double] = []
  private var direction: [Double] = []
  private var projection = SimplexProjection()

  private enum CodingKeys: CodingKey {
    case taskCount, variant, beta, gamma, rho, step, counts, tracked, lambda
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    variant = setup.parameters.choice("variant")
    beta = Rate(start: setup.parameters.number("beta"), decay: setup.parameters.number("beta-sigma"))
    gamma = Rate(start: setup.parameters.number("gamma"), decay: setup.parameters.number("gamma-sigma"))
    rho = setup.parameters.number("rho")
    lambda = [Double](repeating: 1 / Double(setup.taskCount), count: setup.taskCount)
    counts = [Int](repeating: 0, count: setup.taskCount)
  }

  /// The weighted sum of the tracked gradients.
  ///
  /// - Parameter evidence: the T×P Jacobian; for `libmtl` also T losses of at least 0.
  /// - Returns: the direction; its weights are λ, of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` for another number of tasks or parameters than before, losses that are missing
  ///   or negative, or if a product overflows; the state is then unchanged.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    let name = Self.descriptor.name
    try evidence.require(taskCount: taskCount, by: name)
    if variant == .libmtl { try evidence.requireNonNegativeLosses(by: name) }
    var rows = try JacobianBuffer.take(&next, like: evidence.jacobian, after: tracked, by: name)
    let count = rows.parameterCount
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      products = values
    }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    let pace = gamma.value(in: step)
    let before = tracked ?? Jacobian(taskCount: taskCount, parameterCount: count)
    for task in 0..<taskCount {
      guard evidence.isPresent(task) else {
        rows.setRow(task, from: before, before) { tracked, _ in tracked }
        continue
      }
      let follow = beta.value(in: counts[task])
      let factor =
        variant == .paper ? 1 : evidence.losses[task] / (evidence.jacobian.norm(of: task) + 1e-8)
      rows.setRow(task, from: before, evidence.jacobian) { $0 - follow * ($0 - factor * $1) }
    }
    let sum = PresentSimplex.take(&values, from: lambda, by: evidence)
    rows.multiply(rows, transposedTimes: values, into: &products, scratch: &direction)
    for task in 0..<taskCount { values[task] -= pace * (products[task] + rho * values[task]) }
    // Before the projection, which would not notice.
    try JacobianBuffer.requireFinite(direction, values, by: name, weightsLetBy: ("gamma", gamma.start))
    switch variant {
    case .paper: projection.project(&values, present: evidence.present)
    case .libmtl: LossTransforms.softmax(&values, present: evidence.present)
    }
    rows.combine(values, into: &direction)
    try JacobianBuffer.requireFinite(direction, values, by: name)
    next = tracked
    tracked = consume rows
    PresentSimplex.put(values, sum: sum, into: &lambda, by: evidence)
    for task in 0..<taskCount where evidence.isPresent(task) { counts[task] += 1 }
    step += 1
    return TaskWeights(direction: direction, values: values)
  }
}

/// A step size that falls as a power of the step.
private struct Rate: Codable, Sendable {
  let start: Double
  let decay: Double

  func value(in step: Int) -> Double { start / Double.pow(Double(step + 1), decay) }
}
