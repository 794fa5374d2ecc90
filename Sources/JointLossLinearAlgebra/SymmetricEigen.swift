/// The eigendecomposition `A = V diag(values) Vᵀ` of a symmetric matrix (LAPACK's syevd).
public struct SymmetricEigen<Scalar: BLASScalar>: ~Copyable {
  /// The eigenvalues in ascending order.
  public let values: [Scalar]
  /// The orthonormal eigenvectors, one a column, in the order of the values.
  public let vectors: Matrix<Scalar>

  /// Decomposes a matrix; only its upper triangle is read.
  ///
  /// - Parameter matrix: a square matrix of finite values.
  /// - Throws: ``LAPACKError`` if the matrix is not square, holds a NaN, or the iteration fails.
  public init(of matrix: borrowing Matrix<Scalar>) throws(LAPACKError) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    guard rows == columns else {
      throw LAPACKError(routine: "syevd", code: .shape, context: "\(rows)×\(columns) is not square")
    }
    let order = try LAPACKError.dimension(rows, "syevd")
    let vectors = matrix.copy()
    var values = [Scalar](repeating: 0, count: rows)
    if order > 0 {
      let info = values.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { Scalar._syevd(order, vectors.view.pointer, order, $0) } ?? 0
      }
      try LAPACKError.check(info, "syevd", "\(rows)×\(rows)") { .notConverged($0) }
    }
    self.values = values
    self.vectors = vectors
  }
}
