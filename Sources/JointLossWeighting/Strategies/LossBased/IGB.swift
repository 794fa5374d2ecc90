/// Weighs the logarithm of each loss by how far it still is from its mean in an early epoch.
///
/// Y. Dai, N. Fei, Z. Lu, *Improvable Gap Balancing for Multi-Task Learning*, UAI 2023, Section 3.2 (IGBv1)
/// (<https://arxiv.org/abs/2307.15429>).
///
///     F = Σ v_t log L_t,   v = T softmax(L/b)        w_t = v_t / L_t        v = 1 until b is known
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | b_t | `base`: the mean loss of epoch `base-epoch` |
///
/// Cost: O(T).
///
/// Where we differ: a loss below `epsilon` counts as `epsilon` where it divides. The reinforcement-learning form, IGBv2,
/// is not here.
public struct IGB: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "igb",
    title: "IGB (improvable gap balancing)",
    citation: Citation(
      "Y. Dai, N. Fei, Z. Lu, Improvable Gap Balancing for Multi-Task Learning, UAI 2023",
      link: "https://arxiv.org/abs/2307.15429"),
    formula: "w_t = v_t/L_t, v = T softmax(L/b), b the mean losses of an early epoch",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "base-epoch", .integer(default: 1, range: .closed(0...1_000_000)),
        "The epoch, from 0, whose mean losses are the base."),
      LossTransforms.floorParameter,
    ],
    differences: [
      "The first of the paper's two forms; the second learns the weights by soft actor-critic.",
      "A loss below epsilon counts as epsilon; a negative one is an error.",
      "Where tasks have no labels the softmax is that of the others, its sum their number.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// True: the softmax is over the present tasks, and the bases of absent tasks stay.
  public static let weighsAbsentTasks = true

  private static let largestRatio = 1e12

  private let taskCount: Int
  private let baseEpoch: Int
  private let epsilon: Double
  private var epochs = 0
  /// From the end of the base epoch on: for each task, the mean loss of its first epoch with labels since.
  private var base: [Double?]?
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount, baseEpoch, epsilon, epochs, base }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, `base-epoch` and `epsilon`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    baseEpoch = setup.parameters.integer("base-epoch")
    epsilon = setup.parameters.number("epsilon")
  }

  /// The weights of the improvable gaps.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of at least 0, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    LossTransforms.note(in: &interventions, evidence.losses, below: epsilon, present: evidence.present)
    for task in 0..<taskCount {
      // A task without a base is at it.
      values[task] = 1
      guard let base = base?[task] else { continue }
      let ratio = evidence.losses[task] / max(base, epsilon)
      values[task] = min(ratio, Self.largestRatio)
      guard evidence.isPresent(task) else { continue }
      if base < epsilon { interventions.insert(.floor, task: task) }
      if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&values, sum: Double(evidence.presentCount), present: evidence.present)
    for task in 0..<taskCount { values[task] /= max(evidence.losses[task], epsilon) }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("epsilon", epsilon))
    return TaskWeights(values, interventions: interventions)
  }

  /// Keeps the mean losses of the base epoch.
  ///
  /// - Parameter meanLosses: one mean a task; not a number for a task that had no label in the epoch.
  public mutating func epochEnded(meanLosses: [Double]) {
    defer { epochs += 1 }
    guard epochs >= baseEpoch else { return }
    var known = base ?? meanLosses.map { _ in nil }
    for (task, mean) in meanLosses.enumerated() where known[task] == nil && !mean.isNaN {
      known[task] = mean
    }
    base = known
  }
}
