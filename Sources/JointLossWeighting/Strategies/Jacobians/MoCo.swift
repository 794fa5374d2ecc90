import RealModule

/// MGDA on gradients averaged over the steps, so that the noise of a batch does not bias the weights (Algorithm 1).
///
///     y_t ← y_t − β_k (y_t − g_t)      λ ← Π_Δ(λ − γ_k (Y Yᵀ + ρ I) λ)      d = Yᵀ λ
///     β_k = β / k^σ_β in the task's step k = 1, 2, …,  γ_k = γ / k^σ_γ in step k;  y = 0 and λ = 1/T at first
public struct MoCo: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "moco", "MoCo",
    citation: Citation(
      "H. Fernando, H. Shen, M. Liu, S. Chaudhury, K. Murugesan, T. Chen, Mitigating Gradient Bias in "
        + "Multi-objective Learning: A Provably Convergent Approach, ICLR 2023",
      link: "https://openreview.net/forum?id=dLAYGdKTi2"),
    formula: "y_t ← y_t − β (y_t − g_t); λ ← Π_Δ(λ − γ (YYᵀ + ρI) λ); d = Yᵀ λ",
    weighs: .direction,
    losses: .with("variant=libmtl"),
    cost: "T trunk gradients and as many averages in memory, O(T P)",
    differences: [
      "LibMTL tracks L_t g_t/(‖g_t‖ + 1e-8), and projects by a softmax: variant=libmtl.",
      "That softmax pulls λ to 1/T in every step.",
      "Step sizes and their decay are LibMTL's defaults.",
      "Where tasks have no labels the step is that of the others, whose λ keep their sum.",
      "A task's y and its count of steps stand still in steps without its labels.",
    ],
    promises: [.sum(.one), .nonNegative])

  enum Variant: String, Codable, CaseIterable { case paper, libmtl }

  @Parameter(
    "The paper's rule, or LibMTL's: gradients L_t g_t/‖g_t‖ and a softmax in place of the projection.")
  var variant = Variant.paper
  @Parameter("β: how fast the averages follow.", in: 0...1) var beta = 0.5
  @Parameter("β falls as 1/k^σ.", in: .nonNegative) var betaSigma = 0.5
  @Parameter("γ: the step size of the weights.", in: .nonNegative) var gamma = 0.1
  @Parameter("γ falls as 1/k^σ.", in: .nonNegative) var gammaSigma = 0.5
  @Parameter("ρ: what pulls the weights together.", in: .nonNegative) var rho = 0.0
  /// The steps so far.
  private var stepCount = 0
  /// For each task the steps with its labels so far.
  private var counts: [Int] = []
  /// The averages y; empty before the first step.
  private var tracked = Jacobian()
  private var lambda: [Double] = []
  @Scratch private var next = Jacobian()
  @Scratch private var values: [Double] = []
  @Scratch private var products: [Double] = []
  @Scratch private var direction: [Double] = []
  @Scratch private var projection = SimplexProjection()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights and no averages.
  public mutating func start(taskCount: Int) {
    lambda = [Double](repeating: 1 / Double(taskCount), count: taskCount)
    counts = [Int](repeating: 0, count: taskCount)
    (stepCount, tracked) = (0, Jacobian())
  }

  /// The weighted sum of the tracked gradients.
  ///
  /// - Parameter step: the T×P Jacobian; for `libmtl` also T losses of at least 0.
  /// - Returns: the direction; its weights are λ, of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` for another number of parameters than before, losses that are missing or negative,
  ///   or if a product overflows; the state is then unchanged.
  public mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    let (name, jacobian) = (Self.about.name, step.jacobian)
    if variant == .libmtl { try step.requireNonNegativeLosses(by: Self.self) }
    let before = try JacobianBuffer.resize(&next, like: jacobian, after: tracked, by: name)
    values.resize(to: step.taskCount)
    products.resize(to: step.taskCount)
    direction.resize(to: jacobian.parameterCount)
    let pace = Self.rate(gamma, decay: gammaSigma, in: stepCount)
    for task in 0..<step.taskCount {
      guard step.isPresent(task) else {
        next.setRow(task, from: before, before) { tracked, _ in tracked }
        continue
      }
      let follow = Self.rate(beta, decay: betaSigma, in: counts[task])
      let factor = variant == .paper ? 1 : step.losses[task] / (jacobian.norm(of: task) + 1e-8)
      next.setRow(task, from: before, jacobian) { $0 - follow * ($0 - factor * $1) }
    }
    let sum = PresentSimplex.take(&values, from: lambda, in: step)
    next.multiply(
      next, transposedTimes: values, into: &_products.wrappedValue, scratch: &_direction.wrappedValue)
    for task in 0..<step.taskCount { values[task] -= pace * (products[task] + rho * values[task]) }
    // Before the projection, which would not notice.
    try JacobianBuffer.requireFinite(direction, values, by: name, weightsLetBy: ("gamma", gamma))
    switch variant {
    case .paper: _projection.wrappedValue.project(&_values.wrappedValue, present: step.present)
    case .libmtl: LossTransforms.softmax(&values, present: step.present)
    }
    next.combine(values, into: &_direction.wrappedValue)
    try JacobianBuffer.requireFinite(direction, values, by: name)
    (tracked, next) = (next, before)
    PresentSimplex.put(values, sum: sum, into: &lambda, in: step)
    for task in 0..<step.taskCount where step.isPresent(task) { counts[task] += 1 }
    stepCount += 1
    return TaskWeights(direction: direction, values: values)
  }

  /// A step size that falls as a power of the step, from 0.
  private static func rate(_ start: Double, decay: Double, in step: Int) -> Double {
    start / Double.pow(Double(step + 1), decay)
  }
}
