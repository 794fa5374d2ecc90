import JointLossLinearAlgebra

/// `y = m ⊙ x` with a mask m of zeros and of the inverse share of what is kept, so that y has x as its
/// expectation; all ones outside training.
///
/// N. Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15, 2014. All
/// cotangents of a step see the mask of its forward pass.
struct DropoutLayer: GraphLayer {
  let source: GraphNode
  let output: GraphNode
  /// The probability that a unit is dropped.
  let rate: Double

  var sources: [GraphNode] { [source] }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let (x, y, mask) = (pass.value(source), pass.value(output), pass.extra(output, columns: output.width))
    pass.fillDropoutMask(mask, rate: rate, layer: output.index)
    Scalar._modulate(y.pointer, y.stride, x.pointer, mask.pointer, 1, y.rows, 1, y.columns, false)
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    graph.window(from: output, to: source, pass)?.modulate(
      pass.stack(output), by: pass.extra(output, columns: output.width), slots: pass.slots(of: output))
  }
}
