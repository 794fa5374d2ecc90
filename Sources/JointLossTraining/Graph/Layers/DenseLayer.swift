import JointLossLinearAlgebra

/// `y = x Wᵀ + b`, or `y = x Wᵀ`.
struct DenseLayer: GraphLayer {
  let source: GraphNode
  let output: GraphNode
  /// The index of W, outputs × inputs.
  let weight: Int
  /// The index of b, 1 × outputs, if there is one.
  let bias: Int?

  var sources: [GraphNode] { [source] }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let y = pass.value(output)
    y.setProduct(pass.value(source), .asIs, pass.parameter(weight), .transposed)
    guard let bias else { return }
    Scalar._biasActivation(
      y.pointer, pass.parameter(bias).pointer, y.rows, y.columns, Activation.identity.kernel)
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    let (stack, weights) = (pass.stack(output), pass.parameter(weight))
    pass.addDense(weight: weight, bias: bias, cotangents: stack, input: pass.value(source))
    guard let window = graph.window(from: output, to: source, pass) else { return }
    let beta: Scalar = window.accumulates ? 1 : 0
    let slots = pass.slots(of: output)
    if slots == 1 {
      window.view.setProduct(stack, .asIs, weights, .asIs, alpha: window.factor, beta: beta)
    } else {
      // The slots of a sample lie below one another: one product for all.
      let rows = stack.rows * slots
      window.view.reshaped(rows: rows, columns: source.width).setProduct(
        stack.reshaped(rows: rows, columns: output.width), .asIs, weights, .asIs, alpha: window.factor,
        beta: beta)
    }
  }
}
