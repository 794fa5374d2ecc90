import RealModule

/// Uncertainty weighting with a regulariser that cannot become negative.
///
/// L. Liebel, M. Körner, *Auxiliary Tasks in Multi-task Learning*, 2018, Equation 3
/// (<https://arxiv.org/abs/1805.06334>).
///
///     F = Σ L_t / (2 σ_t²) + log(1 + σ_t²)      w_t = 1 / (2 σ_t²)      σ_t²* = (L_t + √(L_t² + 8 L_t)) / 4
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | σ_t or log σ_t² | `unknowns`, learned by an optimiser of the strategy's own |
///
/// Cost: O(T).
///
/// Where we differ: log σ² is learned, so that σ = 0 is out of reach; the common PyTorch port learns σ itself:
/// `parametrisation`. The optimiser is the strategy's own. A negative loss is an error.
public struct RevisedUncertaintyWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "revised-uncertainty",
    title: "revised uncertainty weighting",
    citation: Citation(
      "L. Liebel, M. Körner, Auxiliary Tasks in Multi-task Learning, 2018",
      link: "https://arxiv.org/abs/1805.06334"),
    formula: "w_t = 1/(2σ_t²), with σ minimising Σ L_t/(2σ_t²) + log(1 + σ_t²)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "parametrisation",
        .choice(default: "log-variance", options: Parametrisation.allCases.map(\.rawValue)),
        "Whether log σ² or σ is learned."),
      ParameterDescriptor(
        "initial-sigma", .number(default: 1, range: .positive), "The value of every σ at the start."),
      ParameterDescriptor(
        "clamp", .number(default: 10, range: .positive), "The largest absolute value of log σ²."),
    ] + StrategyOptimizer.parameters,
    differences: [
      "log σ² is learned; the common port learns σ, which may reach 0: parametrisation=sigma.",
      "The optimiser is the strategy's own, without weight decay; log σ² is kept within ±clamp.",
      "A negative loss is an error.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// True: the variances of absent tasks take no step.
  public static let weighsAbsentTasks = true

  private enum Parametrisation: String, Codable, CaseIterable {
    case logVariance = "log-variance"
    case sigma
  }

  private let parametrisation: Parametrisation
  private let clamp: Double
  private var unknowns: [Double]
  private var optimizer: StrategyOptimizer
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var gradient: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case parametrisation, clamp, unknowns, optimizer }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if the initial σ lies beyond the clamp.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    parametrisation = setup.parameters.choice("parametrisation")
    clamp = setup.parameters.number("clamp")
    let initial = setup.parameters.number("initial-sigma")
    guard abs(2 * Double.log(initial)) <= clamp else {
      throw WeightingError(
        .parameter,
        "revised-uncertainty.initial-sigma is \(initial): log σ² is beyond revised-uncertainty.clamp, \(clamp)"
      )
    }
    unknowns = [Double](
      repeating: parametrisation == .sigma ? initial : 2 * Double.log(initial), count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// The weights of the current variances, which then take one step.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative or too large.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = unknowns.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      gradient = values
    }
    for task in 0..<taskCount {
      let unknown = unknowns[task]
      let variance = parametrisation == .sigma ? unknown * unknown : Double.exp(unknown)
      values[task] = 0.5 / variance
      // ∂F/∂ log σ²; by σ itself it is 2/σ times that.
      let slope = variance / (1 + variance) - values[task] * evidence.losses[task]
      gradient[task] = parametrisation == .sigma ? 2 / unknown * slope : slope
    }
    try optimizer.step(
      &unknowns, gradient: gradient, present: evidence.present,
      cause: LossTransforms.clause(of: Self.descriptor.name, ("clamp", clamp)))
    StrategyOptimizer.clamp(
      &unknowns,
      to: parametrisation == .sigma ? Double.exp(-clamp / 2)...Double.exp(clamp / 2) : -clamp...clamp,
      present: evidence.present, noting: &interventions)
    return TaskWeights(values, interventions: interventions)
  }
}
