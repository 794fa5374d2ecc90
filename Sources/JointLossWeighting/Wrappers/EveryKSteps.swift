/// Asks a strategy for new weights in every k-th step, and keeps them in between.
///
/// The schedule of A. Navon et al., *Multi-Task Learning as a Bargaining Game*, ICML 2022, Section 5
/// (<https://arxiv.org/abs/2202.01017>), around any strategy.
///
///     w(s) = base's weights in the steps s = 0, k, 2k …;  those of the last such step otherwise
///
/// Cost: the strategy's own computation and evidence in one step of k; one backward pass of the weighted losses in the
/// others.
///
/// The strategy does not see the steps in between; the ends of epochs it does. A step with labels of a task that
/// had none when the last weights were new has new ones too.
public struct EveryKSteps<Base: WeightingStrategy>: WeightingStrategy {
  /// What the wrapped strategy reads.
  public typealias Evidence = Base.Evidence

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var descriptor: StrategyDescriptor {
    var claims = Base.descriptor.claims
    claims.outlastStep()
    return StrategyWrappers.descriptor(
      of: Base.self, suffix: "every", title: "every k steps",
      formula: "; new weights in every k-th step",
      cost: Base.Evidence.need == .losses ? "" : "; one gradient in the steps between",
      parameters: [
        ParameterDescriptor(
          "every-steps", .integer(default: 10, range: .closed(1...1_000_000)),
          "k: the steps from one set of weights to the next.")
      ], claims: claims)
  }

  private let period: Int
  private var base: Base
  private let taskCount: Int
  private var step = 0
  private var kept: [Double] = []
  /// The tasks that had labels when the weights were new, and whether they are this step's.
  private var weighed: [Bool] = []
  private var isNew = false
  private var application = TaskWeights.Application.losses

  /// Creates the strategy and the wrapped one.
  ///
  /// - Parameter setup: the number of tasks, the parameters of both and the random stream.
  /// - Throws: ``WeightingError`` if the setup makes no sense for the wrapped strategy, or if that gives a
  ///   direction or an update.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    period = setup.parameters.integer("every-steps")
    try StrategyWrappers.requireWeights(of: Base.self, for: "“every”")
    base = try Base(setup)
    taskCount = setup.taskCount
  }

  /// Whether the wrapped strategy does.
  public static var weighsAbsentTasks: Bool { Base.weighsAbsentTasks }

  /// What the wrapped strategy promises of each step on its own.
  public var claims: StrategyClaims {
    var claims = base.claims
    if period > 1 { claims.outlastStep() }
    return claims
  }

  /// The scope of the wrapped strategy.
  public var gradientScope: GradientScope? { base.gradientScope }

  /// Whether the wrapped strategy does.
  public var looksAfterStep: Bool { base.looksAfterStep }

  /// In the steps that are due, whether the wrapped strategy does; no in the others.
  ///
  /// - Parameter present: the tasks with labels.
  /// - Returns: false where the weights are the last ones.
  public func readsGradients(present: [Bool]?) -> Bool {
    isDue(present) && base.readsGradients(present: present)
  }

  /// The draws that the wrapped strategy reads, in the steps that are due.
  ///
  /// - Parameter present: the tasks with labels.
  /// - Returns: the wrapped strategy's answer; none where the weights are the last ones.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    isDue(present) ? base.readsDraws(present: present) : []
  }

  /// New weights in every k-th step, the last ones otherwise, as far as these are known.
  ///
  /// - Parameter evidence: what the wrapped strategy reads.
  /// - Returns: T weights; a certificate only where they are new.
  /// - Throws: ``WeightingError`` for another number of tasks, or what the wrapped strategy throws.
  public mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if !isDue(evidence.present) {
      (step, isNew) = (step + 1, false)
      return TaskWeights(kept, appliesTo: application)
    }
    let weights = try base.weights(for: evidence)
    (step, isNew) = (step + 1, true)
    if kept.count != taskCount || weighed.count != taskCount {
      kept = weights.values
      weighed = [Bool](repeating: true, count: taskCount)
    }
    for task in 0..<taskCount {
      weighed[task] = evidence.isPresent(task)
      if weighed[task] { kept[task] = weights.values[task] }
    }
    application = weights.appliesTo
    return weights
  }

  /// Whether a step needs new weights: its turn has come, or it has labels of a task that had none last time.
  private func isDue(_ present: [Bool]?) -> Bool {
    if step % period == 0 || kept.count != taskCount { return true }
    guard let present else { return weighed.contains(false) }
    return zip(present, weighed).contains { $0 && !$1 }
  }

  /// Tells the wrapped strategy.
  ///
  /// - Parameter meanLosses: one mean a task.
  public mutating func epochEnded(meanLosses: [Double]) { base.epochEnded(meanLosses: meanLosses) }

  /// Tells the wrapped strategy, of the steps that it has seen.
  ///
  /// - Parameter lossesAfter: one loss a task.
  public mutating func stepEnded(lossesAfter: [Double]) {
    if isNew { base.stepEnded(lossesAfter: lossesAfter) }
  }
}
