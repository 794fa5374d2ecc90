/// The task gradients themselves, for rules that look at their elements or keep gradients of earlier steps.
///
/// A trainer holds T·P numbers for it: no other evidence needs them.
public struct JacobianEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// The task gradients; the losses come with them.
  public static let need = EvidenceNeed.jacobian
  /// The T unweighted losses; empty where only gradients are known.
  public let losses: [Double]
  /// The task gradients on all shared parameters, T×P; over ``GradientScope/representation`` those on its elements,
  /// T × (samples · units).
  public let jacobian: Jacobian
  /// The representation, as many elements as the Jacobian has columns; nil where that is on the parameters.
  public let representation: Representation?
  /// The epoch, from 0.
  public let epoch: Int
  /// Draws from outside.
  public let draws: InjectedDraws
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts losses and Jacobian from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if the Jacobian is missing, of another number of tasks or of other columns than the
  ///   representation's elements, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    guard let jacobian = observation.jacobian else {
      throw WeightingError(.missingEvidence, "the strategy reads the task gradients: give a Jacobian")
    }
    try observation.require(jacobian)
    if let representation = observation.representation { try jacobian.require(representation) }
    losses = observation.losses
    self.jacobian = jacobian
    representation = observation.representation
    epoch = observation.epoch
    draws = observation.draws
  }

  /// The number of tasks.
  public var taskCount: Int { jacobian.taskCount }

  /// Checks that the losses are known, and not negative.
  ///
  /// - Parameter strategy: the strategy's name, for the message.
  /// - Throws: ``WeightingError`` if they are missing, or naming the task whose loss is negative.
  func requireNonNegativeLosses(by strategy: String) throws(WeightingError) {
    try LossTransforms.requireKnownAndNonNegative(losses, by: strategy)
  }
}

/// The task gradients on three independent batches of one step, for rules whose estimate of a product of
/// gradients has no bias.
public struct IndependentBatchesEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.IndependentJacobians
  /// The task gradients of every batch.
  public static let need = EvidenceNeed.jacobian
  /// Three batches.
  public static let independentBatches = 3
  /// The task gradients on all shared parameters, T×P, of each batch.
  public let jacobians: [Jacobian]
  /// The epoch, from 0.
  public let epoch: Int
  /// For each task whether the batches have labels of it; nil where they have labels of all.
  public let present: [Bool]?

  /// Cuts the Jacobians from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if there are not three Jacobians of one size, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    guard let jacobians = observation.jacobians, jacobians.count == Self.independentBatches else {
      throw WeightingError(
        .missingEvidence,
        "the strategy reads the task gradients of \(Self.independentBatches) independent batches, not of "
          + "\(observation.jacobians?.count ?? 0): give jacobians")
    }
    for jacobian in jacobians {
      try observation.require(jacobian)
      guard jacobian.parameterCount == jacobians[0].parameterCount else {
        throw WeightingError(
          .shape, "the Jacobians have \(jacobians[0].parameterCount) and \(jacobian.parameterCount) columns")
      }
    }
    self.jacobians = jacobians
    epoch = observation.epoch
  }

  /// The number of tasks.
  public var taskCount: Int { jacobians[0].taskCount }
}

/// The losses of the batch, of a strategy that is also told those after the step.
public struct LossesAroundStepEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Losses alone.
  public static let need = EvidenceNeed.losses
  /// The losses after the step go to ``WeightingStrategy/stepEnded(lossesAfter:)``.
  public static let looksAfterStep = true
  /// The T unweighted losses before the step.
  public let losses: [Double]
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts the losses from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if the losses are missing, or naming the task whose loss is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireLosses()
    present = try observation.requirePresence()
    losses = observation.losses
  }

  /// The number of tasks.
  public var taskCount: Int { losses.count }
}

extension Jacobian {
  /// Checks that it is on the elements of a representation.
  func require(_ representation: Representation) throws(WeightingError) {
    let (count, units) = (representation.elements.count, representation.units)
    guard units > 0, count.isMultiple(of: units) else {
      throw WeightingError(.shape, "the representation has \(count) elements of \(units) units")
    }
    guard count == parameterCount else {
      throw WeightingError(
        .shape,
        "the representation has \(count) elements, the Jacobian \(parameterCount) columns"
      )
    }
    if let index = representation.elements.firstNonFinite {
      throw WeightingError(
        .nonFinite,
        "the representation of sample \(index / units) holds \(representation.elements[index])"
      )
    }
  }
}

extension StepObservation {
  func require(_ jacobian: Jacobian) throws(WeightingError) {
    try requireCount(jacobian.taskCount, "rows of the Jacobian")
    if let index = jacobian.elements.firstNonFinite {
      let task = index / jacobian.parameterCount
      throw WeightingError(
        .nonFinite, "the gradient of task \(task) holds \(jacobian.elements[index])", task: task)
    }
  }
}
