import RealModule

/// Prioritizes the tasks that perform worst, by a focal term of a running performance.
///
///     κ_t = exp(−L_t / L_t(0)),   κ̄_t ← α κ_t + (1 − α) κ̄_t,   w_t = −(1 − κ̄_t)^γ log κ̄_t
///
/// κ_t is the performance of a task in (0, 1].
public struct DynamicTaskPrioritization: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "dtp", "dynamic task prioritization",
    citation: Citation(
      "M. Guo, A. Haque, D.-A. Huang, S. Yeung, L. Fei-Fei, Dynamic Task Prioritization for Multitask Learning, "
        + "ECCV 2018",
      link:
        "https://openaccess.thecvf.com/content_ECCV_2018/html/Michelle_Guo_Focus_on_the_ECCV_2018_paper.html"
    ),
    formula: "w_t = −(1 − κ̄_t)^γ log κ̄_t, κ̄ the running mean of exp(−L_t/L_t(0))",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The performance is exp(−L/L(0)) of the task's own loss; the paper takes a metric such as accuracy.",
      "The running mean is kept within [1e-12, 1].",
      "The default α and γ are those of public code.",
      "A negative loss is an error.",
      "L(0) is the loss of the first step in which the task has labels.",
    ],
    promises: [.nonNegative, .scaleDegree(0)])

  private static let leastPerformance = 1e-12

  @Parameter("α: the share of this step in the running mean.", in: 0...1) var alpha = 1.0
  @Parameter("γ: how sharply easy tasks are set back.", in: .nonNegative) var gamma = 1.0
  /// For each task, the loss of the first step in which it had labels.
  private var initialLosses: [Double?] = []
  private var performances: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without a performance.
  public mutating func start(taskCount: Int) {
    initialLosses = [Double?](repeating: nil, count: taskCount)
    performances = [Double](repeating: 0, count: taskCount)
  }

  /// The focal weights of the performances, this step's included.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    for (task, loss) in step.losses.enumerated() {
      values[task] = 0
      guard step.isPresent(task) else { continue }
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
