import RealModule

/// Minimises the geometric mean of the losses.
///
/// S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh, *MultiNet++: Multi-Stream Feature Aggregation and
/// Geometric Loss Strategy for Multi-Task Learning*, CVPR Workshops 2019 (<https://arxiv.org/abs/1904.08492>).
///
///     F = (Π L_t)^(1/T)        w_t = F / (T L_t)
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
///
/// Cost: O(T).
///
/// Where we differ: the product is a sum of logarithms, which neither under- nor overflows; LibMTL's does, and the
/// weights that it reports are not the ones it applies. A loss below `epsilon` counts as `epsilon`, so that a loss
/// of 0 does not end the training of all. The paper's focused variant is not here.
public struct GeometricLoss: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "gls",
    title: "geometric loss",
    citation: Citation(
      "S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh, MultiNet++: Multi-Stream Feature Aggregation and "
        + "Geometric Loss Strategy for Multi-Task Learning, CVPR Workshops 2019",
      link: "https://arxiv.org/abs/1904.08492"),
    formula: "w_t = F/(T L_t), F = (Π L_t)^(1/T)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [LossTransforms.floorParameter],
    differences: [
      "A loss below epsilon counts as epsilon; elsewhere a loss of 0 makes every weight 0 or NaN.",
      "The weights are those that act; LibMTL reports L_t/(T Π L).",
      "A negative loss is an error.",
      "Where tasks have no labels the mean is that of the others.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true, isMemoryless: true))

  /// True: the mean is over the present tasks.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let epsilon: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount, epsilon }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `epsilon`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    epsilon = setup.parameters.number("epsilon")
  }

  /// The derivatives of the geometric mean.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    var logarithms = 0.0
    for (task, loss) in evidence.losses.enumerated() where evidence.isPresent(task) {
      logarithms += Double.log(max(loss, epsilon))
    }
    let count = Double(evidence.presentCount)
    let mean = Double.exp(logarithms / count)
    for (task, loss) in evidence.losses.enumerated() {
      values[task] = evidence.isPresent(task) ? mean / (count * max(loss, epsilon)) : 0
    }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("epsilon", epsilon))
    LossTransforms.note(in: &interventions, evidence.losses, below: epsilon, present: evidence.present)
    return TaskWeights(values, interventions: interventions)
  }
}
