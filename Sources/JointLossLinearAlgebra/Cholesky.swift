/// The factorisation `A = L Lᵀ` of a symmetric positive definite matrix (LAPACK's potrf).
public struct Cholesky<Scalar: BLASScalar>: ~Copyable {
  /// The lower triangular factor; what is above the diagonal is left as it was in `A`.
  public let factor: Matrix<Scalar>

  /// Factorises a matrix; only its lower triangle is read.
  ///
  /// - Parameter matrix: a square matrix.
  /// - Throws: ``LAPACKError`` if the matrix is not square or not positive definite.
  public init(of matrix: borrowing Matrix<Scalar>) throws(LAPACKError) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    guard rows == columns else {
      throw LAPACKError(routine: "potrf", code: .shape, context: "\(rows)×\(columns) is not square")
    }
    let order = try LAPACKError.dimension(rows, "potrf")
    let factor = matrix.copy()
    if order > 0 {
      let info = Scalar._potrf(order, factor.view.pointer, order)
      try LAPACKError.check(info, "potrf", "\(rows)×\(rows)") { .notPositiveDefinite($0) }
    }
    self.factor = factor
  }

  /// Solves `A X = B`.
  ///
  /// - Parameter rightSides: `B`, as many rows as `A`.
  /// - Returns: `X`, in the shape of `B`.
  /// - Throws: ``LAPACKError`` if the shapes do not fit.
  public func solve(_ rightSides: borrowing Matrix<Scalar>) throws(LAPACKError) -> Matrix<Scalar> {
    let (order, rows, columns) = (factor.rows, rightSides.rows, rightSides.columns)
    guard order == rows else {
      throw LAPACKError(
        routine: "potrs", code: .shape, context: "\(order)×\(order) against \(rows)×\(columns)")
    }
    let solution = rightSides.copy()
    if order > 0, columns > 0 {
      let info = Scalar._potrs(
        Int32(order), try LAPACKError.dimension(columns, "potrs"), factor.view.pointer, Int32(order),
        solution.view.pointer, Int32(columns))
      try LAPACKError.check(info, "potrs", "\(order)×\(order) against \(rows)×\(columns)") { .argument($0) }
    }
    return solution
  }
}
