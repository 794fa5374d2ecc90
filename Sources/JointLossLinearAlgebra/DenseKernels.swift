import _JointLossLAPACK

/// Kernels on arrays that a caller keeps, so that a solver allocates nothing after its first call.
///
/// Matrices are square and column-major; all but triangular factors are symmetric, so that their rows are
/// their columns. Only the leading `order` rows and columns are used, `stride` elements from one column to
/// the next.
package enum DenseKernels {
  /// `y ← A x`.
  ///
  /// - Parameters:
  ///   - order: the rows of A.
  ///   - matrix: A, without a gap between its columns.
  ///   - vector: x.
  ///   - result: y.
  package static func multiply(
    order: Int, _ matrix: [Double], _ vector: [Double], into result: inout [Double]
  ) {
    precondition(matrix.count >= order * order && vector.count >= order && result.count >= order)
    let n = Int32(order)
    guard n > 0 else { return }
    cblas_dgemv(CblasColMajor, CblasNoTrans, n, n, 1, matrix, n, vector, 1, 0, &result, 1)
  }

  /// `x ← L⁻¹ x`, or `L⁻ᵀ x`.
  ///
  /// - Parameters:
  ///   - order: the rows of L.
  ///   - factor: L, lower triangular.
  ///   - stride: the distance of its columns.
  ///   - transposed: whether Lᵀ is meant.
  ///   - vector: x.
  package static func solve(
    order: Int, lower factor: [Double], stride: Int, transposed: Bool, _ vector: inout [Double]
  ) {
    precondition(stride >= order && factor.count >= order * stride && vector.count >= order)
    guard order > 0 else { return }
    cblas_dtrsv(
      CblasColMajor, CblasLower, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, Int32(order), factor,
      Int32(stride), &vector, 1)
  }

  /// The Cholesky factor of a matrix in its place, lower triangular (LAPACK's potrf).
  ///
  /// - Parameters:
  ///   - order: the rows.
  ///   - matrix: A, then its factor.
  ///   - stride: the distance of its columns.
  /// - Throws: ``LAPACKError`` if the matrix is not positive definite.
  package static func factorize(
    order: Int, _ matrix: inout [Double], stride: Int
  ) throws(LAPACKError) {
    precondition(stride >= order && matrix.count >= order * stride)
    let info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, lowerTriangle, Int32(order), &matrix, Int32(stride))
    try LAPACKError.check(info, "potrf", "\(order)×\(order)") { .notPositiveDefinite($0) }
  }

  /// The lengths of the two workspaces that ``decompose(order:_:values:work:integerWork:)`` needs.
  ///
  /// - Parameter order: the rows of the matrix.
  /// - Returns: the lengths, for the eigenvectors as well.
  package static func eigenWorkspace(order: Int) -> (work: Int, integerWork: Int) {
    // LAPACK's documented minima for jobz = 'V'.
    (1 + 6 * order + 2 * order * order, 3 + 5 * order)
  }

  /// Eigenvalues, ascending, and eigenvectors of a symmetric matrix (LAPACK's syevd).
  ///
  /// - Parameters:
  ///   - order: the rows.
  ///   - matrix: A without gaps; then its eigenvectors, one a column.
  ///   - values: the eigenvalues.
  ///   - work: a workspace.
  ///   - integerWork: a workspace.
  /// - Throws: ``LAPACKError`` if the iteration fails.
  package static func decompose(
    order: Int, _ matrix: inout [Double], values: inout [Double], work: inout [Double],
    integerWork: inout [Int32]
  ) throws(LAPACKError) {
    let needed = eigenWorkspace(order: order)
    precondition(
      matrix.count >= order * order && values.count >= order && work.count >= needed.work
        && integerWork.count >= needed.integerWork)
    let (workCount, integerCount) = (Int32(work.count), Int32(integerWork.count))
    let info = LAPACKE_dsyevd_work(
      LAPACK_COL_MAJOR, vectorsWanted, lowerTriangle, Int32(order), &matrix, Int32(order), &values, &work,
      workCount, &integerWork, integerCount)
    try LAPACKError.check(info, "syevd", "\(order)×\(order)") { .notConverged($0) }
  }
}
