import JointLossLinearAlgebra

/// One value for every parameter of a network, in one flat buffer: the parameters themselves, their gradient.
final class FlatParameters<Scalar: TrainableScalar> {
  let layout: ParameterLayout
  private let buffer: Matrix<Scalar>

  init(_ layout: ParameterLayout) {
    self.layout = layout
    buffer = Matrix(rows: 1, columns: layout.count)
  }

  var count: Int { layout.count }
  var pointer: UnsafeMutablePointer<Scalar> { buffer.view.pointer }

  func weight(_ layer: DenseLayout) -> MatrixView<Scalar> {
    buffer.view(at: layer.weightOffset, rows: layer.outputs, columns: layer.inputs)
  }

  func bias(_ layer: DenseLayout) -> UnsafeMutablePointer<Scalar> { pointer + layer.biasOffset }

  func view(_ tensor: ParameterLayout.Tensor) -> MatrixView<Scalar> {
    buffer.view(at: tensor.offset, rows: tensor.rows, columns: tensor.columns)
  }

  /// Sets the initial values: orthogonal weights (gain √2 under ReLU, else 1) and zero biases.
  ///
  /// The trunk and each head, by its task's name, have streams of their own, so that networks of one seed
  /// that share a trunk or a task also share its initial values.
  func initialise(_ network: NetworkSpecification, seed: UInt64) throws(TrainingError) {
    let gain = network.activation == .relu ? 2.0.squareRoot() : 1
    var stream = PhiloxStream(seed: seed, purpose: "initialisation/trunk")
    for layer in layout.trunk {
      try fill(weight(layer), gain: gain, using: &stream)
    }
    for (task, rows) in layout.headRows.enumerated() {
      var stream = PhiloxStream(seed: seed, purpose: "initialisation/head/\(network.tasks[task].name)")
      try fill(weight(layout.heads).rows(rows), gain: 1, using: &stream)
    }
  }

  /// The draws are made in `Double` for every scalar: a network in `Float` starts from the rounded values of
  /// the one in `Double`.
  private func fill(
    _ view: MatrixView<Scalar>, gain: Double, using stream: inout PhiloxStream
  ) throws(TrainingError) {
    do {
      let weights = try Matrix<Double>.randomOrthogonal(
        rows: view.rows, columns: view.columns, using: &stream)
      for row in 0..<view.rows {
        for column in 0..<view.columns { view[row, column] = Scalar(gain * weights[row, column]) }
      }
    } catch {
      throw TrainingError(.configuration, "no orthogonal initial weights: \(error)")
    }
  }
}
