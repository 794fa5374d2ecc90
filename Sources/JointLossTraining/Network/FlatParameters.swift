import JointLossLinearAlgebra

/// One value for every parameter of a network, in one flat buffer: the parameters themselves, their gradient.
final class FlatParameters<Scalar: TrainableScalar> {
  private let placement: TensorPlacement
  private let buffer: Matrix<Scalar>

  init(_ placement: TensorPlacement) {
    self.placement = placement
    buffer = Matrix(rows: 1, columns: placement.count)
  }

  var tensors: [ParameterTensor] { placement.tensors }
  var count: Int { placement.count }
  var pointer: UnsafeMutablePointer<Scalar> { buffer.view.pointer }

  func weight(_ layer: DenseLayout) -> MatrixView<Scalar> {
    buffer.view(at: layer.weightOffset, rows: layer.outputs, columns: layer.inputs)
  }

  func bias(_ layer: DenseLayout) -> UnsafeMutablePointer<Scalar> { pointer + layer.biasOffset }

  /// The tensor of an index: rows × columns.
  func view(_ tensor: Int) -> MatrixView<Scalar> {
    let shape = placement.tensors[tensor]
    return buffer.view(at: placement.offsets[tensor], rows: shape.rows, columns: shape.columns)
  }
}

extension MatrixView where Scalar: TrainableScalar {
  /// Sets the elements to a random matrix with orthonormal rows or columns, times a gain.
  ///
  /// The draws are made in `Double` for every scalar: a network in `Float` starts from the rounded values of
  /// the one in `Double`.
  func fillOrthogonal(gain: Double, using stream: inout PhiloxStream) throws(TrainingError) {
    do {
      let weights = try Matrix<Double>.randomOrthogonal(rows: rows, columns: columns, using: &stream)
      for row in 0..<rows {
        for column in 0..<columns { self[row, column] = Scalar(gain * weights[row, column]) }
      }
    } catch {
      throw TrainingError(.configuration, "no orthogonal initial weights: \(error)")
    }
  }
}
