import JointLossLinearAlgebra

/// Random matrices for the tests of this folder.
enum RandomMatrices {
  static func normal<Scalar: BLASScalar>(
    _ rows: Int, _ columns: Int, using stream: inout PhiloxStream
  ) -> Matrix<Scalar> {
    Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in Scalar(stream.normal()) })
  }

  /// `Aᵀ A / rows + shift I`, positive definite for a positive shift.
  static func positiveDefinite<Scalar: BLASScalar>(
    _ order: Int, shift: Scalar, using stream: inout PhiloxStream
  ) -> Matrix<Scalar> {
    let factor: Matrix<Scalar> = normal(order + 2, order, using: &stream)
    let result = Matrix<Scalar>(rows: order, columns: order)
    result.view.setProduct(factor.view, .transposed, factor.view, .asIs, alpha: 1 / Scalar(order + 2))
    for index in 0..<order { result[index, index] += shift }
    return result
  }

  /// The largest absolute difference between two matrices of one shape.
  static func distance<Scalar: BLASScalar>(_ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>) -> Double {
    precondition(a.rows == b.rows && a.columns == b.columns)
    return zip(a.elements, b.elements).map { Double(abs($0 - $1)) }.max() ?? 0
  }

  /// The largest deviation of `AᵀA` from the identity.
  static func orthogonalityDefect<Scalar: BLASScalar>(_ a: MatrixView<Scalar>) -> Double {
    let gramian = Matrix<Scalar>(rows: a.columns, columns: a.columns)
    gramian.view.setProduct(a, .transposed, a, .asIs)
    for index in 0..<a.columns { gramian[index, index] -= 1 }
    return gramian.elements.map { Double(abs($0)) }.max() ?? 0
  }
}
