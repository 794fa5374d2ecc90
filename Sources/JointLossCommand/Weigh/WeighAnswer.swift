import JointLossWeighting

/// What `jointloss weigh` writes for a step.
struct WeighAnswer: Encodable {
  private let weights: [Double]
  private let appliesTo: TaskWeights.Application
  private let direction: [Double]?
  private let update: [Double]?
  private let diagnostics: Diagnostics

  private enum CodingKeys: String, CodingKey {
    case weights, direction, update, diagnostics
    case appliesTo = "applies_to"
  }

  /// Creates the answer.
  ///
  /// - Parameters:
  ///   - weights: the step's weights.
  ///   - observation: the step; a Jacobian in it gives a direction where the rule itself gives neither that nor an
  ///     update, a Gramian diagnostics.
  /// - Throws: ``WeightingError`` if there are not as many weights as tasks, or a number is not finite.
  init(_ weights: TaskWeights, observation: StepObservation) throws(WeightingError) {
    guard weights.values.count == observation.taskCount else {
      throw WeightingError(
        .taskCount, "the strategy gave \(weights.values.count) weights for \(observation.taskCount) tasks")
    }
    for (task, weight) in weights.values.enumerated() where !weight.isFinite {
      throw WeightingError(.nonFinite, "the weight of task \(task) is \(weight)", task: task)
    }
    if let defect = weights.certificate?.defect {
      throw WeightingError(.solver, "the strategy gave a solver's certificate with \(defect.phrase)")
    }
    self.weights = weights.values
    appliesTo = weights.appliesTo
    update = weights.update
    direction =
      update == nil
      ? weights.direction ?? observation.jacobian?.direction(weights: weights.values) : nil
    for (what, values) in [("direction", direction), ("update", update)] {
      if let parameter = values?.firstIndex(where: { !$0.isFinite }) {
        throw WeightingError(.nonFinite, "the \(what) overflows at parameter \(parameter)")
      }
    }
    var gradients: GradientDiagnostics?
    if let gramian = observation.gramian { gradients = try GradientDiagnostics(gramian) }
    diagnostics = Diagnostics(gradients: gradients, certificate: weights.certificate)
  }

  /// The diagnostics of a Gramian, an undefined one written as null, and what a solver proved; an empty object
  /// without either.
  private struct Diagnostics: Encodable {
    let gradients: GradientDiagnostics?
    let certificate: SolverCertificate?

    private enum CodingKeys: String, CodingKey {
      case norms, cosines, solver
      case solverNote = "solver_note"
      case conflictRate = "conflict_rate"
      case magnitudeRatio = "magnitude_ratio"
      case conditionNumber = "condition_number"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(certificate, forKey: .solver)
      if let certificate, certificate.ridge > 0 {
        try container.encode(SolverCertificate.ridgeNote, forKey: .solverNote)
      }
      guard let gradients else { return }
      try container.encode(gradients.norms, forKey: .norms)
      try container.encode(gradients.cosines, forKey: .cosines)
      try container.encode(gradients.conflictRate, forKey: .conflictRate)
      try container.encode(gradients.magnitudeRatio, forKey: .magnitudeRatio)
      try container.encode(gradients.conditionNumber, forKey: .conditionNumber)
    }
  }
}
