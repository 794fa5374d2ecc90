import JointLossLinearAlgebra

/// `y = x + f(x)`: the end of a residual block.
///
/// K. He et al., *Deep residual learning for image recognition*, CVPR 2016.
struct ResidualSum: GraphLayer {
  let source: GraphNode
  let branch: GraphNode
  let output: GraphNode

  var sources: [GraphNode] { [source, branch] }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let y = pass.value(output)
    y.copy(from: pass.value(source))
    y.add(pass.value(branch))
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    let stack = pass.stack(output)
    graph.window(from: output, to: source, pass)?.scale(stack, by: 1)
    graph.window(from: output, to: branch, pass)?.scale(stack, by: 1)
  }
}

extension CotangentWindow {
  /// Takes a stack to the window, times a coefficient.
  func scale(_ stack: MatrixView<Scalar>, by coefficient: Scalar) {
    withUnsafePointer(to: coefficient) { coefficient in
      Scalar._scaleRows(
        view.pointer, view.stride, stack.pointer, coefficient, 0, factor, stack.rows, stack.columns,
        accumulates)
    }
  }
}
