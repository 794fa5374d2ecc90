extension Matrix {
  /// A random matrix with orthonormal rows or columns, whichever are fewer (LAPACK's geqrf and orgqr).
  ///
  /// The factor `Q` of a Gaussian matrix, each column's sign taken from the diagonal of `R`, is uniform
  /// over the orthonormal frames (F. Mezzadri, *How to generate random matrices from the classical compact
  /// groups*, Notices of the AMS 54, 2007).
  ///
  /// - Parameters:
  ///   - rows: the number of rows, at least 1.
  ///   - columns: the number of columns, at least 1.
  ///   - stream: the source of the Gaussian draws.
  /// - Returns: the matrix.
  /// - Throws: ``LAPACKError`` if a routine rejects its arguments.
  public static func randomOrthogonal(
    rows: Int, columns: Int, using stream: inout PhiloxStream
  ) throws(LAPACKError) -> Matrix {
    let (tall, narrow) = (max(rows, columns), min(rows, columns))
    guard narrow > 0 else {
      throw LAPACKError(routine: "geqrf", code: .shape, context: "\(rows)×\(columns) is empty")
    }
    let frame = Matrix(rows: tall, columns: narrow)
    for row in 0..<tall {
      for column in 0..<narrow { frame[row, column] = Scalar(stream.normal()) }
    }
    let (m, n) = (try LAPACKError.dimension(tall, "geqrf"), try LAPACKError.dimension(narrow, "geqrf"))
    let factors = Matrix(rows: 1, columns: narrow)
    try LAPACKError.check(
      Scalar._geqrf(m, n, frame.view.pointer, n, factors.view.pointer), "geqrf", "\(tall)×\(narrow)"
    ) { .argument($0) }
    let signs: [Scalar] = (0..<narrow).map { frame[$0, $0] < 0 ? -1 : 1 }
    try LAPACKError.check(
      Scalar._orgqr(m, n, n, frame.view.pointer, n, factors.view.pointer), "orgqr", "\(tall)×\(narrow)"
    ) { .argument($0) }
    let result = Matrix(rows: rows, columns: columns)
    for row in 0..<tall {
      for column in 0..<narrow {
        let value = signs[column] * frame[row, column]
        if rows >= columns { result[row, column] = value } else { result[column, row] = value }
      }
    }
    return result
  }
}
