public import JointLossLinearAlgebra

/// The elementwise kernels of the layers of network graphs, on dense row-major memory.
///
/// Raw, for the layers alone; what each computes is said in `jointloss_kernels.h`.
public protocol LayerScalar: BLASScalar {
  /// `y ← f(x)` and the slopes `f′(x)`.
  static func _activation(
    _ y: UnsafeMutablePointer<Self>, _ slope: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>,
    _ count: Int, _ activation: Int32)
  /// `d ← factor · y · slope`, for stacked cotangents y.
  static func _modulate(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ slope: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool)
  /// `d ← factor · diag(scale) · y`.
  static func _scaleRows(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ scale: UnsafePointer<Self>,
    _ scaleStride: Int, _ factor: Self, _ rows: Int, _ columns: Int, _ accumulate: Bool)
  /// Rows normalised to mean 0 and variance 1, and their image under gain and bias.
  static func _layerNorm(
    _ y: UnsafeMutablePointer<Self>, _ normalised: UnsafeMutablePointer<Self>,
    _ inverse: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ gain: UnsafePointer<Self>,
    _ bias: UnsafePointer<Self>, _ rows: Int, _ columns: Int, _ epsilon: Self)
  /// The cotangents of what was normalised.
  static func _layerNormBackward(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>,
    _ normalised: UnsafePointer<Self>, _ inverse: UnsafePointer<Self>, _ gain: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool)
  /// The gradients of gain and bias, one row a slot.
  static func _layerNormSums(
    _ gains: UnsafeMutablePointer<Self>, _ biases: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>,
    _ normalised: UnsafePointer<Self>, _ rows: Int, _ slots: Int, _ columns: Int)
  /// The softmax of each row.
  static func _softmaxRows(
    _ p: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ columns: Int)
  /// The cotangents of the rows under a softmax.
  static func _softmaxRowsBackward(
    _ d: UnsafeMutablePointer<Self>, _ stride: Int, _ y: UnsafePointer<Self>, _ p: UnsafePointer<Self>,
    _ factor: Self, _ rows: Int, _ slots: Int, _ columns: Int, _ accumulate: Bool)
  /// The inner products of stacked cotangents with the row of their sample.
  static func _rowDots(
    _ out: UnsafeMutablePointer<Self>, _ outStride: Int, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>,
    _ rows: Int, _ slots: Int, _ columns: Int)
  /// A mask of zeros and of the inverse share of what is kept.
  static func _dropoutMask(
    _ mask: UnsafeMutablePointer<Self>, _ key0: UInt64, _ key1: UInt64, _ step: UInt64, _ layer: UInt64,
    _ firstRow: UInt64, _ rows: Int, _ columns: Int, _ rate: Double)
}
