/// Averages a strategy's weights over the steps, exponentially: CR-MOGM.
///
/// S. Zhou, W. Zhang, J. Jiang, W. Zhong, J. Gu, W. Zhu, *On the Convergence of Stochastic Multi-Objective
/// Gradient Manipulation and Beyond*, NeurIPS 2022, Algorithm 1
/// (<https://openreview.net/forum?id=ScwfQ7hdwyP>).
///
///     ŵ(s) = α ŵ(s−1) + (1 − α) w(s),  ŵ(0) = w(0)
///
/// | symbol | property |
/// |---|---|
/// | w | the weights of the wrapped strategy |
/// | ŵ | `average` |
/// | α | `average-memory`; it may grow over time in the paper and is constant here, as in torchjd |
///
/// Cost: O(T).
///
/// Where tasks have no labels, their averages stay as they are: the averages of all are then not of one step, and
/// need not have the sum that the wrapped strategy's weights have.
public struct ExponentialAverage<Base: WeightingStrategy>: WeightingStrategy {
  /// What the wrapped strategy reads.
  public typealias Evidence = Base.Evidence

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var descriptor: StrategyDescriptor {
    StrategyWrappers.descriptor(
      of: Base.self, suffix: "average", title: "averaged (CR-MOGM)",
      formula: "; then ŵ ← α ŵ + (1 − α) w",
      parameters: [
        ParameterDescriptor(
          "average-memory", .number(default: 0.9, range: .halfOpen(0..<1)),
          "α: how much of the earlier average stays.")
      ], claims: averaged(Base.descriptor.claims))
  }

  private let memory: Double
  private var base: Base
  private var average: [Double] = []
  /// Whether a task has had a weight: the average begins with its first.
  private var isWeighed: [Bool] = []

  /// Creates the strategy and the wrapped one.
  ///
  /// - Parameter setup: the number of tasks, the parameters of both and the random stream.
  /// - Throws: ``WeightingError`` if the setup makes no sense for the wrapped strategy, or if that gives a
  ///   direction or an update.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    memory = setup.parameters.number("average-memory")
    try StrategyWrappers.requireWeights(of: Base.self, for: "“average”")
    base = try Base(setup)
  }

  /// Whether the wrapped strategy does.
  public static var weighsAbsentTasks: Bool { Base.weighsAbsentTasks }

  /// What an average keeps of the wrapped strategy's promises.
  public var claims: StrategyClaims { Self.averaged(base.claims) }

  /// The scope of the wrapped strategy.
  public var gradientScope: GradientScope? { base.gradientScope }

  /// Whether the wrapped strategy does.
  public var looksAfterStep: Bool { base.looksAfterStep }

  /// Whether the wrapped strategy does.
  ///
  /// - Parameter present: the tasks with labels.
  /// - Returns: the wrapped strategy's answer.
  public func readsGradients(present: [Bool]?) -> Bool { base.readsGradients(present: present) }

  /// The draws that the wrapped strategy reads.
  ///
  /// - Parameter present: the tasks with labels.
  /// - Returns: the wrapped strategy's answer.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    base.readsDraws(present: present)
  }

  private static func averaged(_ base: StrategyClaims) -> StrategyClaims {
    var claims = base
    claims.outlastStep()
    // The average of a 1 and a 0 is neither.
    if claims.weightSum == .oneOrZero { claims.weightSum = .free }
    return claims
  }

  /// The average of the wrapped strategy's weights up to this step.
  ///
  /// - Parameter evidence: what the wrapped strategy reads.
  /// - Returns: T weights; the certificate is that of the step's own.
  /// - Throws: ``WeightingError``: what the wrapped strategy throws.
  public mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights {
    let weights = try base.weights(for: evidence)
    if average.count != weights.values.count || isWeighed.count != average.count {
      average = weights.values
      isWeighed = average.map { _ in false }
    }
    for task in average.indices where evidence.isPresent(task) {
      let earlier = isWeighed[task] ? average[task] : weights.values[task]
      average[task] = memory * earlier + (1 - memory) * weights.values[task]
      isWeighed[task] = true
    }
    return TaskWeights(
      average, appliesTo: weights.appliesTo, certificate: weights.certificate,
      interventions: weights.interventions)
  }

  /// Tells the wrapped strategy.
  ///
  /// - Parameter meanLosses: one mean a task.
  public mutating func epochEnded(meanLosses: [Double]) { base.epochEnded(meanLosses: meanLosses) }

  /// Tells the wrapped strategy.
  ///
  /// - Parameter lossesAfter: one loss a task.
  public mutating func stepEnded(lossesAfter: [Double]) { base.stepEnded(lossesAfter: lossesAfter) }
}
