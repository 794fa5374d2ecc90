import JointLossLinearAlgebra

/// `y = f(x)`, element by element.
struct ActivationLayer: GraphLayer {
  let source: GraphNode
  let output: GraphNode
  let activation: Activation

  var sources: [GraphNode] { [source] }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let y = pass.value(output)
    Scalar._activation(
      y.pointer, pass.extra(output, columns: output.width).pointer, pass.value(source).pointer, y.count,
      activation.kernel)
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    graph.window(from: output, to: source, pass)?.modulate(
      pass.stack(output), by: pass.extra(output, columns: output.width), slots: pass.slots(of: output))
  }
}

extension CotangentWindow {
  /// Takes a stack to the window, each slot times the same slopes: samples × width.
  func modulate(_ stack: MatrixView<Scalar>, by slopes: MatrixView<Scalar>, slots: Int) {
    Scalar._modulate(
      view.pointer, view.stride, stack.pointer, slopes.pointer, factor, slopes.rows, slots, slopes.columns,
      accumulates)
  }
}
