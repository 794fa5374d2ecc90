/// What a solver proves of its answer: how far it is from satisfying the problem's own conditions.
public struct SolverCertificate: Sendable, Codable, Hashable {
  /// The largest residual that a solver may return: beyond it, it throws.
  public static let tolerance = 1e-9

  /// The iterations taken, over all problems of the step.
  public let iterations: Int
  /// The duality gap or the residual of the optimality conditions, relative to the size of their terms; the
  /// largest of the step's problems.
  public let residual: Double
  /// What was added to the diagonal of the cosines because the problem as stated has no solution, or because
  /// rounding has made the matrix indefinite; 0 as a rule.
  public let ridge: Double

  /// Creates a certificate.
  ///
  /// - Parameters:
  ///   - iterations: the iterations taken.
  ///   - residual: the relative residual.
  ///   - ridge: what was added to the diagonal of the cosines.
  public init(iterations: Int, residual: Double, ridge: Double = 0) {
    self.iterations = iterations
    self.residual = residual
    self.ridge = ridge
  }

  /// What no solver can have found and no record can hold, with the number; nil as a rule.
  package var defect: (phrase: String, value: Double)? {
    if iterations < 0 { return ("\(iterations) iterations", Double(iterations)) }
    if !residual.isFinite { return ("the residual \(residual)", residual) }
    if !ridge.isFinite { return ("the ridge \(ridge)", ridge) }
    return nil
  }

  /// Checks the residual.
  ///
  /// - Parameter solver: the solver's name, for the message.
  /// - Returns: itself.
  /// - Throws: ``WeightingError`` if the residual is beyond ``tolerance`` or NaN.
  package func checked(_ solver: String) throws(WeightingError) -> SolverCertificate {
    guard residual <= Self.tolerance else {
      throw WeightingError(
        .solver,
        "\(solver) stopped after \(iterations) iterations at a relative residual of \(residual), above \(Self.tolerance)"
      )
    }
    return self
  }

  /// The certificate of two problems of one step.
  ///
  /// - Parameter other: the certificate of the other problem.
  /// - Returns: the sum of the iterations, or the largest number there is, the larger residual and ridge.
  package func merged(with other: SolverCertificate) -> SolverCertificate {
    // A count that a strategy of one's own has made up must not overflow.
    let (sum, isBeyond) = iterations.addingReportingOverflow(other.iterations)
    return SolverCertificate(
      iterations: isBeyond ? .max : sum, residual: max(residual, other.residual),
      ridge: max(ridge, other.ridge))
  }
}
