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
  public typealias Gradients = Base.Gradients

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var about: StrategyDescription {
    StrategyWrappers.description(
      of: Base.self, suffix: "average", title: "averaged (CR-MOGM)",
      formula: "; then ŵ ← α ŵ + (1 − α) w", promises: averaged(Base.about.promises))
  }

  private var base = Base()
  @Parameter("α: how much of the earlier average stays.", in: 0..<1) var averageMemory = 0.9
  private var average: [Double] = []
  /// Whether a task has had a weight: the average begins with its first.
  private var isWeighed: [Bool] = []

  /// Creates the wrapped strategy.
  public init() {}

  /// Starts the wrapped strategy.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the wrapped strategy gives a direction or an update, or what it throws.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try StrategyWrappers.requireWeights(of: Base.self, for: "“average”")
    try base.start(taskCount: taskCount)
    (average, isWeighed) = ([], [])
  }

  /// What an average keeps of the wrapped strategy's promises.
  public var promises: StrategyPromises { Self.averaged(base.promises) }

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

  private static func averaged(_ base: StrategyPromises) -> StrategyPromises {
    var promises = base
    promises.outlastStep()
    // The average of a 1 and a 0 is neither.
    if promises.weightSum == .oneOrZero { promises.weightSum = .free }
    return promises
  }

  /// The average of the wrapped strategy's weights up to this step.
  ///
  /// - Parameter step: what the wrapped strategy reads.
  /// - Returns: T weights; the certificate is that of the step's own.
  /// - Throws: ``WeightingError``: what the wrapped strategy throws.
  public mutating func weights(for step: Step<Gradients>) throws(WeightingError) -> TaskWeights {
    let weights = try base.weights(for: step)
    if average.count != weights.values.count || isWeighed.count != average.count {
      average = weights.values
      isWeighed = average.map { _ in false }
    }
    for task in average.indices where step.isPresent(task) {
      let earlier = isWeighed[task] ? average[task] : weights.values[task]
      average[task] = averageMemory * earlier + (1 - averageMemory) * weights.values[task]
      isWeighed[task] = true
    }
    return TaskWeights(
      average, certificate: weights.certificate,
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
