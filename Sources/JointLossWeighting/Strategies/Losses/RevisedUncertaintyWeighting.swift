import RealModule

/// Uncertainty weighting with a regularizer that cannot become negative.
///
///     F = Σ L_t / (2 σ_t²) + log(1 + σ_t²)      w_t = 1 / (2 σ_t²)      σ_t²* = (L_t + √(L_t² + 8 L_t)) / 4
///
/// The weight comes from σ_t before the step updates it.
public struct RevisedUncertaintyWeighting: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "revised-uncertainty", "revised uncertainty weighting",
    citation: Citation(
      "L. Liebel, M. Körner, Auxiliary Tasks in Multi-task Learning, 2018",
      link: "https://arxiv.org/abs/1805.06334"),
    formula: "w_t = 1/(2σ_t²), with σ minimising Σ L_t/(2σ_t²) + log(1 + σ_t²)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "log σ² is learned; the common port learns σ, which may reach 0: parametrisation=sigma.",
      "The optimiser is the strategy's own, without weight decay; log σ² is kept within ±clamp.",
      "A negative loss is an error.",
    ],
    promises: [.nonNegative])

  enum Parametrisation: String, Codable, CaseIterable {
    case logVariance = "log-variance"
    case sigma
  }

  @Parameter("Whether log σ² or σ is learned.") var parametrisation = Parametrisation.logVariance
  @Parameter("The value of every σ at the start.", in: .positive) var initialSigma = 1.0
  @Parameter("The largest absolute value of log σ².", in: .positive) var clamp = 10.0
  private var optimizer = StrategyOptimizer()
  /// log σ_t² or σ_t.
  private var unknowns: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var gradient: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal variances.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the initial σ lies beyond the clamp.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    let initialLogVariance = 2 * Double.log(initialSigma)
    guard abs(initialLogVariance) <= clamp else {
      throw WeightingError(
        .parameter,
        "revised-uncertainty.initial-sigma is \(initialSigma): log σ² is beyond revised-uncertainty.clamp, \(clamp)"
      )
    }
    let unknown = parametrisation == .sigma ? initialSigma : initialLogVariance
    unknowns = [Double](repeating: unknown, count: taskCount)
    optimizer.start(taskCount: taskCount)
  }

  /// The weights of the current variances, which then take one step.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    gradient.resize(to: step.taskCount)
    for (task, loss) in step.losses.enumerated() {
      let unknown = unknowns[task]
      let variance = parametrisation == .sigma ? unknown * unknown : Double.exp(unknown)
      values[task] = 0.5 / variance
      // ∂F/∂ log σ²; by σ itself it is 2/σ times that.
      let slope = variance / (1 + variance) - values[task] * loss
      gradient[task] = parametrisation == .sigma ? 2 / unknown * slope : slope
    }
    let clamp = clamp
    try optimizer.step(
      &unknowns, gradient: gradient, present: step.present,
      cause: LossTransforms.clause(of: Self.about.name, ("clamp", clamp)))
    let range = parametrisation == .sigma ? Double.exp(-clamp / 2)...Double.exp(clamp / 2) : -clamp...clamp
    StrategyOptimizer.clamp(
      &unknowns, to: range, present: step.present, noting: &_interventions.wrappedValue)
    return TaskWeights(values, interventions: interventions)
  }
}
