/// A row-major matrix that owns its memory, 64-byte aligned and zeroed at first.
///
/// It is not copyable: a copy is a decision (``copy()``), never an accident in a training step.
/// Routines work on ``MatrixView``s of it; `view` and its slices borrow the memory and must not outlive
/// the matrix.
public struct Matrix<Scalar: BLASScalar>: ~Copyable {
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  @usableFromInline let storage: UnsafeMutableBufferPointer<Scalar>

  /// Creates a matrix of zeros.
  ///
  /// - Parameters:
  ///   - rows: the number of rows, at least 0.
  ///   - columns: the number of columns, at least 0.
  public init(rows: Int, columns: Int) {
    requireShape(rows >= 0 && columns >= 0, "a matrix cannot be \(rows)×\(columns)")
    let bytes = Double(rows) * Double(columns) * Double(MemoryLayout<Scalar>.stride)
    if let shortage = PhysicalMemory.shortage(of: bytes) {
      fatalError("a \(rows)×\(columns) matrix \(shortage)")
    }
    self.rows = rows
    self.columns = columns
    let count = rows * columns
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Scalar>.stride, alignment: 64)
    storage = UnsafeMutableBufferPointer(
      start: raw.initializeMemory(as: Scalar.self, repeating: 0, count: count), count: count)
  }

  /// Creates a matrix from its elements, row by row.
  ///
  /// - Parameters:
  ///   - rows: the number of rows.
  ///   - columns: the number of columns.
  ///   - elements: `rows · columns` values.
  public init(rows: Int, columns: Int, elements: [Scalar]) {
    requireShape(
      elements.count == elementCount(rows: rows, columns: columns),
      "\(elements.count) elements cannot fill \(rows)×\(columns)")
    self.init(rows: rows, columns: columns)
    for (index, element) in elements.enumerated() { storage[index] = element }
  }

  deinit {
    UnsafeMutableRawPointer(storage.baseAddress)?.deallocate()
  }

  /// The whole matrix as a view.
  @inlinable public var view: MatrixView<Scalar> {
    MatrixView(base: storage.baseAddress, rows: rows, columns: columns, stride: columns)
  }

  /// A dense block of the matrix's memory as a matrix of its own: how tensors share one flat buffer.
  ///
  /// - Parameters:
  ///   - offset: the first element's index in the flat memory.
  ///   - rows: the rows of the view.
  ///   - columns: the columns of the view.
  /// - Returns: a view that must not outlive the matrix.
  @inlinable
  public func view(at offset: Int, rows: Int, columns: Int) -> MatrixView<Scalar> {
    requireShape(
      offset >= 0 && elementCount(rows: rows, columns: columns).map { $0 <= storage.count - offset } == true,
      "a \(rows)×\(columns) view at \(offset) leaves the \(storage.count) elements")
    return MatrixView(
      base: storage.baseAddress.map { $0 + offset }, rows: rows, columns: columns, stride: columns)
  }

  /// The element at a row and column.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    get { view[row, column] }
    nonmutating set { view[row, column] = newValue }
  }

  /// The elements, row by row.
  public var elements: [Scalar] { Array(storage) }

  /// A matrix of its own with the same elements.
  public func copy() -> Matrix {
    let result = Matrix(rows: rows, columns: columns)
    result.view.copy(from: view)
    return result
  }
}
