/// Projections onto the cone of directions along which no loss ascends.
///
///     minimise vᵀGv   subject to   v ≥ u
///
/// is dual to projecting Jᵀu onto {d : Jd ≥ 0}; Jᵀv is the projection (P. Quinton, V. Rey, *Jacobian Descent
/// for Multi-Objective Optimization*, 2024, Proposition 1). With v = u + z it is a non-negative quadratic
/// program, solved on the cosines by ``ActiveSetProgram``; several u share its matrix.
package struct DualConeProjection: ScratchBuffer, Sendable {
  private var program = ActiveSetProgram()
  private var order = 0
  private var matrix: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// Sets the matrix of all projections to come.
  ///
  /// - Parameters:
  ///   - order: the number of tasks.
  ///   - matrix: the cosines without gaps, or another positive semidefinite matrix of diagonal 1.
  package mutating func load(order: Int, _ matrix: [Double]) {
    if self.matrix.count < order * order { self.matrix = [Double](repeating: 0, count: order * order) }
    self.order = order
    for index in 0..<order * order { self.matrix[index] = matrix[index] }
    program.load(order: order, matrix)
  }

  /// Projects.
  ///
  /// - Parameter vector: u in units of the gradients' norms (n_t u_t), then v in the same units.
  /// - Returns: the certificate.
  /// - Throws: ``WeightingError`` if the residual stays above ``SolverCertificate/limit``.
  package mutating func project(_ vector: inout [Double]) throws(WeightingError) -> SolverCertificate {
    for j in 0..<order {
      var (product, terms) = (0.0, 0.0)
      for i in 0..<order where vector[i] != 0 {
        product += matrix[i * order + j] * vector[i]
        terms += abs(matrix[i * order + j] * vector[i])
      }
      (program.linear[j], program.linearTerms[j]) = (product, terms)
    }
    let certificate = try program.solve().usable("the projection onto the dual cone")
    for j in 0..<order { vector[j] += program.solution[j] }
    return certificate
  }
}
