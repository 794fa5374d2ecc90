/// Scales a strategy's weights to a common sum, so that strategies differ in direction and not in learning rate.
///
/// V. Kurin et al., *In Defense of the Unitary Scalarization for Deep Multi-Task Learning*, NeurIPS 2022
/// (<https://arxiv.org/abs/2201.04122>), on why the factor between a sum and a mean of losses matters.
///
///     w ← S w / Σ |w_t|      (absolute)
///     w ← S w / Σ w_t        (plain)         S = T or 1
///
/// Where tasks have no labels, T is the number of the others, and the sums are over these.
///
/// Cost: O(T).
///
/// Where all weights are 0 they become S/T each.
public struct Normalized<Base: WeightingStrategy>: WeightingStrategy {
  /// What the wrapped strategy reads.
  public typealias Gradients = Base.Gradients

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var about: StrategyDescription {
    StrategyWrappers.description(
      of: Base.self, suffix: "normalised", title: "normalised", formula: "; then w ← S w / Σ |w|",
      promises: normalised(Base.about.promises, sum: .tasks, divisor: .absolute))
  }

  private var base = Base()
  @Parameter("S: what the weights sum to, T or 1.") var normalisedSum = NormalizedSum.tasks
  @Parameter("Whether Σ |w| or Σ w divides; for weights of both signs they differ.")
  var normalisedBy = NormalizedDivisor.absolute
  @Scratch private var values: [Double] = []

  /// Creates the wrapped strategy.
  public init() {}

  /// Starts the wrapped strategy.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the wrapped strategy gives a direction or an update, or what it throws.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try StrategyWrappers.requireWeights(of: Base.self, for: "“normalised”")
    try base.start(taskCount: taskCount)
  }

  /// What is left of the wrapped strategy's promises, and the sum.
  public var promises: StrategyPromises {
    Self.normalised(base.promises, sum: normalisedSum, divisor: normalisedBy)
  }

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

  private static func normalised(_ base: StrategyPromises, sum: NormalizedSum, divisor: NormalizedDivisor)
    -> StrategyPromises
  {
    var promises = base
    promises.leaveDirection()
    promises.weightSum = .free
    if base.hasNonNegativeWeights || divisor == .plain { promises.weightSum = sum == .tasks ? .tasks : .one }
    if promises.scaleDegree != nil { promises.scaleDegree = 0 }
    // A negative sum turns the direction round.
    if divisor == .plain && !base.hasNonNegativeWeights { promises.isNonConflicting = false }
    return promises
  }

  /// The wrapped strategy's weights, scaled.
  ///
  /// - Parameter step: what the wrapped strategy reads.
  /// - Returns: T weights of the chosen sum.
  /// - Throws: ``WeightingError`` if weights of both signs cancel out, or what the wrapped strategy throws.
  public mutating func weights(for step: Step<Gradients>) throws(WeightingError) -> TaskWeights {
    // Plain sums may cancel out, which is found only when the wrapped strategy has taken its step.
    let before = normalisedBy == .plain ? base : nil
    let weights = try base.weights(for: step)
    let count = weights.values.count
    values.resize(to: count)
    var (largest, absolute, plain) = (0.0, 0.0, 0.0)
    let presentCount = step.presentCount
    for task in 0..<count where step.isPresent(task) { largest = max(largest, abs(weights.values[task])) }
    let total = normalisedSum == .tasks ? Double(presentCount) : 1
    if largest > 0 {
      // In units of the largest, so that no sum overflows.
      for task in 0..<count where step.isPresent(task) {
        absolute += abs(weights.values[task] / largest)
        plain += weights.values[task] / largest
      }
      if let before, abs(plain) <= 1e-12 * absolute {
        base = before
        throw WeightingError(.domain, "the weights \(weights.values) cancel out: they cannot be normalised")
      }
      let size = normalisedBy == .absolute ? absolute : plain
      for task in 0..<count {
        values[task] = step.isPresent(task) ? total * (weights.values[task] / largest / size) : 0
      }
    } else {
      for task in 0..<count { values[task] = step.isPresent(task) ? total / Double(presentCount) : 0 }
    }
    return TaskWeights(
      values, certificate: weights.certificate,
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

/// What normalised weights sum to.
enum NormalizedSum: String, Codable, CaseIterable { case tasks, one }

/// What normalised weights are divided by.
enum NormalizedDivisor: String, Codable, CaseIterable { case absolute, plain }
