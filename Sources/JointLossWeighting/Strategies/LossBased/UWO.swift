/// Uncertainty weighting at its analytical optimum, instead of learned log-variances.
///
/// L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, *Analytical Uncertainty-Based
/// Loss Weighting in Multi-Task Learning*, GCPR 2024 (<https://arxiv.org/abs/2408.07985>).
///
///     w_t = 1 / sg[L_t]
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses``; sg: it is not differentiated |
///
/// Cost: O(T).
///
/// Where we differ: a loss below `epsilon` counts as `epsilon`. As a step on given losses this is the log-sum's:
/// the rules differ in what they say the objective is.
public struct UWO: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "uw-o",
    title: "UW-O (optimal uncertainty weighting)",
    citation: Citation(
      "L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott, J. M. Köhler, Analytical "
        + "Uncertainty-Based Loss Weighting in Multi-Task Learning, GCPR 2024",
      link: "https://arxiv.org/abs/2408.07985"),
    formula: "w_t = 1/L_t, the optimum of Σ L_t/σ_t + log σ_t",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      LossTransforms.floorParameter
    ],
    differences: [
      "A loss below epsilon counts as epsilon.",
      "A negative loss is an error.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true, isMemoryless: true))

  /// True: no weight depends on another task.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let epsilon: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount, epsilon }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    epsilon = setup.parameters.number("epsilon")
  }

  /// The inverse losses.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    for (task, loss) in evidence.losses.enumerated() {
      values[task] = evidence.isPresent(task) ? 1 / max(loss, epsilon) : 0
    }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("epsilon", epsilon))
    LossTransforms.note(in: &interventions, evidence.losses, below: epsilon, present: evidence.present)
    return TaskWeights(values, interventions: interventions)
  }
}
