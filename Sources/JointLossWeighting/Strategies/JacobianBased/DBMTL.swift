import RealModule

/// Balances losses by their logarithm and gradients by their norm, on gradients averaged over the steps.
///
/// B. Lin, W. Jiang, F. Ye, Y. Zhang, P. Chen, Y.-C. Chen, S. Liu, J. T. Kwok, *Dual-Balancing for Multi-Task
/// Learning*, 2023, Algorithm 1 (<https://arxiv.org/abs/2308.12029>).
///
///     ĝ_t = g_t / (L_t + ε)      m_t ← ĝ_t + (β / k^σ) (m_t − ĝ_t) in the task's step k = 1, 2, …
///     d = Σ_t (max_s ‖m_s‖ / ‖m_t‖) m_t
///
/// | symbol | property |
/// |---|---|
/// | L_t, g_t | ``JacobianEvidence/losses``, ``JacobianEvidence/jacobian`` |
/// | m_t, k − 1 | `averages`, `counts` |
/// | β, σ, ε | `beta`, `sigma`, `epsilon` |
///
/// Heads follow log L_t.
///
/// Cost: T trunk gradients and as many averages held in memory, O(T P).
///
/// Where we differ: m starts at the first ĝ; LibMTL starts at 0, which makes the first directions shorter: `start`.
/// Nothing is added to ‖m_t‖; instead a task adds nothing in a step in which ‖ĝ_t‖ or ‖m_t‖ is at most 1e-12 of the
/// longest: what it has learned long ago must not be made as long as the gradients of the others. A task's average and
/// count stand still in steps without its labels, and have no part in them.
public struct DBMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "db-mtl",
    title: "DB-MTL",
    citation: Citation(
      "B. Lin, W. Jiang, F. Ye, Y. Zhang, P. Chen, Y.-C. Chen, S. Liu, J. T. Kwok, Dual-Balancing for Multi-Task "
        + "Learning, 2023",
      link: "https://arxiv.org/abs/2308.12029"),
    formula: "d = Σ_t (max_s ‖m_s‖/‖m_t‖) m_t, m_t a running average of g_t/L_t; heads follow log L_t",
    appliesTo: .direction,
    losses: .always,
    cost: "T trunk gradients and as many averages in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "beta", .number(default: 0.9, range: .halfOpen(0..<1)), "β: how much of the earlier average stays."),
      ParameterDescriptor(
        "sigma", .number(default: 0, range: .nonNegative), "σ: β falls as 1/k^σ with the step k."),
      ParameterDescriptor(
        "start", .choice(default: "gradient", options: ["gradient", "zero"]),
        "Whether the average starts at the first gradient or at 0, as in LibMTL."),
      ParameterDescriptor(
        "epsilon", .number(default: 1e-8, range: .positive), "What is added to every loss."),
    ],
    differences: [
      "The average starts at the first gradient; LibMTL starts at 0: start=zero.",
      "Nothing is added to the norms; a task whose gradient or average is at most 1e-12 of the longest adds nothing.",
      "Where a task has no labels its average and their count stand still, and the direction is that of the others.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// Absent tasks have no part in the direction, and their averages stand still.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let beta: Double
  private let sigma: Double
  private let epsilon: Double
  private let startsAtZero: Bool
  private var counts: [Int]
  private var averages: Jacobian?
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var next: Jacobian?
  private var values: [Double] = []
  private var lengths: [Double] = []
  private var interventions = Interventions()
  private var headWeights: [Double] = []
  private var direction: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, beta, sigma, epsilon, startsAtZero, counts, averages }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    beta = setup.parameters.number("beta")
    sigma = setup.parameters.number("sigma")
    epsilon = setup.parameters.number("epsilon")
    startsAtZero = setup.parameters.values["start"] == .text("zero")
    counts = [Int](repeating: 0, count: setup.taskCount)
  }

  /// The sum of the averaged gradients, all as long as the longest.
  ///
  /// - Parameter evidence: T losses of at least 0 and the T×P Jacobian.
  /// - Returns: the direction; its weights are those of the averages, and the heads' are 1/(L_t + ε). Both are 0 of
  ///   an absent task.
  /// - Throws: ``WeightingError`` for missing or negative losses, another number of tasks or parameters than
  ///   before, or if the direction overflows; the state is then unchanged.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    let name = Self.descriptor.name
    try evidence.require(taskCount: taskCount, by: name)
    try evidence.requireNonNegativeLosses(by: name)
    var rows = try JacobianBuffer.take(&next, like: evidence.jacobian, after: averages, by: name)
    let count = rows.parameterCount
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      (headWeights, lengths) = (values, values)
    }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    let before = averages ?? Jacobian(taskCount: taskCount, parameterCount: count)
    for task in 0..<taskCount {
      guard evidence.isPresent(task) else {
        (values[task], headWeights[task], lengths[task]) = (0, 0, 0)
        rows.setRow(task, from: before, before) { average, _ in average }
        continue
      }
      let weight = 1 / (evidence.losses[task] + epsilon)
      let memory = memory(of: task)
      headWeights[task] = weight
      rows.setRow(task, from: before, evidence.jacobian) { $1 * weight + memory * ($0 - $1 * weight) }
      values[task] = rows.norm(of: task)
      lengths[task] = weight * evidence.jacobian.norm(of: task)
    }
    balance(present: evidence.present)
    rows.combine(values, into: &direction)
    try JacobianBuffer.requireFinite(direction, values, by: name, directionLetBy: ("epsilon", epsilon))
    next = averages
    averages = consume rows
    for task in 0..<taskCount where evidence.isPresent(task) { counts[task] += 1 }
    return TaskWeights(
      direction: direction, values: values, headWeights: headWeights, interventions: interventions)
  }

  /// Replaces the norms of the averages by what makes all as long as the longest; 0 for tasks that are left out.
  private mutating func balance(present: [Bool]?) {
    let longest = lengths.reduce(0, max)
    for task in 0..<taskCount where lengths[task] <= ScaledGramian.threshold * longest { values[task] = 0 }
    let largest = values.reduce(0, max)
    interventions.reset(taskCount: taskCount)
    for task in 0..<taskCount {
      let counts = values[task] > ScaledGramian.threshold * largest
      values[task] = counts ? largest / values[task] : 0
      if !counts && (present?[task] ?? true) { interventions.insert(.leftOut, task: task) }
    }
  }

  /// How much of a task's average stays in its next step.
  private func memory(of task: Int) -> Double {
    counts[task] == 0 && !startsAtZero ? 0 : beta / Double.pow(Double(counts[task] + 1), sigma)
  }
}
