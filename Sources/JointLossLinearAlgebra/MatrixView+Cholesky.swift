import _JointLossLAPACK

/// The side from which a matrix multiplies what is looked for.
public enum Side: Sendable {
  /// `A X = B`.
  case left
  /// `X A = B`.
  case right

  var cblas: CBLAS_SIDE { self == .left ? CblasLeft : CblasRight }
}

// In place and without any allocation, for solvers inside a training step; `Cholesky` owns its memory.
extension MatrixView {
  /// potrf: replaces the upper triangle of a symmetric positive definite `A` by U, with `A = Uᵀ U`.
  ///
  /// What is below the diagonal is neither read nor written. After an error the triangle is partly replaced.
  ///
  /// - Throws: ``LAPACKError`` if the view is not square, holds a NaN, or is not positive definite.
  public func factorizeCholesky() throws(LAPACKError) {
    guard rows == columns else {
      throw LAPACKError(routine: "potrf", code: .shape, context: "\(rows)×\(columns) is not square")
    }
    let order = try LAPACKError.dimension(rows, "potrf")
    guard order > 0 else { return }
    let info = Scalar._potrfUpper(order, pointer, try LAPACKError.dimension(stride, "potrf"))
    try LAPACKError.check(info, "potrf", "\(rows)×\(rows)") { .notPositiveDefinite($0) }
  }

  /// Two trsm: replaces B, this view, by the X of `A X = B` or `X A = B`.
  ///
  /// The routine potrs is the first of them in column-major order; on rows, and from the right, it would need
  /// transposed copies.
  ///
  /// - Parameters:
  ///   - side: where A stands.
  ///   - factor: U in its upper triangle, with `A = Uᵀ U` as ``factorizeCholesky()`` leaves it.
  public func solve(_ side: Side, choleskyFactor factor: MatrixView) {
    let order = side == .left ? rows : columns
    requireShape(
      factor.rows == order && factor.columns == order,
      "trsm: a factor of \(factor.rows)×\(factor.columns) for \(rows)×\(columns) right sides")
    guard count > 0 else { return }
    // Uᵀ Y = B and then U X = Y; from the right Y U = B and then X Uᵀ = Y.
    let (first, second) = side == .left ? (CblasTrans, CblasNoTrans) : (CblasNoTrans, CblasTrans)
    solveTriangle(side, first, factor)
    solveTriangle(side, second, factor)
  }

  private func solveTriangle(_ side: Side, _ transpose: CBLAS_TRANSPOSE, _ triangle: MatrixView) {
    Scalar._trsm(
      side.cblas, transpose, Int32(rows), Int32(columns), triangle.pointer, Int32(triangle.stride), pointer,
      Int32(stride))
  }
}
