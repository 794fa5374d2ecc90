import JointLossWeighting

/// What `jointloss weigh` writes for a step.
struct WeighAnswer {
  /// A JSON object on one line, its keys sorted; every number that is no count has a point or an exponent, so that all
  /// readers take it for floating point.
  let json: String

  /// Creates the answer.
  ///
  /// - Parameters:
  ///   - weights: the step's weights.
  ///   - observation: the step; a Jacobian in it gives a direction where the rule itself gives neither that nor an
  ///     update, a Gramian diagnostics.
  /// - Throws: ``WeightingError`` if there are not as many weights as tasks, or a number is not finite.
  init(_ weights: TaskWeights, observation: StepObservation) throws(WeightingError) {
    let counts = [("weights", weights.values.count), ("weights of heads", weights.headWeights?.count)]
    for case (let what, let count?) in counts where count != observation.taskCount {
      throw WeightingError(
        .taskCount, "the strategy gave \(count) \(what) for \(observation.taskCount) tasks")
    }
    for (what, values) in [("weight", weights.values), ("weight of the head", weights.headWeights ?? [])] {
      for (task, weight) in values.enumerated() where !weight.isFinite {
        throw WeightingError(.nonFinite, "the \(what) of task \(task) is \(weight)", task: task)
      }
    }
    if let defect = weights.certificate?.defect {
      throw WeightingError(.solver, "the strategy gave a solver's certificate with \(defect.phrase)")
    }
    let direction =
      weights.update == nil
      ? weights.direction ?? observation.jacobian?.direction(weights: weights.values) : nil
    for (what, values) in [("direction", direction), ("update", weights.update)] {
      if let parameter = values?.firstIndex(where: { !$0.isFinite }) {
        throw WeightingError(.nonFinite, "the \(what) overflows at parameter \(parameter)")
      }
    }
    json = Self.object([
      ("applies_to", "\"\(weights.appliesTo.rawValue)\""),
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
      ("solver_note", weights.certificate.flatMap { $0.ridge > 0 ? "\"\(SolverCertificate.ridgeNote)\"" : nil }),
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
