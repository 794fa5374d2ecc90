import JointLossWeighting

/// What `jointloss weigh` writes for a step.
struct WeighAnswer {
  /// A JSON object on one line, its keys sorted; every number that is no count has a point or an exponent, so that all
  /// readers take it for floating point.
  let json: String

  /// Creates the answer.
  ///
  /// - Parameters:
  ///   - weights: the step's weights, as a weigher gave them.
  ///   - application: what they apply to.
  ///   - observation: the step; a Jacobian in it gives a direction where the rule itself gives neither that nor an
  ///     update, a Gramian diagnostics.
  /// - Throws: ``WeightingError`` if a number is not finite.
  init(
    _ weights: TaskWeights, on application: TaskWeights.Application, observation: StepObservation
  ) throws(WeightingError) {
    let direction =
      weights.update == nil
      ? weights.direction ?? observation.jacobian?.direction(weights: weights.values) : nil
    // Finite weights and gradients may have a sum that is not.
    if let parameter = direction?.firstIndex(where: { !$0.isFinite }) {
      throw WeightingError(.nonFinite, "the direction overflows at parameter \(parameter)")
    }
    json = Self.object([
      ("applies_to", "\"\(application.rawValue)\""),
      ("diagnostics", try Self.diagnostics(weights, gramian: observation.gramian)),
      ("direction", direction.map(Self.list)),
      ("head_weights", weights.headWeights.map(Self.list)),
      ("update", weights.update.map(Self.list)),
      ("weights", Self.list(weights.values)),
    ])
  }

  /// The diagnostics of a Gramian, an undefined one written as null, what a solver proved and what a ridge
  /// leaves of its promises, and for each task where the rule departed from its formula; an empty object without all.
  private static func diagnostics(
    _ weights: TaskWeights, gramian: Gramian?
  ) throws(WeightingError) -> String {
    let gradients = try gramian.map { gramian throws(WeightingError) in try GradientDiagnostics(gramian) }
    let interventions = weights.interventions.flatMap { $0.isEmpty ? nil : $0.byTask }
    let solver = weights.certificate.map { certificate in
      object([
        ("iterations", "\(certificate.iterations)"), ("residual", "\(certificate.residual)"),
        ("ridge", "\(certificate.ridge)"),
      ])
    }
    return object([
      ("condition_number", gradients.map { number($0.conditionNumber) }),
      ("conflict_rate", gradients.map { number($0.conflictRate) }),
      ("cosines", gradients.map { list($0.cosines) }),
      (
        "interventions",
        interventions.map { tasks in list(tasks.map { list($0.map { "\"\($0.rawValue)\"" }) }) }
      ),
      ("magnitude_ratio", gradients.map { number($0.magnitudeRatio) }),
      ("norms", gradients.map { list($0.norms) }),
      ("solver", solver),
      (
        "solver_note",
        weights.certificate.flatMap { $0.ridge > 0 ? "\"\(SolverCertificate.ridgeNote)\"" : nil }
      ),
    ])
  }

  // MARK: JSON

  // Foundation's encoder writes 1.0 as 1, which many readers take for an integer.
  private static func object(_ fields: [(key: String, value: String?)]) -> String {
    "{\(fields.compactMap { field in field.value.map { "\"\(field.key)\":\($0)" } }.joined(separator: ","))}"
  }

  /// A list of numbers, or of values in JSON.
  private static func list(_ values: [some CustomStringConvertible]) -> String {
    "[\(values.map(\.description).joined(separator: ","))]"
  }

  private static func number(_ value: Double?) -> String { value?.description ?? "null" }
}
