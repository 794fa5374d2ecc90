import RealModule

/// Weighs each loss by a learned uncertainty: one log-variance a task, trained beside the network.
///
///     half        F = Σ ½ (exp(−s_t) L_t + s_t)      w_t = ½ exp(−s_t)     s* = log L_t
///     doubled     F = Σ exp(−s_t) L_t + s_t          w_t = exp(−s_t)       s* = log L_t
///     full-loss   F = Σ exp(−s_t) L_t + ½ s_t        w_t = exp(−s_t)       s* = log 2 L_t
///
/// The weight comes from s_t = log σ_t² before the step updates it. The objective F may become negative, which is right.
public struct UncertaintyWeighting: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "uncertainty", "uncertainty weighting",
    citation: Citation(
      "A. Kendall, Y. Gal, R. Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry "
        + "and Semantics, CVPR 2018",
      link: "https://arxiv.org/abs/1705.07115"),
    formula: "w_t = ½ exp(−s_t), with s minimising Σ ½ (exp(−s_t) L_t + s_t)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "s has an optimiser of its own, without weight decay; LibMTL and MTAN train it with the network.",
      "s is kept within ±clamp, so that a loss of 0 cannot make a weight infinite.",
      "A negative loss is an error: the objective has no minimum in s then.",
      "The reported weight is the one on the raw loss; the code of Nash-MTL reports exp(−s) for ½ exp(−s).",
    ],
    promises: [.nonNegative])

  enum Form: String, Codable, CaseIterable {
    case half, doubled
    case fullLoss = "full-loss"

    var lossFactor: Double { self == .half ? 0.5 : 1 }
    var logVarianceFactor: Double { self == .doubled ? 1 : 0.5 }
  }

  @Parameter("The objective: ½(e⁻ˢL + s), e⁻ˢL + s, or e⁻ˢL + ½s.") var form = Form.half
  @Parameter("The value of every s at the start.") var initialLogVariance = 0.0
  @Parameter("The largest absolute value of s.", in: .positive) var clamp = 10.0
  private var optimizer = StrategyOptimizer()
  private var logVariances: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var gradient: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal variances.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the initial log-variance lies beyond the clamp.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    guard abs(initialLogVariance) <= clamp else {
      throw WeightingError(
        .parameter,
        "uncertainty.initial-log-variance is \(initialLogVariance), beyond uncertainty.clamp, \(clamp)")
    }
    logVariances = [Double](repeating: initialLogVariance, count: taskCount)
    optimizer.start(taskCount: taskCount)
  }

  /// The weights of the current log-variances, which then take one step.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    gradient.resize(to: step.taskCount)
    for (task, loss) in step.losses.enumerated() {
      guard loss >= 0 else {
        throw WeightingError(
          .domain,
          "uncertainty weighting has no minimum for a negative loss: that of task \(task) is \(loss)",
          task: task)
      }
      values[task] = form.lossFactor * Double.exp(-logVariances[task])
      gradient[task] = form.logVarianceFactor - values[task] * loss
    }
    let clamp = clamp
    try optimizer.step(
      &logVariances, gradient: gradient, present: step.present,
      cause: LossTransforms.clause(of: Self.about.name, ("clamp", clamp)))
    StrategyOptimizer.clamp(
      &logVariances, to: -clamp...clamp, present: step.present, noting: &_interventions.wrappedValue)
    return TaskWeights(values, interventions: interventions)
  }
}
