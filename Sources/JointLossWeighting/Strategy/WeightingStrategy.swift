public import JointLossLinearAlgebra

/// A rule that weighs the losses of a multi-task network.
///
/// A strategy is a value: hyperparameters and state are stored properties, it is `Codable`, and nothing of
/// it lives elsewhere, so that a checkpoint, a resumed run or a copy per seed cannot lose any of it. It sees
/// only the evidence that its associated type names.
///
/// A minimal strategy has a ``descriptor``, an initialiser that reads its parameters from the
/// ``StrategySetup``, and ``weights(for:)``. If `weights(for:)` throws it must leave the state as it was.
public protocol WeightingStrategy: Codable, Sendable {
  /// What the strategy reads: ``LossEvidence``, ``GradientNormEvidence``, ``GramianEvidence``,
  /// ``LossGramianEvidence``, ``JacobianEvidence``, ``IndependentBatchesEvidence`` or
  /// ``LossesAroundStepEvidence``.
  associatedtype Evidence: TaskEvidence

  /// Name, citation, formula and parameters.
  static var descriptor: StrategyDescriptor { get }

  /// Creates the strategy at the start of training.
  ///
  /// - Parameter setup: number of tasks (at least 1), validated parameters, random stream.
  /// - Throws: ``WeightingError`` if the setup makes no sense for this rule.
  init(_ setup: StrategySetup) throws(WeightingError)

  /// The weights of one training step.
  ///
  /// - Parameter evidence: finite values for as many tasks as the setup named.
  /// - Returns: one finite weight a task, and where the weights apply.
  /// - Throws: ``WeightingError`` if no weights exist; the state is then unchanged.
  mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights

  // MARK: Requirements with a default

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

  /// Whether the next call of ``weights(for:)`` reads more of its evidence than the losses.
  ///
  /// Where it does not, a training loop may leave the task gradients out and hand over zeros in their place: norms,
  /// Gramian or Jacobian of zeros, of the usual size. A rule that says false must give the same weights, and be in the
  /// same state afterwards, whatever gradients it is shown.
  ///
  /// - Parameter present: for each task whether the step has labels of it, as in ``StepObservation/present``; nil
  ///   where it has labels of all.
  /// - Returns: false where the gradients of the next step do not matter.
  func readsGradients(present: [Bool]?) -> Bool

  /// The draws from outside that the next call of ``weights(for:)`` reads, where they are given.
  ///
  /// `jointloss weigh` refuses a line with others. A rule that reads ``InjectedDraws`` of its evidence must name them
  /// here.
  ///
  /// - Parameter present: for each task whether the step has labels of it, as in ``StepObservation/present``; nil
  ///   where it has labels of all.
  /// - Returns: the kinds of draws.
  func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind>

  /// Whether the rule is told the losses after a step, which its evidence lets it be.
  var looksAfterStep: Bool { get }

  /// What gradients are taken over, if the rule itself prescribes it.
  var gradientScope: GradientScope? { get }

  /// Whether the rule weighs steps in which some tasks have no labels.
  ///
  /// Such a task comes with loss, norm and gradient 0, its weight is set to 0 whatever the rule says, and what
  /// the rule remembers of it must stay as it is.
  static var weighsAbsentTasks: Bool { get }

  /// What the strategy promises with the parameters it has.
  var claims: StrategyClaims { get }
}

extension WeightingStrategy {
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
  /// True: whatever the evidence holds is read.
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

  // Correct for every rule that asks for such evidence because it wants it.
  /// What the evidence says: ``TaskEvidence/looksAfterStep``.
  public var looksAfterStep: Bool { Evidence.looksAfterStep }

  // Correct for every rule that is stated for "the shared parameters": the loop chooses.
  /// Nil: none is prescribed.
  public var gradientScope: GradientScope? { nil }

  // Correct for a rule that does not know of missing labels: it would take a loss of 0 for a success.
  /// False: a step in which a task has no labels is an error.
  public static var weighsAbsentTasks: Bool { false }

  // Correct for every rule whose promises do not depend on its parameters.
  /// The claims of the descriptor.
  public var claims: StrategyClaims { Self.descriptor.claims }

  /// Cuts the evidence that the strategy reads from all that is known of a step, and weighs the step.
  ///
  /// For loops that hold an `any WeightingStrategy` and do not know its evidence.
  ///
  /// - Parameter observation: the step.
  /// - Returns: the weights, and where they apply.
  /// - Throws: ``WeightingError`` if evidence is missing, a task has no labels and the rule does not weigh
  ///   such steps, or no weights exist; the state is then unchanged.
  public mutating func weights(observing observation: StepObservation) throws(WeightingError) -> TaskWeights {
    try Self.requireWeighing(observation)
    var weights = try weights(for: Evidence(observing: observation))
    guard let present = observation.present, present.count == weights.values.count else { return weights }
    for task in present.indices where !present[task] && weights.values[task] != 0 {
      weights.values[task] = 0
    }
    return weights
  }

  /// Checks that the rule weighs a step in which tasks are absent, if this is one.
  package static func requireWeighing(_ observation: StepObservation) throws(WeightingError) {
    guard let task = observation.present?.firstIndex(of: false), !weighsAbsentTasks else { return }
    throw WeightingError(
      .absentTask,
      "task \(task) has no labels in this step: \(descriptor.name) does not say how it weighs the others then",
      task: task)
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

/// What a strategy is given at the start of training.
public struct StrategySetup: Sendable {
  /// The number of tasks, at least 1.
  public let taskCount: Int
  /// The values of all declared parameters.
  public let parameters: ParameterValues
  /// The stream for whatever the rule draws at random; keep it in the strategy's state.
  public let stream: PhiloxStream

  /// Creates a setup, with the defaults for parameters that are not given.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor of the strategy that will be created.
  ///   - taskCount: the number of tasks.
  ///   - parameters: values for some of the declared parameters.
  ///   - seed: the seed of the strategy's random stream.
  /// - Throws: ``WeightingError`` if there is no task, or a parameter is unknown or out of range.
  public init(
    for descriptor: StrategyDescriptor, taskCount: Int, parameters: [String: ParameterValue] = [:],
    seed: UInt64 = 0
  ) throws(WeightingError) {
    guard taskCount >= 1 else {
      throw WeightingError(.taskCount, "\(descriptor.name) needs at least one task, not \(taskCount)")
    }
    self.taskCount = taskCount
    do {
      self.parameters = try ParameterValues(parameters, of: descriptor.name, against: descriptor.parameters)
    } catch {
      throw WeightingError(.parameter, error.description)
    }
    stream = PhiloxStream(seed: seed, purpose: "strategy")
  }
}
