// Documented once, on the protocol.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import JointLossLinearAlgebra
import _JointLossKernels

extension Float: LayerScalar {
  public static func _activation(
    _ y: UnsafeMutablePointer<Self>, _ slope: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>,
    _ count: Int, _ activation: Int32
  ) {
    jl_activation_f32(y, slope, x, count, activation)
  }

  public static func _modulate(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ slope: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool
  ) {
    jl_modulate_f32(d, stride, y, slope, factor, rows, slots, columns, accumulate ? 1 : 0)
  }

  public static func _scaleRows(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
    _ scaleStride: Int, _ factor: Self, _ rows: Int, _ columns: Int, _ accumulate: Bool
  ) {
    jl_scale_rows_f32(d, stride, y, scale, scaleStride, factor, rows, columns, accumulate ? 1 : 0)
  }

  public static func _layerNorm(
    _ y: UnsafeMutablePointer<Self>, _ normalised: UnsafeMutablePointer<Self>,
    _ inverse: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ gain: UnsafePointer<Self>,
    _ bias: UnsafePointer<Self>, _ rows: Int, _ columns: Int, _ epsilon: Self
  ) {
    jl_layer_norm_f32(y, normalised, inverse, x, gain, bias, rows, columns, epsilon)
  }

  public static func _layerNormBackward(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>,
    _ normalised: UnsafePointer<Self>, _ inverse: UnsafePointer<Self>, _ gain: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool
  ) {
    jl_layer_norm_backward_f32(
      d, stride, y, normalised, inverse, gain, factor, rows, slots, columns, accumulate ? 1 : 0)
  }

  public static func _layerNormSums(
    _ gains: UnsafeMutablePointer<Self>, _ biases: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>,
    _ normalised: UnsafePointer<Self>, _ rows: Int, _ slots: Int, _ columns: Int
  ) {
    jl_layer_norm_sums_f32(gains, biases, y, normalised, rows, slots, columns)
  }

  public static func _softmaxRows(
    _ p: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ columns: Int
  ) {
    jl_softmax_rows_f32(p, x, rows, columns)
  }

  public static func _softmaxRowsBackward(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ p: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool
  ) {
    jl_softmax_rows_backward_f32(d, stride, y, p, factor, rows, slots, columns, accumulate ? 1 : 0)
  }

  public static func _rowDots(
    _ out: UnsafeMutablePointer<Self>, _ outStride: Int, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>,
    _ rows: Int, _ slots: Int, _ columns: Int
  ) {
    jl_row_dots_f32(out, outStride, y, x, rows, slots, columns)
  }

  public static func _dropoutMask(
    _ mask: UnsafeMutablePointer<Self>, _ key0: UInt64, _ key1: UInt64, _ step: UInt64, _ layer: UInt64,
    _ firstRow: UInt64, _ rows: Int, _ columns: Int, _ rate: Double
  ) {
    jl_dropout_mask_f32(mask, key0, key1, step, layer, firstRow, rows, columns, rate)
  }
}
