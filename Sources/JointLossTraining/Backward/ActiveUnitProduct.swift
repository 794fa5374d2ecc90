import JointLossLinearAlgebra

/// Input gradients under a rectifier, from the active units alone.
///
/// The T stacked cotangents of a sample share the mask of the layer's output, and of its input below. Where
/// about half the units are active, a sample's product T × outputs · outputs × inputs shrinks to a quarter; the
/// price is to gather the block of the weights, once a sample, which many tasks share.
final class ActiveUnitProduct<Scalar: TrainableScalar> {
  /// The fewest tasks that repay the gathering of weights.
  private static var leastTasks: Int { 16 }
  /// The fewest units of a layer, on either side, that leave a product for gemm to be fast at.
  private static var leastUnits: Int { 128 }
  /// The largest share of weights between active units for which gathering pays.
  private static var largestShare: Double { 0.5 }

  private let taskCount: Int
  private let weights: Buffer<Scalar>
  private let cotangents: Buffer<Scalar>
  private let result: Buffer<Scalar>
  /// The active units of a sample above and below.
  private var above: [Int32]
  private var below: [Int32]

  /// Nothing where no layer below others can gain.
  init?(_ network: NetworkSpecification, tasks: Int) {
    let widths = network.trunk
    guard network.activation == .relu, tasks >= Self.leastTasks, widths.count > 1,
      let widest = widths.max(), zip(widths, widths.dropFirst()).contains(where: { Self.suits($0, $1) })
    else { return nil }
    taskCount = tasks
    weights = Buffer(rows: 1, columns: widest * widest)
    cotangents = Buffer(rows: 1, columns: tasks * widest)
    result = Buffer(rows: 1, columns: tasks * widest)
    above = [Int32](repeating: 0, count: widest)
    below = above
  }

  /// Sets the masked stack below a layer, if that is quicker than a product with all units.
  ///
  /// - Parameters:
  ///   - lower: samples × (T · inputs), the result.
  ///   - upper: samples × (T · outputs), masked.
  ///   - weight: outputs × inputs.
  ///   - output: the layer's output, samples × outputs.
  ///   - input: the layer's input, samples × inputs.
  /// - Returns: whether it did.
  @specialized(where Scalar == Float)
  func set(
    _ lower: MatrixView<Scalar>, from upper: MatrixView<Scalar>, weight: MatrixView<Scalar>,
    output: MatrixView<Scalar>, input: MatrixView<Scalar>
  ) -> Bool {
    guard Self.suits(weight.rows, weight.columns),
      share(of: output, &above) * share(of: input, &below) <= Self.largestShare
    else { return false }
    for sample in 0..<upper.rows {
      let outputs = Scalar._activeColumns(&above, output.rows(sample..<sample + 1).pointer, weight.rows)
      let inputs = Scalar._activeColumns(&below, input.rows(sample..<sample + 1).pointer, weight.columns)
      Scalar._gatherBlock(
        weights.pointer, weight.pointer, weight.columns, above, outputs, below, inputs)
      Scalar._gatherBlock(
        cotangents.pointer, upper.rows(sample..<sample + 1).pointer, weight.rows, nil, taskCount, above,
        outputs)
      block(result, taskCount, inputs).setProduct(
        block(cotangents, taskCount, outputs), .asIs, block(weights, outputs, inputs), .asIs)
      Scalar._scatterColumns(
        lower.rows(sample..<sample + 1).pointer, weight.columns, result.pointer, taskCount, below, inputs)
    }
    return true
  }

  private static func suits(_ outputs: Int, _ inputs: Int) -> Bool { min(outputs, inputs) >= leastUnits }

  /// The share of active units.
  private func share(of x: MatrixView<Scalar>, _ index: inout [Int32]) -> Double {
    var count = 0
    for sample in 0..<x.rows {
      count += Scalar._activeColumns(&index, x.rows(sample..<sample + 1).pointer, x.columns)
    }
    return Double(count) / Double(x.count)
  }

  private func block(_ buffer: Buffer<Scalar>, _ rows: Int, _ columns: Int) -> MatrixView<Scalar> {
    buffer.view.columns(0..<rows * columns).reshaped(rows: rows, columns: columns)
  }
}
