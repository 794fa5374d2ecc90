/// The minimum-norm solution of `min ‖A X − B‖` (LAPACK's gelsd, by singular values).
public struct LeastSquares<Scalar: BLASScalar>: ~Copyable {
  /// `X`, as many rows as `A` has columns.
  public let solution: Matrix<Scalar>
  /// The singular values of `A`, in descending order.
  public let singularValues: [Scalar]
  /// How many singular values exceed the tolerance.
  public let rank: Int

  /// Solves a least-squares problem.
  ///
  /// - Parameters:
  ///   - matrix: `A`, m×n.
  ///   - rightSides: `B`, m×k.
  ///   - tolerance: singular values at or below it, relative to the largest, count as zero.
  /// - Throws: ``LAPACKError`` if the shapes do not fit, a value is NaN, or the iteration fails.
  public init(
    _ matrix: borrowing Matrix<Scalar>, _ rightSides: borrowing Matrix<Scalar>,
    tolerance: Scalar = 8 * .ulpOfOne
  ) throws(LAPACKError) {
    let (m, n, k) = (matrix.rows, matrix.columns, rightSides.columns)
    guard m == rightSides.rows, m > 0, n > 0, k > 0 else {
      throw LAPACKError(
        routine: "gelsd", code: .shape, context: "\(m)×\(n) against \(rightSides.rows)×\(k)")
    }
    let work = matrix.copy()
    // gelsd overwrites B with X, so its buffer must hold the taller of the two.
    let both = Matrix<Scalar>(rows: max(m, n), columns: k)
    both.view.rows(0..<m).copy(from: rightSides.view)
    var singularValues = [Scalar](repeating: 0, count: min(m, n))
    var rank: Int32 = 0
    let (rows, columns) = (try LAPACKError.dimension(m, "gelsd"), try LAPACKError.dimension(n, "gelsd"))
    let sides = try LAPACKError.dimension(k, "gelsd")
    let info = singularValues.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map {
        Scalar._gelsd(
          rows, columns, sides, work.view.pointer, columns, both.view.pointer, sides, $0, tolerance, &rank)
      } ?? 0
    }
    try LAPACKError.check(info, "gelsd", "\(m)×\(n) against \(m)×\(k)") { .notConverged($0) }
    let solution = Matrix<Scalar>(rows: n, columns: k)
    solution.view.copy(from: both.view.rows(0..<n))
    self.solution = solution
    self.singularValues = singularValues
    self.rank = Int(rank)
  }
}
