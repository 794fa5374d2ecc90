/// Adds the unit vectors of the task gradients.
///
/// The simplest rule on gradients, a baseline. For two tasks its direction is that of IMTL-G, Nash-MTL and
/// ConFIG.
///
///     w_t = 1 / ‖g_t‖
///
/// | symbol | property |
/// |---|---|
/// | ‖g_t‖ | ``GradientNormEvidence/norms``; losses are not read |
///
/// Cost: the norms of T task gradients.
///
/// Where we differ: a gradient whose norm is at most 1e-12 of the largest has no direction, and weight 0.
public struct UnitGradient: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.GradientNorms
  /// Name and formula.
  public static let descriptor = StrategyDescriptor(
    name: "unit-gradient",
    title: "unit gradients",
    formula: "w_t = 1 / ‖g_t‖",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients and their norms",
    differences: ["A gradient whose norm is at most 1e-12 of the largest has weight 0."],
    promises: StrategyPromises(hasNonNegativeWeights: true, scaleDegree: -1, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case taskCount }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks.
  public init(_ setup: StrategySetup) { taskCount = setup.taskCount }

  /// The inverse norms.
  ///
  /// - Parameter evidence: T norms.
  /// - Returns: T weights of at least 0, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, or naming the task whose norm is so
  ///   small that its inverse is beyond a `Double`.
  public mutating func weights(for evidence: GradientNormEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    interventions.reset(taskCount: taskCount)
    var largest = 0.0
    for norm in evidence.norms { largest = max(largest, norm) }
    for (task, norm) in evidence.norms.enumerated() {
      let counts = norm > ScaledGramian.threshold * largest
      values[task] = counts ? 1 / norm : 0
      if !counts && evidence.isPresent(task) { interventions.insert(.leftOut, task: task) }
      guard values[task].isFinite else {
        throw WeightingError(
          .nonFinite, "unit-gradient has no weight for a gradient of the norm \(norm): that of task \(task)",
          task: task)
      }
    }
    return TaskWeights(values, interventions: interventions)
  }
}
