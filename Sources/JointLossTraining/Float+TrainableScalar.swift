// Documented once, on the protocol.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import _JointLossKernels

extension Float: TrainableScalar {
  public static func _biasActivation(
    _ x: UnsafeMutablePointer<Self>, _ bias: UnsafePointer<Self>, _ rows: Int, _ columns: Int,
    _ activation: Int32
  ) {
    jl_bias_activation_f32(x, bias, rows, columns, activation)
  }

  public static func _mask(
    _ d: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int,
    _ activation: Int32
  ) {
    jl_mask_f32(d, x, rows, tasks, columns, activation)
  }

  public static func _maskSums(
    _ d: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>,
    _ rows: Int, _ columns: Int, _ activation: Int32
  ) {
    jl_mask_sums_f32(d, x, sums, rows, columns, activation)
  }

  public static func _columnSums(
    _ sums: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>, _ rows: Int, _ columns: Int
  ) {
    jl_column_sums_f32(sums, d, rows, columns)
  }

  public static func _scaleColumns(
    _ y: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, _ rows: Int,
    _ columns: Int
  ) {
    jl_scale_columns_f32(y, d, weights, rows, columns)
  }

  public static func _outerMask(
    _ d: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>, _ w: UnsafePointer<Self>,
    _ scale: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int,
    _ activation: Int32
  ) {
    jl_outer_mask_f32(d, y, w, scale, x, rows, tasks, columns, activation)
  }

  public static func _combine(
    _ combined: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>,
    _ weights: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int
  ) {
    jl_combine_f32(combined, sums, d, weights, rows, tasks, columns)
  }

  public static func _gramian(
    _ g: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ rows: Int,
    _ tasks: Int, _ columns: Int, _ upper: Bool
  ) {
    jl_gramian_f32(g, a, b, rows, tasks, columns, upper ? 1 : 0)
  }

  public static func _diagonal(
    _ g: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ rows: Int,
    _ tasks: Int, _ columns: Int
  ) {
    jl_diagonal_f32(g, a, b, rows, tasks, columns)
  }

  public static func _halveDiagonalBlock(
    _ k: UnsafeMutablePointer<Self>, _ bias: Self, _ rows: Int, _ columns: Int
  ) {
    jl_halve_diagonal_block_f32(k, bias, rows, columns)
  }

  public static func _gather(
    _ out: UnsafeMutablePointer<Self>, _ source: UnsafePointer<Self>, _ index: UnsafePointer<Int>,
    _ rows: Int, _ columns: Int
  ) {
    jl_gather_f32(out, source, index, rows, columns)
  }

  public static func _activeColumns(
    _ index: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<Self>, _ columns: Int
  ) -> Int {
    jl_active_columns_f32(index, x, columns)
  }

  public static func _gatherBlock(
    _ out: UnsafeMutablePointer<Self>, _ source: UnsafePointer<Self>, _ sourceColumns: Int,
    _ rows: UnsafePointer<Int32>?, _ rowCount: Int, _ columns: UnsafePointer<Int32>, _ columnCount: Int
  ) {
    jl_gather_block_f32(out, source, sourceColumns, rows, rowCount, columns, columnCount)
  }

  public static func _scatterColumns(
    _ out: UnsafeMutablePointer<Self>, _ outColumns: Int, _ source: UnsafePointer<Self>, _ rows: Int,
    _ columns: UnsafePointer<Int32>, _ columnCount: Int
  ) {
    jl_scatter_columns_f32(out, outColumns, source, rows, columns, columnCount)
  }

  public static func _loss(
    _ loss: TaskLoss, _ y: UnsafeMutablePointer<Self>, _ yStride: Int, _ bias: UnsafePointer<Self>,
    _ target: UnsafePointer<Self>, _ targetStride: Int, _ labels: UnsafePointer<Self>?, _ labelStride: Int,
    _ rows: Int, _ outputs: Int, _ energy: inout Double
  ) -> Double {
    switch loss {
    case .meanSquaredError:
      jl_mse_f32(
        y, yStride, bias, target, targetStride, labels, labelStride, rows, outputs, &energy)
    case .softmaxCrossEntropy:
      jl_softmax_f32(
        y, yStride, bias, target, targetStride, labels, labelStride, rows, outputs, &energy)
    case .binaryCrossEntropy:
      jl_binary_f32(
        y, yStride, bias, target, targetStride, labels, labelStride, rows, outputs, &energy)
    }
  }

  public static func _sgd(
    _ p: UnsafeMutablePointer<Self>, _ v: UnsafeMutablePointer<Self>, _ g: UnsafePointer<Self>, _ count: Int,
    _ rate: Self, _ momentum: Self, _ looksAhead: Bool
  ) -> Bool {
    jl_sgd_f32(p, v, g, count, rate, momentum, looksAhead ? 1 : 0) != 0
  }

  public static func _adam(
    _ p: UnsafeMutablePointer<Self>, _ m: UnsafeMutablePointer<Self>, _ v: UnsafeMutablePointer<Self>,
    _ g: UnsafePointer<Self>, _ count: Int, _ rate: Self, _ beta1: Self, _ beta2: Self, _ root: Self,
    _ epsilon: Self, _ keep: Self
  ) -> Bool {
    jl_adam_f32(p, m, v, g, count, rate, beta1, beta2, root, epsilon, keep) != 0
  }
}
