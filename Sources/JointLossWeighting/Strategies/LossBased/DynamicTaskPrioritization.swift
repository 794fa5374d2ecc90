import RealModule

/// Prioritises the tasks that perform worst, by a focal term of a running performance.
///
/// M. Guo, A. Haque, D.-A. Huang, S. Yeung, L. Fei-Fei, *Dynamic Task Prioritization for Multitask Learning*, ECCV
/// 2018 (<https://openaccess.thecvf.com/content_ECCV_2018/html/Michelle_Guo_Focus_on_the_ECCV_2018_paper.html>).
///
///     κ̄_t ← α κ_t + (1 − α) κ̄_t,   w_t = −(1 − κ̄_t)^γ log κ̄_t
///
/// | symbol | property |
/// |---|---|
/// | κ_t | exp(−L_t / L_t(0)): the performance in (0, 1], from the loss |
/// | κ̄_t | `performances` |
/// | α, γ | `alpha`, `gamma` |
///
/// Cost: O(T).
///
/// Where we differ: the paper takes a task's own metric as κ, accuracy say, where a trainer that knows none has the
/// loss. κ̄ is kept within [1e-12, 1]. The values of α and γ are those of public code.
public struct DynamicTaskPrioritization: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "dtp",
    title: "dynamic task prioritization",
    citation: Citation(
      "M. Guo, A. Haque, D.-A. Huang, S. Yeung, L. Fei-Fei, Dynamic Task Prioritization for Multitask Learning, "
        + "ECCV 2018",
      link:
        "https://openaccess.thecvf.com/content_ECCV_2018/html/Michelle_Guo_Focus_on_the_ECCV_2018_paper.html"
    ),
    formula: "w_t = −(1 − κ̄_t)^γ log κ̄_t, κ̄ the running mean of exp(−L_t/L_t(0))",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "alpha", .number(default: 1, range: .closed(0...1)), "α: the share of this step in the running mean."),
      ParameterDescriptor(
        "gamma", .number(default: 1, range: .nonNegative), "γ: how sharply easy tasks are set back."),
    ],
    differences: [
      "The performance is exp(−L/L(0)) of the task's own loss; the paper takes a metric such as accuracy.",
      "The running mean is kept within [1e-12, 1].",
      "A negative loss is an error.",
      "L(0) is the loss of the first step in which the task has labels.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true, scaleDegree: 0))

  /// True: the performances of absent tasks stay, and no weight depends on another task.
  public static let weighsAbsentTasks = true

  private static let leastPerformance = 1e-12

  private let taskCount: Int
  private let alpha: Double
  private let gamma: Double
  /// For each task, the loss of the first step in which it had labels.
  private var initialLosses: [Double?]
  private var performances: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount, alpha, gamma, initialLosses, performances }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, `alpha` and `gamma`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    initialLosses = [Double?](repeating: nil, count: setup.taskCount)
    performances = [Double](repeating: 0, count: setup.taskCount)
    alpha = setup.parameters.number("alpha")
    gamma = setup.parameters.number("gamma")
  }

  /// The focal weights of the performances, this step's included.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of at least 0, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    interventions.reset(taskCount: taskCount)
    for task in 0..<taskCount {
      values[task] = 0
      guard evidence.isPresent(task) else { continue }
      let loss = evidence.losses[task]
      if let initial = initialLosses[task] {
        // At 0/0 the task is where it began.
        let performance = Double.exp(-(loss == initial ? 1 : loss / initial))
        performances[task] += alpha * (performance - performances[task])
      } else {
        initialLosses[task] = loss
        performances[task] = Double.exp(-1)
      }
      let kept = min(max(performances[task], Self.leastPerformance), 1)
      if performances[task] < Self.leastPerformance { interventions.insert(.floor, task: task) }
      values[task] = -Double.pow(1 - kept, gamma) * Double.log(kept)
    }
    return TaskWeights(values, interventions: interventions)
  }
}
