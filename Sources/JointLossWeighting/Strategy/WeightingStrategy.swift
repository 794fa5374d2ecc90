/// A rule that weighs the losses of a multi-task network.
///
/// A strategy is a value: its stored properties are parameters (``Parameter``), buffers (``Scratch``) and state. The
/// state is whatever else is stored, and it is `Codable`, so that a checkpoint, a resumed run or a copy per seed cannot
/// lose any of it. A strategy sees only the gradients that its associated type names.
///
/// A minimal strategy has ``about`` and ``weights(for:)``. A ``Weigher`` asks it.
public protocol WeightingStrategy: ParameterGroup, Codable, Sendable {
  /// What the strategy reads beside the losses: ``NoGradients``, ``GradientNorms``, ``Gramian``, ``Jacobian`` or
  /// ``IndependentJacobians``.
  associatedtype Gradients: GradientEvidence

  /// Name, paper, formula, and what the weights apply to.
  static var about: StrategyDescription { get }

  /// The weights of one training step.
  ///
  /// - Parameter step: finite values for as many tasks as training started with.
  /// - Returns: one finite weight a task.
  /// - Throws: ``WeightingError`` if no weights exist.
  mutating func weights(for step: Step<Gradients>) throws(WeightingError) -> TaskWeights

  // MARK: Requirements with a default

  /// Called once before the first step: sets the state at its beginning.
  ///
  /// - Parameter taskCount: the number of tasks, at least 1.
  /// - Throws: ``WeightingError`` if the parameters make no sense for so many tasks.
  mutating func start(taskCount: Int) throws(WeightingError)

  /// Called when an epoch ends, with the sample-weighted means of the unweighted training losses.
  ///
  /// - Parameter meanLosses: one mean a task; not a number for a task that had no label in the epoch.
  mutating func epochEnded(meanLosses: [Double])

  /// Called after a step, with the losses of the same batch at the new parameters: only of a strategy that
  /// ``looksAfterStep``.
  ///
  /// - Parameter lossesAfter: one loss a task; 0 for a task without labels in the step. What is not finite must
  ///   leave the state as it was.
  mutating func stepEnded(lossesAfter: [Double])

  /// Whether the next call of ``weights(for:)`` reads more than the losses.
  ///
  /// Where it does not, a training loop may leave the task gradients out and hand over zeros in their place: norms,
  /// Gramian or Jacobian of zeros, of the usual size. A rule that says false must give the same weights, and be in the
  /// same state afterwards, whatever gradients it is shown.
  ///
  /// - Parameter present: for each task whether the step has labels of it; nil where it has labels of all.
  /// - Returns: false where the gradients of the next step do not matter.
  func readsGradients(present: [Bool]?) -> Bool

  /// The draws from outside that the next call of ``weights(for:)`` reads, where they are given.
  ///
  /// `jointloss weigh` refuses a line with others. A rule that reads ``Step/draws`` must name them here.
  ///
  /// - Parameter present: for each task whether the step has labels of it; nil where it has labels of all.
  /// - Returns: the kinds of draws.
  func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind>

  /// Whether the rule is told the losses after a step: one more forward pass.
  var looksAfterStep: Bool { get }

  /// What gradients are taken over, if the rule itself prescribes it.
  var gradientScope: GradientScope? { get }

  /// What the strategy promises with the parameters it has.
  var promises: StrategyPromises { get }
}

extension WeightingStrategy {
  // Correct for every rule whose state is empty before the first step.
  /// Does nothing.
  ///
  /// - Parameter taskCount: ignored.
  /// - Throws: nothing.
  public mutating func start(taskCount: Int) throws(WeightingError) {}

  // Correct for every rule that looks at steps alone: there is nothing to update.
  /// Does nothing.
  ///
  /// - Parameter meanLosses: ignored.
  public mutating func epochEnded(meanLosses: [Double]) {}

  // Correct for every rule that looks once a step: it is not called.
  /// Does nothing.
  ///
  /// - Parameter lossesAfter: ignored.
  public mutating func stepEnded(lossesAfter: [Double]) {}

  // Correct for every rule: what is shown need not be read.
  /// True: whatever the step holds is read.
  ///
  /// - Parameter present: ignored.
  /// - Returns: true.
  public func readsGradients(present: [Bool]?) -> Bool { true }

  // Correct for every rule that draws nothing.
  /// None.
  ///
  /// - Parameter present: ignored.
  /// - Returns: the empty set.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [] }

  // Correct for every rule that looks once.
  /// False: a step is looked at before it is taken.
  public var looksAfterStep: Bool { false }

  // Correct for every rule that is stated for "the shared parameters": the loop chooses.
  /// Nil: none is prescribed.
  public var gradientScope: GradientScope? { nil }

  // Correct for every rule whose promises do not depend on its parameters.
  /// The promises of the description.
  public var promises: StrategyPromises { Self.about.promises }

  /// Creates the strategy at the start of training, with parameters by name.
  ///
  /// - Parameters:
  ///   - taskCount: the number of tasks, at least 1.
  ///   - parameters: values for some of its parameters; the others have their defaults.
  /// - Throws: ``WeightingError`` if there is no task, or a parameter is unknown, out of range or makes no sense for so
  ///   many tasks.
  public init(
    taskCount: Int, parameters: [String: ParameterValue] = [:]
  ) throws(WeightingError) {
    guard taskCount >= 1 else {
      throw WeightingError(.taskCount, "\(Self.about.name) needs at least one task, not \(taskCount)")
    }
    let values: ParameterValues
    do {
      values = try ParameterValues(parameters, of: Self.about.name, against: Self.parameters)
    } catch {
      throw WeightingError(.parameter, error.description)
    }
    self = Self.make(with: values)
    try start(taskCount: taskCount)
  }

  /// Whether the losses are read: by a rule without gradients always, beside gradients never, unless the description
  /// says otherwise.
  package static var readsLosses: StrategyDescription.LossReading {
    about.losses ?? (Gradients.need == .losses ? .always : .never)
  }
}

/// What task gradients are taken over.
public enum GradientScope: String, Codable, Sendable, CaseIterable {
  /// Every parameter of the trunk.
  case sharedParameters = "shared-parameters"
  /// Every parameter: also those that serve one task alone, as its head does. They make a task's gradient longer, and
  /// change no inner product of two tasks.
  case allParameters = "all-parameters"
  /// The weight matrix of the trunk's last layer (GradNorm's paper).
  case lastSharedLayer = "last-shared-layer"
  /// The output of the shared layers, sample by sample (MGDA-UB; LibMTL's `rep_grad`): only where all tasks read
  /// one such output, as that of a trunk's last layer or block.
  case representation
}
