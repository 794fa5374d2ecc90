/// What a solver proves of its answer: how far it is from satisfying the problem's own conditions.
public struct SolverCertificate: Sendable, Codable, Hashable {
  /// The largest residual of an answer that counts as proven.
  public static let tolerance = 1e-9
  /// The largest residual of an answer that a solver may return where it has nothing better.
  ///
  /// Such an answer is the best that was found, and its residual says so. Beyond the limit the solver throws.
  public static let limit = 1e-4
  /// What the solvers of quadratic programs add to the diagonal, one after the other, while the residual is above the
  /// tolerance: Gramians of `Double` products are semidefinite to 1e-14, of `Float` products to 1e-6, and
  /// ``Gramian/init(rows:)`` takes some that are less.
  package static let ridges = [1e-13, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]

  /// The iterations taken, over all problems of the step.
  public let iterations: Int
  /// The duality gap or the residual of the optimality conditions, relative to the size of their terms; the
  /// largest of the step's problems.
  public let residual: Double
  /// What was added to the diagonal of the cosines because the problem as stated has no solution, or because
  /// rounding has made the matrix indefinite; 0 as a rule.
  public let ridge: Double

  /// What a ridge leaves of the promise that no task ascends: the conditions hold for the Gramian with the ridge.
  package static let ridgeNote =
    "the solver added a ridge to the diagonal of the cosines: where no task ascends along the direction otherwise, "
    + "g_t·d may now be as low as -ridge·w_t·‖g_t‖²"

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
    try checked(solver, bound: Self.tolerance)
  }

  /// Whether a residual is small enough to stop before another ridge: a large ridge changes the problem, so that from
  /// 1e-4 on an answer that may be returned is preferred to one that is proven.
  ///
  /// - Parameters:
  ///   - residual: the smallest residual so far.
  ///   - ridge: what would be added to the diagonal next.
  /// - Returns: whether to stop.
  package static func isEnough(_ residual: Double, before ridge: Double) -> Bool {
    residual <= (ridge < 1e-4 ? tolerance : limit)
  }

  /// Checks the residual of a solver that has tried all it can: above ``tolerance`` it is left to be seen.
  ///
  /// - Parameter solver: the solver's name, for the message.
  /// - Returns: itself.
  /// - Throws: ``WeightingError`` if the residual is beyond ``limit`` or NaN.
  package func usable(_ solver: String) throws(WeightingError) -> SolverCertificate {
    try checked(solver, bound: Self.limit)
  }

  private func checked(_ solver: String, bound: Double) throws(WeightingError) -> SolverCertificate {
    guard residual <= bound else {
      throw WeightingError(
        .solver,
        "\(solver) stopped after \(iterations) iterations at a relative residual of \(residual), above \(bound)"
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
