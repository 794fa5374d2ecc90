/// A window on a ``Matrix``: shape, first element and the distance between rows.
///
/// A view does not keep its matrix alive. Shapes are checked on every call; a mismatch is a fault of the
/// calling code and traps with both shapes.
///
/// What a step calls for each product is inlinable: the generic code of another module would look up the type's
/// metadata on every call, which on small networks took a tenth of the step.
public struct MatrixView<Scalar: BLASScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>?
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  /// Elements from one row's start to the next row's.
  public let stride: Int

  @inlinable
  init(base: UnsafeMutablePointer<Scalar>?, rows: Int, columns: Int, stride: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// A window on an array's elements, to be read inside the closure that lends them.
  package init(reading elements: UnsafeBufferPointer<Scalar>, rows: Int, columns: Int) {
    requireShape(
      elements.count == elementCount(rows: rows, columns: columns),
      "\(elements.count) elements cannot fill \(rows)×\(columns)")
    self.init(
      base: UnsafeMutablePointer(mutating: elements.baseAddress), rows: rows, columns: columns,
      stride: columns)
  }

  /// A window on an array's elements, to be used inside the closure that lends them.
  package init(_ elements: UnsafeMutableBufferPointer<Scalar>, rows: Int, columns: Int) {
    self.init(reading: UnsafeBufferPointer(elements), rows: rows, columns: columns)
  }

  /// The number of elements in view.
  @inlinable public var count: Int { rows * columns }

  /// Whether the rows follow one another without a gap.
  @inlinable public var isContiguous: Bool { stride == columns || rows <= 1 }

  /// The first element, for kernels that know the stride.
  @inlinable package var pointer: UnsafeMutablePointer<Scalar> {
    guard let base else { fatalError("a \(rows)×\(columns) view without memory") }
    return base
  }

  /// The element at a row and column.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    get {
      guard row >= 0 && row < rows && column >= 0 && column < columns else { outside(row, column) }
      return pointer[row * stride + column]
    }
    nonmutating set {
      guard row >= 0 && row < rows && column >= 0 && column < columns else { outside(row, column) }
      pointer[row * stride + column] = newValue
    }
  }

  // Never inlined: the loops that read elements stay small.
  @usableFromInline @inline(never)
  func outside(_ row: Int, _ column: Int) -> Never {
    fatalError("element (\(row), \(column)) is outside \(rows)×\(columns)")
  }

  /// The rows of a range.
  ///
  /// - Parameter range: a range inside `0 ..< rows`.
  /// - Returns: the view of these rows.
  @inlinable
  public func rows(_ range: Range<Int>) -> MatrixView {
    requireShape(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return MatrixView(
      base: base.map { $0 + range.lowerBound * stride }, rows: range.count, columns: columns, stride: stride)
  }

  /// The columns of a range.
  ///
  /// - Parameter range: a range inside `0 ..< columns`.
  /// - Returns: the view of these columns.
  @inlinable
  public func columns(_ range: Range<Int>) -> MatrixView {
    requireShape(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return MatrixView(
      base: base.map { $0 + range.lowerBound }, rows: rows, columns: range.count, stride: stride)
  }

  /// The same contiguous elements in another shape.
  ///
  /// - Parameters:
  ///   - rows: the rows of the result.
  ///   - columns: the columns of the result.
  /// - Returns: the reshaped view.
  @inlinable
  public func reshaped(rows: Int, columns: Int) -> MatrixView {
    requireShape(
      isContiguous && elementCount(rows: rows, columns: columns) == count,
      "\(self.rows)×\(self.columns) cannot be \(rows)×\(columns)")
    return MatrixView(base: base, rows: rows, columns: columns, stride: columns)
  }

  /// Calls a closure with the contiguous elements, for kernels.
  ///
  /// - Parameter body: receives the elements; must not let them escape.
  /// - Returns: what the closure returns.
  @inlinable
  public func withElements<Result>(_ body: (UnsafeMutableBufferPointer<Scalar>) -> Result) -> Result {
    requireShape(isContiguous, "a \(rows)×\(columns) view with stride \(stride) is not contiguous")
    return body(UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// Copies a view of the same shape into this one.
  ///
  /// - Parameter other: the source.
  @inlinable
  public func copy(from other: MatrixView) {
    requireShape(
      rows == other.rows && columns == other.columns,
      "cannot copy \(other.rows)×\(other.columns) into \(rows)×\(columns)")
    guard count > 0 else { return }
    for row in 0..<rows {
      (pointer + row * stride).update(from: other.pointer + row * other.stride, count: columns)
    }
  }

  /// Sets every element.
  ///
  /// - Parameter value: the value of all elements afterwards.
  @inlinable
  public func fill(_ value: Scalar) {
    guard count > 0 else { return }
    for row in 0..<rows { (pointer + row * stride).update(repeating: value, count: columns) }
  }

  /// The elements, row by row.
  public var elements: [Scalar] {
    (0..<rows).flatMap { row in (0..<columns).map { self[row, $0] } }
  }
}
