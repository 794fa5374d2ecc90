import JointLossLinearAlgebra

/// A matrix that a collection can hold: matrices themselves cannot be copied.
final class MatrixBox<Scalar: BLASScalar> {
  private let matrix: Matrix<Scalar>

  init(rows: Int, columns: Int) { matrix = Matrix(rows: rows, columns: columns) }

  init(rows: Int, columns: Int, elements: [Scalar]) {
    matrix = Matrix(rows: rows, columns: columns, elements: elements)
  }

  /// The whole matrix; it must not outlive the box.
  var view: MatrixView<Scalar> { matrix.view }
}
