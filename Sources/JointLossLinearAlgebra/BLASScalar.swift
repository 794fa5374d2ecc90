public import _JointLossLAPACK

/// A scalar for which BLAS and LAPACK have routines: `Float` and `Double`.
///
/// The underscored requirements are the raw routines; call the checked functions of ``Matrix`` and
/// ``MatrixView`` instead. All matrices are row-major.
public protocol BLASScalar: BinaryFloatingPoint, Codable, Sendable {
  /// `C ← αAB + βC`, each operand transposed where asked.
  static func _gemm(
    _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32,
    _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
  /// `C ← αAAᵀ + βC` (upper triangle), or `αAᵀA + βC` where transposed.
  static func _syrk(
    _ transpose: CBLAS_TRANSPOSE, _ n: Int32, _ k: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
  /// `y ← αAx + βy`, the matrix transposed where asked.
  static func _gemv(
    _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ x: UnsafePointer<Self>, _ beta: Self, _ y: UnsafeMutablePointer<Self>)
  /// `xᵀy`, accumulated in `Double` for `Float` operands.
  static func _dot(_ n: Int32, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>) -> Double
  /// `y ← αx + y`.
  static func _axpy(_ n: Int32, _ alpha: Self, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>)

  /// QR factorisation, row-major; returns LAPACK's `info`.
  static func _geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32, _ tau: UnsafeMutablePointer<Self>
  ) -> Int32
  /// The orthonormal factor of a QR factorisation, row-major; returns LAPACK's `info`.
  static func _orgqr(
    _ m: Int32, _ n: Int32, _ k: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32,
    _ tau: UnsafePointer<Self>
  ) -> Int32
  /// Eigenvalues and eigenvectors of a symmetric matrix, row-major; returns LAPACK's `info`.
  static func _syevd(
    _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32, _ w: UnsafeMutablePointer<Self>
  ) -> Int32
  /// Minimum-norm least squares by singular values, row-major; returns LAPACK's `info`.
  static func _gelsd(
    _ m: Int32, _ n: Int32, _ nrhs: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32,
    _ b: UnsafeMutablePointer<Self>, _ ldb: Int32, _ s: UnsafeMutablePointer<Self>, _ rcond: Self,
    _ rank: UnsafeMutablePointer<Int32>
  ) -> Int32
  /// Cholesky factorisation (lower triangle), row-major; returns LAPACK's `info`.
  static func _potrf(_ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32
  /// Solves with a Cholesky factor (lower triangle), row-major; returns LAPACK's `info`.
  static func _potrs(
    _ n: Int32, _ nrhs: Int32, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafeMutablePointer<Self>,
    _ ldb: Int32
  ) -> Int32
  /// Cholesky factorisation in place, `A = UᵀU` (upper triangle), row-major; returns LAPACK's `info`.
  static func _potrfUpper(_ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32
  /// Solves with an upper triangle from one side, transposed where asked, for right sides in place.
  static func _trsm(
    _ side: CBLAS_SIDE, _ transpose: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ a: UnsafePointer<Self>,
    _ lda: Int32, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32)
}

/// LAPACK's character arguments, spelled once.
let lowerTriangle = CChar(bitPattern: UInt8(ascii: "L"))
let upperTriangle = CChar(bitPattern: UInt8(ascii: "U"))
let vectorsWanted = CChar(bitPattern: UInt8(ascii: "V"))
