import JointLossLinearAlgebra
import JointLossWeighting

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
  /// Whether a tensor is frozen.
  var hasFrozen: Bool { placement.hasFrozen }

  /// Whether an optimizer moves a tensor in a step of the tasks that are present, nil for all.
  func moves(_ tensor: Int, present: [Bool]?) -> Bool {
    let tensor = placement.tensors[tensor]
    return !tensor.isFrozen && (present == nil || tensor.task.map { present?[$0] ?? true } ?? true)
  }
  var pointer: UnsafeMutablePointer<Scalar> { buffer.view.pointer }

  func copy(from other: FlatParameters) { buffer.view.copy(from: other.buffer.view) }

  func add(_ other: FlatParameters) { buffer.view.add(other.buffer.view) }

  /// The sums of all squares, of shared parameters and of heads, added up in `Double`.
  var squares: (shared: Double, heads: Double) {
    var result = (shared: 0.0, heads: 0.0)
    for (index, tensor) in tensors.enumerated() {
      let square = view(index).dot(view(index))
      if tensor.task == nil { result.shared += square } else { result.heads += square }
    }
    return result
  }

  /// The sum of all squares of each task's own parameters, added up in `Double`.
  func ownSquares(into squares: inout [Double]) {
    for task in squares.indices { squares[task] = 0 }
    for (index, tensor) in tensors.enumerated() {
      guard let task = tensor.task else { continue }
      squares[task] += view(index).dot(view(index))
    }
  }

  @specialized(where Scalar == Float)
  func scale(by factor: Scalar) {
    let pointer = pointer
    for index in 0..<count { pointer[index] *= factor }
  }

  /// Multiplies the values of a tensor.
  func scale(_ tensor: Int, by factor: Double) {
    let (pointer, factor) = (view(tensor).pointer, Scalar(factor))
    for index in 0..<tensors[tensor].count { pointer[index] *= factor }
  }

  /// The number of shared parameters: the columns of a Jacobian, tensor by tensor.
  var sharedCount: Int { placement.sharedCount }

  /// Copies the shared parameters to a row of a Jacobian.
  @specialized(where Scalar == Float)
  func copyShared(to row: Int, of jacobian: inout Jacobian) {
    for block in placement.shared {
      let (values, first) = (pointer + block.offset, row * jacobian.parameterCount + block.column)
      for element in 0..<block.count { jacobian.elements[first + element] = Double(values[element]) }
    }
  }

  /// Sets the shared parameters; to 0 where no values are given.
  @specialized(where Scalar == Float)
  func setShared(_ given: [Double]?) {
    for block in placement.shared {
      let values = pointer + block.offset
      if let given {
        for element in 0..<block.count { values[element] = Scalar(given[block.column + element]) }
      } else {
        values.update(repeating: 0, count: block.count)
      }
    }
  }

  /// Subtracts an update times a rate from the shared parameters.
  @specialized(where Scalar == Float)
  func moveShared(by update: [Double], rate: Double) {
    for block in placement.shared {
      let values = pointer + block.offset
      for element in 0..<block.count { values[element] -= Scalar(rate * update[block.column + element]) }
    }
  }

  /// The first shared parameter that such a step would take out of the range, and the step.
  @specialized(where Scalar == Float)
  func firstOutOfRange(afterUpdate update: [Double], rate: Double) -> (
    tensor: Int, element: Int, step: Scalar
  )? {
    for block in placement.shared {
      let values = pointer + block.offset
      for element in 0..<block.count {
        let step = Scalar(rate * update[block.column + element])
        guard step.isFinite, (values[element] - step).isFinite else { return (block.tensor, element, step) }
      }
    }
    return nil
  }

  /// The first of some values that is not finite in the parameters' type.
  @specialized(where Scalar == Float)
  func firstOutOfRange(_ values: [Double]) -> Int? {
    for (index, value) in values.enumerated() where !Scalar(value).isFinite { return index }
    return nil
  }

  func offset(of tensor: Int) -> Int { placement.offsets[tensor] }

  /// A block of the flat buffer.
  func view(at offset: Int, rows: Int, columns: Int) -> MatrixView<Scalar> {
    buffer.view(at: offset, rows: rows, columns: columns)
  }

  func weight(_ layer: DenseLayout) -> MatrixView<Scalar> {
    buffer.view(at: layer.weightOffset, rows: layer.outputs, columns: layer.inputs)
  }

  func bias(_ layer: DenseLayout) -> UnsafeMutablePointer<Scalar> { pointer + layer.biasOffset }

  /// The tensor of an index: rows × columns.
  func view(_ tensor: Int) -> MatrixView<Scalar> {
    let shape = placement.tensors[tensor]
    return buffer.view(at: placement.offsets[tensor], rows: shape.rows, columns: shape.columns)
  }

  /// The part of values in the layout of the parameters that belongs to a tensor: rows × columns.
  func view(_ tensor: Int, of values: Buffer<Scalar>) -> MatrixView<Scalar> {
    let (shape, offset) = (placement.tensors[tensor], placement.offsets[tensor])
    return values.view.columns(offset..<offset + shape.count).reshaped(
      rows: shape.rows, columns: shape.columns)
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
