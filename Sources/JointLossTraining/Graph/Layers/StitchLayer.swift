import JointLossLinearAlgebra

/// `y = Σ_j a_j x_j`: one row of a cross-stitch unit, with one learned coefficient for each tower.
struct StitchLayer: GraphLayer {
  let sources: [GraphNode]
  let output: GraphNode
  /// The index of a, 1 × towers.
  let weight: Int

  @specialized(where Scalar == Float)
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    let (y, coefficients) = (pass.value(output), pass.parameter(weight))
    for (index, source) in sources.enumerated() {
      Scalar._scaleRows(
        y.pointer, y.stride, pass.value(source).pointer, coefficients.pointer + index, 0, 1, y.rows,
        y.columns, index > 0)
    }
  }

  @specialized(where Scalar == Float)
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph) {
    let (stack, slots, count) = (pass.stack(output), pass.slots(of: output), sources.count)
    let coefficients = pass.parameter(weight)
    let dots = pass.extra(output, columns: slots * count)
    for (index, source) in sources.enumerated() {
      Scalar._rowDots(
        dots.pointer + index, count, stack.pointer, pass.value(source).pointer, stack.rows, slots,
        output.width)
      graph.window(from: output, to: source, pass)?.scale(stack, by: coefficients[0, index])
    }
    let gradients = pass.extra(output, 1, rows: slots, columns: count)
    Scalar._columnSums(gradients.pointer, dots.pointer, dots.rows, dots.columns)
    pass.addGradients(of: weight, gradients)
  }
}
