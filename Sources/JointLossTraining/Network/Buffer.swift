import JointLossLinearAlgebra

/// A matrix that passes share and keep from step to step, so that a step allocates nothing.
final class Buffer<Scalar: TrainableScalar> {
  private let matrix: Matrix<Scalar>
  /// The whole matrix; it lives as long as the buffer.
  let view: MatrixView<Scalar>

  init(rows: Int, columns: Int) {
    matrix = Matrix(rows: rows, columns: columns)
    view = matrix.view
  }

  /// The first elements as a matrix without gaps.
  func matrix(rows: Int, columns: Int) -> MatrixView<Scalar> {
    view.reshaped(rows: 1, columns: view.count).columns(0..<rows * columns)
      .reshaped(rows: rows, columns: columns)
  }

  var pointer: UnsafeMutablePointer<Scalar> { view.pointer }
}
