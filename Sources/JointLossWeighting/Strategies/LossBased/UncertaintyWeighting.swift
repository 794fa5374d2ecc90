import RealModule

/// Weighs each loss by a learned uncertainty: one log-variance a task, trained beside the network.
///
/// A. Kendall, Y. Gal, R. Cipolla, *Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
/// and Semantics*, CVPR 2018 (<https://arxiv.org/abs/1705.07115>).
///
///     half        F = Σ ½ (exp(−s_t) L_t + s_t)      w_t = ½ exp(−s_t)     s* = log L_t
///     doubled     F = Σ exp(−s_t) L_t + s_t          w_t = exp(−s_t)       s* = log L_t
///     full-loss   F = Σ exp(−s_t) L_t + ½ s_t        w_t = exp(−s_t)       s* = log 2 L_t
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | s_t = log σ_t² | `logVariances`, learned by an optimiser of the strategy's own |
/// | w_t | the weight on the raw loss, from s_t before the step updates it |
///
/// Cost: O(T) a step, no further backward pass.
///
/// Where we differ: s has its own optimiser without weight decay (Adam, 0.025, as in the code of Nash-MTL and
/// FAMO), where LibMTL and MTAN train it with the network; s is kept within ±`clamp`, since L → 0 would send
/// it to −∞. The objective may become negative, which is right; a negative loss makes it unbounded below in
/// s, and is an error.
public struct UncertaintyWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "uncertainty",
    title: "uncertainty weighting",
    citation: Citation(
      "A. Kendall, Y. Gal, R. Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry "
        + "and Semantics, CVPR 2018",
      link: "https://arxiv.org/abs/1705.07115"),
    formula: "w_t = ½ exp(−s_t), with s minimising Σ ½ (exp(−s_t) L_t + s_t)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "form", .choice(default: Form.half.rawValue, options: Form.allCases.map(\.rawValue)),
        "The objective: ½(e⁻ˢL + s), e⁻ˢL + s, or e⁻ˢL + ½s."),
      ParameterDescriptor(
        "initial-log-variance", .number(default: 0, range: .any), "The value of every s at the start."),
      ParameterDescriptor(
        "clamp", .number(default: 10, range: .positive), "The largest absolute value of s."),
    ] + StrategyOptimizer.parameters,
    differences: [
      "s has an optimiser of its own, without weight decay; LibMTL and MTAN train it with the network.",
      "s is kept within ±clamp, so that a loss of 0 cannot make a weight infinite.",
      "A negative loss is an error: the objective has no minimum in s then.",
      "The reported weight is the one on the raw loss; the code of Nash-MTL reports exp(−s) for ½ exp(−s).",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// True: the log-variances of absent tasks take no step.
  public static let weighsAbsentTasks = true

  private enum Form: String, Codable, CaseIterable {
    case half, doubled
    case fullLoss = "full-loss"

    var lossFactor: Double { self == .half ? 0.5 : 1 }
    var logVarianceFactor: Double { self == .doubled ? 1 : 0.5 }
  }

  private let form: Form
  private let clamp: Double
  private var logVariances: [Double]
  private var optimizer: StrategyOptimizer
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var gradient: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case form, clamp, logVariances, optimizer }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if the initial log-variance lies beyond the clamp.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    form = setup.parameters.choice("form")
    clamp = setup.parameters.number("clamp")
    let initial = setup.parameters.number("initial-log-variance")
    guard abs(initial) <= clamp else {
      throw WeightingError(
        .parameter, "uncertainty.initial-log-variance is \(initial), beyond uncertainty.clamp, \(clamp)")
    }
    logVariances = [Double](repeating: initial, count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// The weights of the current log-variances, which then take one step.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative or too large.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = logVariances.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      gradient = values
    }
    for task in 0..<taskCount {
      let loss = evidence.losses[task]
      guard loss >= 0 else {
        throw WeightingError(
          .domain,
          "uncertainty weighting has no minimum for a negative loss: that of task \(task) is \(loss)",
          task: task)
      }
      values[task] = form.lossFactor * Double.exp(-logVariances[task])
      gradient[task] = form.logVarianceFactor - values[task] * loss
    }
    try optimizer.step(
      &logVariances, gradient: gradient, present: evidence.present,
      cause: LossTransforms.clause(of: Self.descriptor.name, ("clamp", clamp)))
    StrategyOptimizer.clamp(
      &logVariances, to: -clamp...clamp, present: evidence.present, noting: &interventions)
    return TaskWeights(values, interventions: interventions)
  }
}
