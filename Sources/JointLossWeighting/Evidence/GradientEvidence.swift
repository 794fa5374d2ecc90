/// What a strategy reads of the task gradients.
///
/// It is ``NoGradients``, ``GradientNorms``, ``Gramian``, ``Jacobian`` or ``IndependentJacobians``. The trainer computes
/// that and no more.
public protocol GradientEvidence: Sendable {
  /// What the trainer has to compute for it, in the steps in which the strategy reads it.
  static var need: EvidenceNeed { get }

  /// The number of independent batches of a step on which the task gradients are taken; 1 for the step's own.
  static var independentBatches: Int { get }

  /// Cuts it from what is known of a step.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if it is missing, of another number of tasks, or not finite.
  init(observing observation: StepObservation) throws(WeightingError)
}

extension GradientEvidence {
  // Correct for every kind that looks at one batch.
  /// 1: the step's own batch.
  public static var independentBatches: Int { 1 }
}

/// Nothing: one backward pass of the weighted losses is all that a step needs.
public struct NoGradients: GradientEvidence {
  /// Losses alone.
  public static let need = EvidenceNeed.losses

  /// Reads nothing.
  ///
  /// - Parameter observation: the step.
  public init(observing observation: StepObservation) {}
}

/// The norms of the task gradients, over the strategy's ``GradientScope``.
public struct GradientNorms: GradientEvidence {
  /// The norms.
  public static let need = EvidenceNeed.gradientNorms
  /// The T norms of the unweighted task gradients.
  public let values: [Double]

  /// Cuts the norms from an observation; a Gramian's diagonal serves where they are not given.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if norms are missing, too few or negative, or one is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    if let norms = observation.gradientNorms {
      try observation.requireCount(norms.count, "gradient norms")
      for (task, norm) in norms.enumerated() where !(norm.isFinite && norm >= 0) {
        throw WeightingError(.nonFinite, "the gradient norm of task \(task) is \(norm)", task: task)
      }
      values = norms
    } else if let gramian = observation.gramian ?? observation.jacobian?.gramian {
      try observation.require(gramian)
      values = (0..<gramian.taskCount).map { gramian.norm(of: $0) }
    } else {
      throw WeightingError(
        .missingEvidence, "the strategy reads gradient norms: give gradient norms, a Gramian or a Jacobian")
    }
  }
}

extension Gramian: GradientEvidence {
  /// The inner products of the task gradients.
  public static let need = EvidenceNeed.gramian

  /// Cuts the Gramian from an observation; a Jacobian's serves where none is given.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if there is neither Gramian nor Jacobian, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    guard let gramian = observation.gramian ?? observation.jacobian?.gramian else {
      throw WeightingError(.missingEvidence, "the strategy reads the Gramian: give a Gramian or a Jacobian")
    }
    try observation.require(gramian)
    self = gramian
  }
}

extension Jacobian: GradientEvidence {
  /// The task gradients.
  public static let need = EvidenceNeed.jacobian

  /// Cuts the Jacobian from an observation.
  ///
  /// A trainer holds T·P numbers for it: no other kind needs them.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if the Jacobian is missing, of another number of tasks or of other columns than the
  ///   representation's elements, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    guard let jacobian = observation.jacobian else {
      throw WeightingError(.missingEvidence, "the strategy reads the task gradients: give a Jacobian")
    }
    try observation.require(jacobian)
    if let representation = observation.representation { try jacobian.require(representation) }
    self = jacobian
  }
}

/// The task gradients on three independent batches of one step, for rules whose estimate of a product of
/// gradients has no bias.
public struct IndependentJacobians: GradientEvidence {
  /// The task gradients of every batch.
  public static let need = EvidenceNeed.jacobian
  /// Three batches.
  public static let independentBatches = 3
  /// The task gradients on all shared parameters, T×P, of each batch.
  public let batches: [Jacobian]

  /// Cuts the Jacobians from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if there are not three Jacobians of one size, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
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
    batches = jacobians
  }
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
