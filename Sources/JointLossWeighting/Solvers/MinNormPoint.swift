/// The point of least norm in the convex hull of the task gradients, exactly.
///
///     minimise wᵀGw   subject to   w ≥ 0, Σ w = 1
///
/// It is solved for y_t = w_t n_t/n_min, whose matrix is that of the cosines, by ``ActiveSetProgram``.
/// At the solution (Gw)_t = wᵀGw on the support and is no less elsewhere: the certificate says how nearly.
package struct MinNormPoint: ScratchBuffer, Sendable {
  private var program = ActiveSetProgram()
  private var sums: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// Solves.
  ///
  /// - Parameters:
  ///   - gradients: norms and cosines.
  ///   - weights: w for the gradients that count, in their order; the rest is left as it was.
  /// - Returns: the certificate.
  /// - Throws: ``WeightingError`` if the residual stays above ``SolverCertificate/limit``.
  package mutating func solve(
    _ gradients: borrowing ScaledGramian, into weights: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let count = gradients.count
    if sums.count < count { sums = [Double](repeating: 0, count: count) }
    var smallest = Double.infinity
    for t in 0..<count { smallest = min(smallest, gradients.norms[t]) }
    for t in 0..<count { sums[t] = smallest / gradients.norms[t] }
    guard count > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    program.load(order: count, gradients.cosines, sums: sums)
    let certificate = try program.solve().usable("the min-norm point")
    for t in 0..<count { weights[t] = program.solution[t] * sums[t] }
    return certificate
  }
}
