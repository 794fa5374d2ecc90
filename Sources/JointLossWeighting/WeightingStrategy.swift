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
  /// ``LossGramianEvidence`` or ``JacobianEvidence``.
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
  /// - Parameter meanLosses: one mean a task.
  mutating func epochEnded(meanLosses: [Double])

  /// The parameters over which gradients are taken, if the rule itself prescribes them.
  var gradientScope: GradientScope { get }

  /// What the strategy promises with the parameters it has.
  var claims: StrategyClaims { get }
}

extension WeightingStrategy {
  // Correct for every rule that looks at steps alone: there is nothing to update.
  /// Does nothing.
  ///
  /// - Parameter meanLosses: ignored.
  public mutating func epochEnded(meanLosses: [Double]) {}

  // Correct for every rule that is stated for "the shared parameters".
  /// All shared parameters.
  public var gradientScope: GradientScope { .sharedParameters }

  // Correct for every rule whose promises do not depend on its parameters.
  /// The claims of the descriptor.
  public var claims: StrategyClaims { Self.descriptor.claims }

  /// Cuts the evidence that the strategy reads from all that is known of a step, and weighs the step.
  ///
  /// For loops that hold an `any WeightingStrategy` and do not know its evidence.
  ///
  /// - Parameter observation: the step.
  /// - Returns: the weights, and where they apply.
  /// - Throws: ``WeightingError`` if evidence is missing or no weights exist; the state is then unchanged.
  public mutating func weights(observing observation: StepObservation) throws(WeightingError) -> TaskWeights {
    try weights(for: Evidence(observing: observation))
  }
}

/// The parameters over which task gradients are taken.
public enum GradientScope: String, Codable, Sendable, CaseIterable {
  /// Every parameter of the trunk.
  case sharedParameters = "shared-parameters"
  /// The weight matrix of the trunk's last layer (GradNorm's paper).
  case lastSharedLayer = "last-shared-layer"
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
