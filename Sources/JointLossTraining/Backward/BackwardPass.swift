import JointLossLinearAlgebra

/// The ordinary backward pass: one cotangent, one gradient.
final class BackwardPass<Scalar: TrainableScalar> {
  private let forward: ForwardPass<Scalar>
  /// What the pass computes, in the layout of the parameters.
  let gradient: FlatParameters<Scalar>
  /// Told of every dense layer whose weight gradient is formed.
  var observer: (any DenseLayerObserver<Scalar>)?
  /// samples × outputs of all heads: weighted cotangents.
  private let weighted: Buffer<Scalar>
  /// One weight for each output of all heads.
  private let columnWeights: Buffer<Scalar>
  /// Two buffers of samples × the widest layer, taken in turn by the layers.
  private let cotangents: (Buffer<Scalar>, Buffer<Scalar>)

  init(_ forward: ForwardPass<Scalar>) {
    let (network, capacity) = (forward.network, forward.capacity)
    self.forward = forward
    gradient = FlatParameters(forward.layout.placement)
    weighted = Buffer(rows: capacity, columns: network.outputCount)
    columnWeights = Buffer(rows: 1, columns: network.outputCount)
    let widest = network.trunk.max() ?? 0
    cotangents = (Buffer(rows: capacity, columns: widest), Buffer(rows: capacity, columns: widest))
  }

  /// The gradient of `Σ shared_t L_t` on the shared parameters, and of `heads_t L_t` on those of task t.
  @specialized(where Scalar == Float)
  func run(shared: [Double], heads: [Double]) {
    let cotangents = self.heads(weights: heads)
    let top = forward.layout.trunk.count - 1
    guard top >= 0 else { return }
    cotangent(ofLayer: top).setProduct(
      shared == heads ? cotangents : weightedCotangents(shared), .asIs,
      forward.parameters.weight(forward.layout.heads), .asIs)
    maskAndSum(layer: top)
    descend(from: top)
  }

  /// The gradients of the heads, each on its own loss times its weight.
  ///
  /// Returns the weighted cotangents.
  @discardableResult
  @specialized(where Scalar == Float)
  func heads(weights: [Double]) -> MatrixView<Scalar> {
    let heads = forward.layout.heads
    let cotangents = weightedCotangents(weights)
    let input = forward.input(ofLayer: forward.layout.trunk.count)
    observer?.reached(heads.place, input: input, cotangent: cotangents, factor: 1)
    gradient.weight(heads).setProduct(cotangents, .transposed, input, .asIs)
    Scalar._columnSums(gradient.bias(heads), cotangents.pointer, cotangents.rows, cotangents.columns)
    return cotangents
  }

  /// The memory for the cotangent of a layer's output: samples × width.
  func cotangent(ofLayer layer: Int) -> MatrixView<Scalar> {
    let buffer = layer.isMultiple(of: 2) ? cotangents.0 : cotangents.1
    return buffer.matrix(rows: forward.batch.count, columns: forward.layout.trunk[layer].outputs)
  }

  /// The gradients of all layers from a cotangent of the last one's output, sample by sample.
  @specialized(where Scalar == Float)
  func descend(fromRepresentation values: [Double]) {
    let top = forward.layout.trunk.count - 1
    let cotangent = cotangent(ofLayer: top)
    for index in 0..<cotangent.count { cotangent.pointer[index] = Scalar(values[index]) }
    maskAndSum(layer: top)
    descend(from: top)
  }

  /// Finishes the gradient of a layer, and of all below it, from the masked cotangent and the bias gradient
  /// that are in place.
  func descend(from top: Int) {
    for index in stride(from: top, through: 0, by: -1) {
      if index < top { maskAndSum(layer: index) }
      let (layer, cotangent) = (forward.layout.trunk[index], cotangent(ofLayer: index))
      weightGradient(ofLayer: index, cotangent: cotangent)
      if index > 0 {
        self.cotangent(ofLayer: index - 1).setProduct(
          cotangent, .asIs, forward.parameters.weight(layer), .asIs)
      }
    }
  }

  /// The weight gradient of a layer from the masked cotangent of its output.
  func weightGradient(ofLayer layer: Int, cotangent: MatrixView<Scalar>) {
    let (place, input) = (forward.layout.trunk[layer], forward.input(ofLayer: layer))
    observer?.reached(place.place, input: input, cotangent: cotangent, factor: 1)
    gradient.weight(place).setProduct(cotangent, .transposed, input, .asIs)
  }

  private func maskAndSum(layer index: Int) {
    let (layer, cotangent) = (forward.layout.trunk[index], cotangent(ofLayer: index))
    Scalar._maskSums(
      cotangent.pointer, forward.input(ofLayer: index + 1).pointer, gradient.bias(layer), cotangent.rows,
      cotangent.columns, forward.network.activation.kernel)
  }

  /// The cotangents times their tasks' weights; with weights of 1, as they are.
  private func weightedCotangents(_ weights: [Double]) -> MatrixView<Scalar> {
    let cotangents = forward.cotangents
    guard weights.contains(where: { $0 != 1 }) else { return cotangents }
    for (task, rows) in forward.layout.headRows.enumerated() {
      (columnWeights.pointer + rows.lowerBound).update(repeating: Scalar(weights[task]), count: rows.count)
    }
    let result = weighted.view.rows(0..<cotangents.rows)
    Scalar._scaleColumns(
      result.pointer, cotangents.pointer, columnWeights.pointer, cotangents.rows, cotangents.columns)
    return result
  }
}
