import _JointLossLAPACK

/// Whether a product takes a matrix as it is or transposed.
public enum Transposition: Sendable {
  /// The matrix as it is.
  case asIs
  /// The matrix transposed.
  case transposed

  var cblas: CBLAS_TRANSPOSE { self == .asIs ? CblasNoTrans : CblasTrans }
}

extension MatrixView {
  /// gemm: `self ← α · op(a) · op(b) + β · self`.
  ///
  /// - Parameters:
  ///   - a: the left factor; `op(a)` has this view's rows.
  ///   - transposeA: whether `op` transposes it.
  ///   - b: the right factor; `op(b)` has this view's columns.
  ///   - transposeB: whether `op` transposes it.
  ///   - alpha: the factor of the product.
  ///   - beta: the factor of what is there already; with 0 it is not read.
  @specialized(where Scalar == Float)
  public func setProduct(
    _ a: MatrixView, _ transposeA: Transposition = .asIs, _ b: MatrixView,
    _ transposeB: Transposition = .asIs, alpha: Scalar = 1, beta: Scalar = 0
  ) {
    let (m, k) = transposeA == .asIs ? (a.rows, a.columns) : (a.columns, a.rows)
    let (l, n) = transposeB == .asIs ? (b.rows, b.columns) : (b.columns, b.rows)
    requireShape(
      m == rows && n == columns && k == l, "gemm: (\(m)×\(k)) · (\(l)×\(n)) into \(rows)×\(columns)")
    guard count > 0 else { return }
    guard k > 0 else { return scale(by: beta) }
    Scalar._gemm(
      transposeA.cblas, transposeB.cblas, Int32(m), Int32(n), Int32(k), alpha, a.pointer, Int32(a.stride),
      b.pointer, Int32(b.stride), beta, pointer, Int32(stride))
  }

  /// syrk: upper triangle of `self ← α · op(a) · op(a)ᵀ + β · self`.
  ///
  /// - Parameters:
  ///   - a: the factor; `op(a)` has this square view's rows.
  ///   - transpose: whether `op` transposes it.
  ///   - alpha: the factor of the product.
  ///   - beta: the factor of what is there already.
  public func setSymmetricProduct(
    _ a: MatrixView, _ transpose: Transposition = .asIs, alpha: Scalar = 1, beta: Scalar = 0
  ) {
    let (n, k) = transpose == .asIs ? (a.rows, a.columns) : (a.columns, a.rows)
    requireShape(n == rows && n == columns, "syrk: \(n)×\(k) times its transpose into \(rows)×\(columns)")
    guard count > 0 else { return }
    guard k > 0 else {
      for row in 0..<rows { self.rows(row..<row + 1).columns(row..<columns).scale(by: beta) }
      return
    }
    Scalar._syrk(
      transpose.cblas, Int32(n), Int32(k), alpha, a.pointer, Int32(a.stride), beta, pointer, Int32(stride))
  }

  /// gemv: `self ← α · op(a) · x + β · self` for contiguous vectors of any shape.
  ///
  /// - Parameters:
  ///   - a: the matrix.
  ///   - transpose: whether `op` transposes it.
  ///   - x: the vector it multiplies.
  ///   - alpha: the factor of the product.
  ///   - beta: the factor of what is there already; with 0 it is not read.
  @specialized(where Scalar == Float)
  public func setProduct(
    _ a: MatrixView, _ transpose: Transposition, vector x: MatrixView, alpha: Scalar = 1, beta: Scalar = 0
  ) {
    let (m, n) = transpose == .asIs ? (a.rows, a.columns) : (a.columns, a.rows)
    requireShape(
      isContiguous && x.isContiguous && m == count && n == x.count,
      "gemv: (\(m)×\(n)) · \(x.count) into \(count)")
    guard m > 0 else { return }
    guard n > 0 else { return scale(by: beta) }
    Scalar._gemv(
      transpose.cblas, Int32(a.rows), Int32(a.columns), alpha, a.pointer, Int32(a.stride), x.pointer, beta,
      pointer)
  }

  /// axpy: `self ← self + α · x` for contiguous views with equally many elements.
  ///
  /// - Parameters:
  ///   - x: what is added.
  ///   - alpha: its factor.
  public func add(_ x: MatrixView, times alpha: Scalar = 1) {
    requireShape(isContiguous && x.isContiguous && count == x.count, "axpy: \(x.count) onto \(count)")
    guard count > 0 else { return }
    Scalar._axpy(Int32(count), alpha, x.pointer, pointer)
  }

  /// The inner product of two contiguous views, accumulated in `Double`.
  ///
  /// - Parameter other: as many elements as this view.
  /// - Returns: the sum of the products.
  public func dot(_ other: MatrixView) -> Double {
    requireShape(
      isContiguous && other.isContiguous && count == other.count, "dot: \(count) with \(other.count)")
    guard count > 0 else { return 0 }
    return Scalar._dot(Int32(count), pointer, other.pointer)
  }

  private func scale(by factor: Scalar) {
    for row in 0..<rows {
      for column in 0..<columns {
        self[row, column] = factor == 0 ? 0 : factor * self[row, column]
      }
    }
  }
}
