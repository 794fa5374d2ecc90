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
  public typealias Gradients = Base.Gradients

  /// The wrapped strategy's, with the name of the wrapper added.
  public static var about: StrategyDescription {
    var promises = Base.about.promises
    promises.outlastStep()
    return StrategyWrappers.description(
      of: Base.self, suffix: "every", title: "every k steps",
      formula: "; new weights in every k-th step",
      cost: Base.Gradients.need == .losses ? "" : "; one gradient in the steps between",
      promises: promises)
  }

  private var base = Base()
  @Parameter("k: the steps from one set of weights to the next.", in: 1...1_000_000) var everySteps = 10
  private var step = 0
  private var kept: [Double] = []
  /// The tasks that had labels when the weights were new, and whether they are this step's.
  private var weighed: [Bool] = []
  private var isNew = false

  /// Creates the wrapped strategy.
  public init() {}

  /// Starts the wrapped strategy.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the wrapped strategy gives a direction or an update, or what it throws.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    try StrategyWrappers.requireWeights(of: Base.self, for: "“every”")
    try base.start(taskCount: taskCount)
    (step, kept, weighed, isNew) = (0, [], [], false)
  }

  /// What the wrapped strategy promises of each step on its own.
  public var promises: StrategyPromises {
    var promises = base.promises
    if everySteps > 1 { promises.outlastStep() }
    return promises
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
  /// - Parameter observed: what the wrapped strategy reads.
  /// - Returns: T weights; a certificate only where they are new.
  /// - Throws: ``WeightingError`` for another number of tasks, or what the wrapped strategy throws.
  public mutating func weights(for observed: Step<Gradients>) throws(WeightingError) -> TaskWeights {
    if !isDue(observed.present) {
      (step, isNew) = (step + 1, false)
      return TaskWeights(kept)
    }
    let weights = try base.weights(for: observed)
    (step, isNew) = (step + 1, true)
    if kept.count != observed.taskCount || weighed.count != kept.count {
      kept = weights.values
      weighed = [Bool](repeating: true, count: kept.count)
    }
    for task in kept.indices {
      weighed[task] = observed.isPresent(task)
      if weighed[task] { kept[task] = weights.values[task] }
    }
    return weights
  }

  /// Whether a step needs new weights: its turn has come, or it has labels of a task that had none last time.
  private func isDue(_ present: [Bool]?) -> Bool {
    if step % everySteps == 0 || kept.isEmpty { return true }
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
