import RealModule

/// Balances losses by their logarithm and gradients by their norm, on gradients averaged over the steps (Algorithm 1).
///
///     ĝ_t = g_t / (L_t + ε)      m_t ← ĝ_t + (β / k^σ) (m_t − ĝ_t) in the task's step k = 1, 2, …
///     d = Σ_t (max_s ‖m_s‖ / ‖m_t‖) m_t
///
/// A task whose ‖ĝ_t‖ or ‖m_t‖ is next to nothing is left out: what it has learned long ago must not be made as long
/// as the gradients of the others.
public struct DBMTL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "db-mtl", "DB-MTL",
    citation: Citation(
      "B. Lin, W. Jiang, F. Ye, Y. Zhang, P. Chen, Y.-C. Chen, S. Liu, J. T. Kwok, Dual-Balancing for Multi-Task "
        + "Learning, 2023",
      link: "https://arxiv.org/abs/2308.12029"),
    formula: "d = Σ_t (max_s ‖m_s‖/‖m_t‖) m_t, m_t a running average of g_t/L_t; heads follow log L_t",
    weighs: .direction,
    losses: .always,
    cost: "T trunk gradients and as many averages in memory, O(T P)",
    differences: [
      "The average starts at the first gradient; LibMTL starts at 0: start=zero.",
      "Nothing is added to the norms; a task whose gradient or average is at most 1e-12 of the longest adds nothing.",
      "Where a task has no labels its average and their count stand still, and the direction is that of the others.",
    ],
    promises: [.nonNegative])

  enum Start: String, Codable, CaseIterable { case gradient, zero }

  @Parameter("β: how much of the earlier average stays.", in: 0..<1) var beta = 0.9
  @Parameter("σ: β falls as 1/k^σ with the step k.", in: .nonNegative) var sigma = 0.0
  @Parameter("Whether the average starts at the first gradient or at 0, as in LibMTL.") var start = Start
    .gradient
  @Parameter("What is added to every loss.", in: .positive) var epsilon = 1e-8
  /// For each task the steps with its labels so far.
  private var counts: [Int] = []
  /// The averages m; empty before the first step.
  private var averages = Jacobian()
  @Scratch private var next = Jacobian()
  @Scratch private var values: [Double] = []
  @Scratch private var lengths: [Double] = []
  @Scratch private var interventions = Interventions()
  @Scratch private var headWeights: [Double] = []
  @Scratch private var direction: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without averages.
  public mutating func start(taskCount: Int) {
    counts = [Int](repeating: 0, count: taskCount)
    averages = Jacobian()
  }

  /// The sum of the averaged gradients, all as long as the longest.
  ///
  /// - Parameter step: T losses of at least 0 and the T×P Jacobian.
  /// - Returns: the direction; its weights are those of the averages, and the heads' are 1/(L_t + ε). Both are 0 of
  ///   an absent task.
  /// - Throws: ``WeightingError`` for missing or negative losses, another number of parameters than before, or if the
  ///   direction overflows; the state is then unchanged.
  public mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    let (name, jacobian) = (Self.about.name, step.jacobian)
    try step.requireNonNegativeLosses(by: Self.self)
    let before = try JacobianBuffer.resize(&next, like: jacobian, after: averages, by: name)
    values.resize(to: step.taskCount)
    headWeights.resize(to: step.taskCount)
    lengths.resize(to: step.taskCount)
    direction.resize(to: jacobian.parameterCount)
    for task in 0..<step.taskCount {
      guard step.isPresent(task) else {
        (values[task], headWeights[task], lengths[task]) = (0, 0, 0)
        next.setRow(task, from: before, before) { average, _ in average }
        continue
      }
      let weight = 1 / (step.losses[task] + epsilon)
      let memory = memory(of: task)
      headWeights[task] = weight
      next.setRow(task, from: before, jacobian) { $1 * weight + memory * ($0 - $1 * weight) }
      values[task] = next.norm(of: task)
      lengths[task] = weight * jacobian.norm(of: task)
    }
    balance(step)
    next.combine(values, into: &_direction.wrappedValue)
    try JacobianBuffer.requireFinite(direction, values, by: name, directionLetBy: ("epsilon", epsilon))
    (averages, next) = (next, before)
    for task in 0..<step.taskCount where step.isPresent(task) { counts[task] += 1 }
    return TaskWeights(
      direction: direction, values: values, headWeights: headWeights, interventions: interventions)
  }

  /// Replaces the norms of the averages by what makes all as long as the longest; 0 for tasks that are left out.
  private mutating func balance(_ step: Step<Jacobian>) {
    let longest = lengths.reduce(0, max)
    for task in values.indices where lengths[task] <= ScaledGramian.threshold * longest { values[task] = 0 }
    let largest = values.reduce(0, max)
    interventions.reset(taskCount: step.taskCount)
    for task in values.indices {
      let counts = values[task] > ScaledGramian.threshold * largest
      values[task] = counts ? largest / values[task] : 0
      if !counts && step.isPresent(task) { interventions.insert(.leftOut, task: task) }
    }
  }

  /// How much of a task's average stays in its next step.
  private func memory(of task: Int) -> Double {
    counts[task] == 0 && start == .gradient ? 0 : beta / Double.pow(Double(counts[task] + 1), sigma)
  }
}
