/// A scalar that networks are trained in: `Float`, and `Double` for checks.
///
/// The underscored requirements are the raw elementwise kernels on dense row-major memory; the network's
/// passes, which own that memory, are their only callers. What each computes is said in
/// `jointloss_kernels.h`.
public protocol TrainableScalar: LayerScalar {
  /// `x ← f(x + bias)`.
  static func _biasActivation(
    _ x: UnsafeMutablePointer<Self>, _ bias: UnsafePointer<Self>, _ rows: Int, _ columns: Int,
    _ activation: Int32)
  /// `d ← d · f′`, for several cotangents of each row.
  static func _mask(
    _ d: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int,
    _ activation: Int32)
  /// `d ← d · f′` and the column sums of the result.
  static func _maskSums(
    _ d: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>,
    _ rows: Int, _ columns: Int, _ activation: Int32)
  /// The column sums of `d`.
  static func _columnSums(
    _ sums: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>, _ rows: Int, _ columns: Int)
  /// `y ← d · diag(weights)`.
  static func _scaleColumns(
    _ y: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, _ rows: Int,
    _ columns: Int)
  /// The stacked cotangents under heads of one output each.
  static func _outerMask(
    _ d: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>, _ w: UnsafePointer<Self>,
    _ scale: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int,
    _ activation: Int32)
  /// The weighted sum of stacked cotangents, and its column sums.
  static func _combine(
    _ combined: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ d: UnsafePointer<Self>,
    _ weights: UnsafePointer<Self>, _ rows: Int, _ tasks: Int, _ columns: Int)
  /// Adds the inner products between all tasks' rows of two stacks, in `Double`.
  static func _gramian(
    _ g: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ rows: Int,
    _ tasks: Int, _ columns: Int, _ upper: Bool)
  /// Adds the inner products between each task's rows of two stacks, in `Double`.
  static func _diagonal(
    _ g: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ rows: Int,
    _ tasks: Int, _ columns: Int)
  /// `k ← k + bias`, then halves the square block at the left of a block of rows of a symmetric matrix.
  static func _halveDiagonalBlock(
    _ k: UnsafeMutablePointer<Self>, _ bias: Self, _ rows: Int, _ columns: Int)
  /// Copies the rows of an index.
  static func _gather(
    _ out: UnsafeMutablePointer<Self>, _ source: UnsafePointer<Self>, _ index: UnsafePointer<Int>,
    _ rows: Int, _ columns: Int)
  /// The columns where a row is positive, in order; their number.
  static func _activeColumns(
    _ index: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<Self>, _ columns: Int
  ) -> Int
  /// The block of a matrix at some rows, or all, and some columns.
  static func _gatherBlock(
    _ out: UnsafeMutablePointer<Self>, _ source: UnsafePointer<Self>, _ sourceColumns: Int,
    _ rows: UnsafePointer<Int32>?, _ rowCount: Int, _ columns: UnsafePointer<Int32>, _ columnCount: Int)
  /// Fills some columns of a matrix, and the others with zeros.
  static func _scatterColumns(
    _ out: UnsafeMutablePointer<Self>, _ outColumns: Int, _ source: UnsafePointer<Self>, _ rows: Int,
    _ columns: UnsafePointer<Int32>, _ columnCount: Int)
  /// A loss over the labelled rows, its cotangents in place of the predictions, and the sum of their squares.
  static func _loss(
    _ loss: TaskLoss, _ y: UnsafeMutablePointer<Self>, _ yStride: Int, _ bias: UnsafePointer<Self>,
    _ target: UnsafePointer<Self>, _ targetStride: Int, _ labels: UnsafePointer<Self>?, _ labelStride: Int,
    _ rows: Int, _ outputs: Int, _ energy: inout Double
  ) -> Double
  /// One step of gradient descent with momentum, Nesterov's where it looks ahead; false if a parameter is no longer finite.
  static func _sgd(
    _ p: UnsafeMutablePointer<Self>, _ v: UnsafeMutablePointer<Self>, _ g: UnsafePointer<Self>, _ count: Int,
    _ rate: Self, _ momentum: Self, _ looksAhead: Bool
  ) -> Bool
  /// One step of Adam on the parameters times `keep`; false if a parameter or a second moment is no longer finite.
  static func _adam(
    _ p: UnsafeMutablePointer<Self>, _ m: UnsafeMutablePointer<Self>, _ v: UnsafeMutablePointer<Self>,
    _ g: UnsafePointer<Self>, _ count: Int, _ rate: Self, _ beta1: Self, _ beta2: Self, _ root: Self,
    _ epsilon: Self, _ keep: Self
  ) -> Bool
}
