import JointLossLinearAlgebra

/// `y = g ⊙ (x − mean) / √(variance + ε) + b`, mean and variance over the units of a sample, ε = 1e-5.
///
/// J. L. Ba, J. R. Kiros, G. E. Hinton, *Layer normalization*, 2016.
struct LayerNormLayer: GraphLayer {
  let source: GraphNode
  let output: GraphNode
  /// The index of g, 1 × units.
  let gain: Int
  /// The index of b, 1 × units.
  let bias: Int

  var sources: [GraphNode] { [source] }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let y = pass.value(output)
    let (normalised, inverse) = kept(pass)
    Scalar._layerNorm(
      y.pointer, normalised.pointer, inverse.pointer, pass.value(source).pointer,
      pass.parameter(gain).pointer, pass.parameter(bias).pointer, y.rows, y.columns, 1e-5)
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    let (stack, slots) = (pass.stack(output), pass.slots(of: output))
    let (normalised, inverse) = kept(pass)
    let sums = pass.extra(output, 1, rows: 2 * slots, columns: output.width)
    let (gains, biases) = (sums.rows(0..<slots), sums.rows(slots..<2 * slots))
    Scalar._layerNormSums(
      gains.pointer, biases.pointer, stack.pointer, normalised.pointer, stack.rows, slots, output.width)
    pass.addGradients(of: gain, gains)
    pass.addGradients(of: bias, biases)
    guard let window = graph.window(from: output, to: source, pass) else { return }
    Scalar._layerNormBackward(
      window.view.pointer, window.view.stride, stack.pointer, normalised.pointer, inverse.pointer,
      pass.parameter(gain).pointer, window.factor, stack.rows, slots, output.width, window.accumulates)
  }

  /// The normalised values, samples × units, and the inverse deviation of each sample, in one buffer.
  private func kept<Scalar: TrainableScalar>(
    _ pass: ModelPass<Scalar>
  ) -> (normalised: MatrixView<Scalar>, inverse: MatrixView<Scalar>) {
    let (samples, width) = (pass.sampleCount, output.width)
    let all = pass.extra(output, columns: width + 1).reshaped(rows: 1, columns: samples * (width + 1))
    return (all.columns(0..<samples * width), all.columns(samples * width..<all.columns))
  }
}
