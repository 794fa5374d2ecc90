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

/// Scratch memory that grows to the largest size that was asked for, and keeps it: a step allocates only where it
/// is larger than all before.
///
/// What it holds is lost when it grows, so a view is of use until the next one is asked for.
final class ScratchBuffer<Scalar: TrainableScalar> {
  private var buffer: Buffer<Scalar>

  /// Memory for so many elements to begin with.
  init(count: Int) { buffer = Buffer(rows: 1, columns: count) }

  /// The first elements as a matrix without gaps.
  func matrix(rows: Int, columns: Int) -> MatrixView<Scalar> {
    if rows * columns > buffer.view.count { buffer = Buffer(rows: 1, columns: rows * columns) }
    return buffer.matrix(rows: rows, columns: columns)
  }
}
