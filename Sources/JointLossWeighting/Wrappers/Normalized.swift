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
  public typealias Evidence = Base.Evidence

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var descriptor: StrategyDescriptor {
    StrategyWrappers.descriptor(
      of: Base.self, suffix: "normalised", title: "normalised", formula: "; then w ← S w / Σ |w|",
      parameters: [
        ParameterDescriptor(
          "normalised-sum", .choice(default: "tasks", options: Sum.allCases.map(\.rawValue)),
          "S: what the weights sum to, T or 1."),
        ParameterDescriptor(
          "normalised-by", .choice(default: "absolute", options: Divisor.allCases.map(\.rawValue)),
          "Whether Σ |w| or Σ w divides; for weights of both signs they differ."),
      ], claims: normalised(Base.descriptor.claims, sum: .tasks, divisor: .absolute))
  }

  private let sum: Sum
  private let divisor: Divisor
  private var base: Base
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case sum, divisor, base }

  /// Creates the strategy and the wrapped one.
  ///
  /// - Parameter setup: the number of tasks, the parameters of both and the random stream.
  /// - Throws: ``WeightingError`` if the setup makes no sense for the wrapped strategy, or if that gives a
  ///   direction or an update.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    sum = setup.parameters.choice("normalised-sum")
    divisor = setup.parameters.choice("normalised-by")
    try StrategyWrappers.requireWeights(of: Base.self, for: "“normalised”")
    base = try Base(setup)
  }

  /// Whether the wrapped strategy does.
  public static var weighsAbsentTasks: Bool { Base.weighsAbsentTasks }

  /// What is left of the wrapped strategy's promises, and the sum.
  public var claims: StrategyClaims { Self.normalised(base.claims, sum: sum, divisor: divisor) }

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

  private static func normalised(_ base: StrategyClaims, sum: Sum, divisor: Divisor) -> StrategyClaims {
    var claims = base
    claims.leaveDirection()
    claims.weightSum = .free
    if base.hasNonNegativeWeights || divisor == .plain { claims.weightSum = sum == .tasks ? .tasks : .one }
    if claims.scaleDegree != nil { claims.scaleDegree = 0 }
    // A negative sum turns the direction round.
    if divisor == .plain && !base.hasNonNegativeWeights { claims.isNonConflicting = false }
    return claims
  }

  /// The wrapped strategy's weights, scaled.
  ///
  /// - Parameter evidence: what the wrapped strategy reads.
  /// - Returns: T weights of the chosen sum.
  /// - Throws: ``WeightingError`` if weights of both signs cancel out, or what the wrapped strategy throws;
  ///   the state is then unchanged.
  public mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights {
    // Plain sums may cancel out, which is found only when the wrapped strategy has taken its step.
    let before = divisor == .plain ? base : nil
    let weights = try base.weights(for: evidence)
    let count = weights.values.count
    if values.count != count { values = [Double](repeating: 0, count: count) }
    var (largest, absolute, plain) = (0.0, 0.0, 0.0)
    let presentCount = evidence.presentCount
    for task in 0..<count where evidence.isPresent(task) { largest = max(largest, abs(weights.values[task])) }
    let total = sum == .tasks ? Double(presentCount) : 1
    if largest > 0 {
      // In units of the largest, so that no sum overflows.
      for task in 0..<count where evidence.isPresent(task) {
        absolute += abs(weights.values[task] / largest)
        plain += weights.values[task] / largest
      }
      if let before, abs(plain) <= 1e-12 * absolute {
        base = before
        throw WeightingError(.domain, "the weights \(weights.values) cancel out: they cannot be normalised")
      }
      let size = divisor == .absolute ? absolute : plain
      for task in 0..<count {
        values[task] = evidence.isPresent(task) ? total * (weights.values[task] / largest / size) : 0
      }
    } else {
      for task in 0..<count { values[task] = evidence.isPresent(task) ? total / Double(presentCount) : 0 }
    }
    return TaskWeights(
      values, appliesTo: weights.appliesTo, certificate: weights.certificate,
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
private enum Sum: String, Codable, CaseIterable { case tasks, one }

/// What normalised weights are divided by.
private enum Divisor: String, Codable, CaseIterable { case absolute, plain }
