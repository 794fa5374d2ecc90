import JointLossLinearAlgebra

/// `y = Σ_e p_e h_e` with p the softmax of a gate's outputs and h_e the experts.
struct MixtureLayer: GraphLayer {
  /// The gate before its softmax: one unit an expert.
  let gate: GraphNode
  let experts: [GraphNode]
  let output: GraphNode

  var sources: [GraphNode] { [gate] + experts }

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let (y, shares) = (pass.value(output), pass.extra(output, columns: experts.count))
    Scalar._softmaxRows(shares.pointer, pass.value(gate).pointer, shares.rows, shares.columns)
    for (index, expert) in experts.enumerated() {
      Scalar._scaleRows(
        y.pointer, y.stride, pass.value(expert).pointer, shares.pointer + index, shares.stride, 1, y.rows,
        y.columns, index > 0)
    }
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    let (stack, slots, count) = (pass.stack(output), pass.slots(of: output), experts.count)
    let shares = pass.extra(output, columns: count)
    let dots = pass.extra(output, 1, columns: slots * count)
    for (index, expert) in experts.enumerated() {
      Scalar._rowDots(
        dots.pointer + index, count, stack.pointer, pass.value(expert).pointer, stack.rows, slots,
        output.width)
      guard let window = graph.window(from: output, to: expert, pass) else { continue }
      // All slots of a sample are scaled by the sample's share.
      Scalar._scaleRows(
        window.view.pointer, window.view.stride, stack.pointer, shares.pointer + index, shares.stride,
        window.factor, stack.rows, stack.columns, window.accumulates)
    }
    guard let window = graph.window(from: output, to: gate, pass) else { return }
    Scalar._softmaxRowsBackward(
      window.view.pointer, window.view.stride, dots.pointer, shares.pointer, window.factor, stack.rows, slots,
      count, window.accumulates)
  }
}
