/// Uncertainty weighting at its analytical optimum, normalised by a softmax with a temperature.
///
/// L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, *Analytical Uncertainty-Based
/// Loss Weighting in Multi-Task Learning*, GCPR 2024 (<https://arxiv.org/abs/2408.07985>).
///
///     w = softmax((1 / sg[L]) / τ)
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses``; sg: it is not differentiated |
/// | τ | `temperature`, which the paper tunes for each data set |
///
/// Cost: O(T).
///
/// Where we differ: a loss below `epsilon` counts as `epsilon`, and τ = 10 where none is given: at 1 the
/// weights of losses well below 1 are all but one-hot.
public struct UWSO: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "uw-so",
    title: "UW-SO (soft optimal uncertainty weighting)",
    citation: Citation(
      "L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, Analytical "
        + "Uncertainty-Based Loss Weighting in Multi-Task Learning, GCPR 2024",
      link: "https://arxiv.org/abs/2408.07985"),
    formula: "w = softmax((1/L)/τ)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "temperature", .number(default: 10, range: .positive), "τ: the larger, the nearer to equal weights."),
      LossTransforms.floorParameter,
    ],
    differences: [
      "The paper tunes τ; it is 10 where none is given.",
      "A loss below epsilon counts as epsilon.",
      "A negative loss is an error.",
      "Where tasks have no labels the softmax is that of the others, of sum 1.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true, isMemoryless: true))

  /// True: the softmax is over the present tasks.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let temperature: Double
  private let epsilon: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount, temperature, epsilon }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    temperature = setup.parameters.number("temperature")
    epsilon = setup.parameters.number("epsilon")
  }

  /// The softmax of the inverse losses.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of sum 1, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    LossTransforms.note(in: &interventions, evidence.losses, below: epsilon, present: evidence.present)
    for (task, loss) in evidence.losses.enumerated() {
      let exponent = 1 / max(loss, epsilon) / temperature
      values[task] = min(exponent, .greatestFiniteMagnitude)
      if !exponent.isFinite && evidence.isPresent(task) { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&values, present: evidence.present)
    return TaskWeights(values, interventions: interventions)
  }
}
