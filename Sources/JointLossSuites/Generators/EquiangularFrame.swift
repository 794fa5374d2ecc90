import JointLossLinearAlgebra

/// Unit vectors that all meet at the same angle.
///
/// With orthonormal u_1 … u_T and the symmetric square root of the Gramian G = (1 − r)I + r 11ᵀ,
///
///     v_t = a u_t + b Σ_s u_s,   a = √(1 − r),   b = (√(1 + (T − 1)r) − a) / T
///
/// has v_tᵀv_s = r exactly. G is positive semidefinite for −1/(T − 1) ≤ r ≤ 1.
enum EquiangularFrame {
  /// Draws a frame, uniform over its rotations.
  ///
  /// - Parameters:
  ///   - count: T, at most `dimensions`.
  ///   - dimensions: the space's dimension.
  ///   - cosine: r.
  ///   - stream: the source of the rotation.
  /// - Returns: T rows of `dimensions` values.
  /// - Throws: ``LAPACKError`` if the orthogonal matrix cannot be drawn.
  static func rows(
    count: Int, dimensions: Int, cosine: Double, using stream: inout PhiloxStream
  ) throws(LAPACKError) -> [[Double]] {
    let frame = try Matrix<Double>.randomOrthogonal(rows: count, columns: dimensions, using: &stream)
    let own = max(1 - cosine, 0).squareRoot()
    let common = (max(1 + Double(count - 1) * cosine, 0).squareRoot() - own) / Double(count)
    let sums = (0..<dimensions).map { column in (0..<count).reduce(0) { $0 + frame[$1, column] } }
    return (0..<count).map { row in
      (0..<dimensions).map { own * frame[row, $0] + common * sums[$0] }
    }
  }
}
