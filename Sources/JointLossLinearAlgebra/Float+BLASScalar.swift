// Documented once, on the protocol.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import _JointLossLAPACK

extension Float: BLASScalar {
  public static func _gemm(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32,
    _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32
  ) {
    cblas_sgemm(CblasRowMajor, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  public static func _syrk(
    _ transpose: CBLAS_TRANSPOSE, _ n: Int32, _ k: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32
  ) {
    cblas_ssyrk(CblasRowMajor, CblasUpper, transpose, n, k, alpha, a, lda, beta, c, ldc)
  }

  public static func _gemv(
    _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ x: UnsafePointer<Self>, _ beta: Self, _ y: UnsafeMutablePointer<Self>
  ) {
    cblas_sgemv(CblasRowMajor, transpose, m, n, alpha, a, lda, x, 1, beta, y, 1)
  }

  public static func _dot(_ n: Int32, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>) -> Double {
    cblas_dsdot(n, x, 1, y, 1)
  }

  public static func _axpy(
    _ n: Int32, _ alpha: Self, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>
  ) {
    cblas_saxpy(n, alpha, x, 1, y, 1)
  }

  public static func _geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32, _ tau: UnsafeMutablePointer<Self>
  ) -> Int32 {
    LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, a, lda, tau)
  }

  public static func _orgqr(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32,
    _ tau: UnsafePointer<Self>
  ) -> Int32 {
    LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, n, k, a, lda, tau)
  }

  public static func _syevd(
    _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32, _ w: UnsafeMutablePointer<Self>
  ) -> Int32 {
    LAPACKE_ssyevd(LAPACK_ROW_MAJOR, vectorsWanted, upperTriangle, n, a, lda, w)
  }

  public static func _gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int32, _ s: UnsafeMutablePointer<Self>, _ rcond: Self,
    _ rank: UnsafeMutablePointer<Int32>
  ) -> Int32 {
    LAPACKE_sgelsd(LAPACK_ROW_MAJOR, m, n, nrhs, a, lda, b, ldb, s, rcond, rank)
  }

  public static func _potrf(_ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32 {
    LAPACKE_spotrf(LAPACK_ROW_MAJOR, lowerTriangle, n, a, lda)
  }

  public static func _potrs(
    _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafeMutablePointer<Self>,
    _ ldb: Int32
  ) -> Int32 {
    LAPACKE_spotrs(LAPACK_ROW_MAJOR, lowerTriangle, n, nrhs, a, lda, b, ldb)
  }

  public static func _potrfUpper(_ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32 {
    // Rows read as columns: the upper triangle is the lower one of column-major order, which LAPACKE does not
    // copy.
    LAPACKE_spotrf(LAPACK_COL_MAJOR, lowerTriangle, n, a, lda)
  }

  public static func _trsm(
    _ side: CBLAS_SIDE, _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32
  ) {
    cblas_strsm(CblasRowMajor, side, CblasUpper, transpose, CblasNonUnit, m, n, 1, a, lda, b, ldb)
  }
}
