import JointLossLinearAlgebra

/// The task gradients on the shared parameters as rows: T×P, in `Double`.
public struct Jacobian: Sendable, Codable, Hashable {
  /// The number of tasks T.
  public let taskCount: Int
  /// The number of shared parameters P.
  public let parameterCount: Int
  /// The T·P elements, row by row.
  public var elements: [Double]

  /// A Jacobian from its rows.
  ///
  /// - Parameter rows: T rows of equally many finite values.
  /// - Throws: ``WeightingError`` that names the offending row.
  public init(rows: [[Double]]) throws(WeightingError) {
    taskCount = rows.count
    parameterCount = rows.first?.count ?? 0
    for (task, row) in rows.enumerated() {
      guard row.count == parameterCount else {
        throw WeightingError(
          .shape,
          "the Jacobian is ragged: row \(task) has \(row.count) values, row 0 has \(parameterCount)",
          task: task)
      }
      if let value = row.first(where: { !$0.isFinite }) {
        throw WeightingError(.nonFinite, "the gradient of task \(task) holds \(value)", task: task)
      }
    }
    elements = rows.flatMap { $0 }
  }

  /// A Jacobian of zeros, to be filled.
  ///
  /// - Parameters:
  ///   - taskCount: the number of tasks.
  ///   - parameterCount: the number of shared parameters.
  public init(taskCount: Int, parameterCount: Int) {
    self.taskCount = taskCount
    self.parameterCount = parameterCount
    elements = [Double](repeating: 0, count: taskCount * parameterCount)
  }

  /// Decodes a Jacobian.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, also if there are not as many elements as the sizes say.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    taskCount = try container.decode(Int.self, forKey: .taskCount)
    parameterCount = try container.decode(Int.self, forKey: .parameterCount)
    elements = try container.decode([Double].self, forKey: .elements)
    let (product, overflow) = taskCount.multipliedReportingOverflow(by: parameterCount)
    guard taskCount >= 0, parameterCount >= 0, !overflow, product == elements.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .elements, in: container,
        debugDescription: "\(elements.count) elements are no \(taskCount)×\(parameterCount) matrix")
    }
  }

  /// The inner products of this batch's gradients with another batch's, as a product with a vector: J (Kᵀ v).
  ///
  /// - Parameters:
  ///   - other: K, of as many tasks and parameters.
  ///   - vector: v, one value a task.
  ///   - result: one value a task.
  ///   - scratch: P values of no meaning afterwards.
  func multiply(
    _ other: Jacobian, transposedTimes vector: [Double], into result: inout [Double],
    scratch: inout [Double]
  ) {
    other.combine(vector, into: &scratch)
    withView { rows in
      scratch.withUnsafeBufferPointer { scratch in
        result.withUnsafeMutableBufferPointer { result in
          MatrixView(result, rows: taskCount, columns: 1).setProduct(
            rows, .asIs, vector: MatrixView(reading: scratch, rows: parameterCount, columns: 1))
        }
      }
    }
  }

  /// The inner products of this batch's gradients with another batch's: J Kᵀ.
  ///
  /// - Parameters:
  ///   - other: K, of as many tasks and parameters.
  ///   - result: T·T values, row by row.
  func multiply(transposed other: Jacobian, into result: inout [Double]) {
    withView { rows in
      other.withView { others in
        result.withUnsafeMutableBufferPointer { result in
          MatrixView(result, rows: taskCount, columns: taskCount).setProduct(rows, .asIs, others, .transposed)
        }
      }
    }
  }

  /// The direction `Jᵀ w`, in place.
  ///
  /// - Parameters:
  ///   - weights: one weight a task.
  ///   - result: P values.
  func combine(_ weights: [Double], into result: inout [Double]) {
    withView { rows in
      weights.withUnsafeBufferPointer { weights in
        result.withUnsafeMutableBufferPointer { result in
          MatrixView(result, rows: 1, columns: parameterCount).setProduct(
            rows, .transposed, vector: MatrixView(reading: weights, rows: taskCount, columns: 1))
        }
      }
    }
  }

  /// The norm of a task's gradient; where its square leaves the range, in units of its largest element.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: the Euclidean norm.
  func norm(of task: Int) -> Double {
    let square = withView { rows in
      let row = rows.rows(task..<task + 1)
      return row.dot(row)
    }
    // Far enough from both ends that elements which vanish in the sum are beneath rounding.
    if square > 1e-250 && square < 1e300 { return square.squareRoot() }
    let range = task * parameterCount..<(task + 1) * parameterCount
    var (largest, sum) = (0.0, 0.0)
    for index in range { largest = max(largest, abs(elements[index])) }
    guard largest > 0 else { return 0 }
    for index in range { sum += (elements[index] / largest) * (elements[index] / largest) }
    return largest * sum.squareRoot()
  }

  private func withView<Result>(_ body: (MatrixView<Double>) -> Result) -> Result {
    elements.withUnsafeBufferPointer {
      body(MatrixView(reading: $0, rows: taskCount, columns: parameterCount))
    }
  }

  /// Lends a task's gradient, or some of its columns, as a buffer that begins at the first of them.
  ///
  /// Loops over `buffer[index]` vectorise, which those over `elements[task * count + index]` do not: the sum could
  /// overflow.
  ///
  /// - Parameters:
  ///   - task: the task's index.
  ///   - columns: the columns; all if not given.
  ///   - body: receives the values.
  /// - Returns: what the closure returns.
  @inline(__always)
  func withRow<Result>(
    _ task: Int, columns: Range<Int>? = nil, _ body: (UnsafeBufferPointer<Double>) -> Result
  ) -> Result {
    let (columns, first) = (columns ?? 0..<parameterCount, task * parameterCount)
    return elements.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[first + columns.lowerBound..<first + columns.upperBound]))
    }
  }

  /// Sets a task's gradient, element by element, from those of two other Jacobians of this size.
  ///
  /// - Parameters:
  ///   - task: the task's index.
  ///   - first: one Jacobian.
  ///   - second: the other one.
  ///   - rule: the element from theirs.
  @inline(__always)
  mutating func setRow(
    _ task: Int, from first: Jacobian, _ second: Jacobian, by rule: (Double, Double) -> Double
  ) {
    let range = task * parameterCount..<(task + 1) * parameterCount
    precondition(first.elements.count == elements.count && second.elements.count == elements.count)
    first.elements.withUnsafeBufferPointer { first in
      second.elements.withUnsafeBufferPointer { second in
        elements.withUnsafeMutableBufferPointer { elements in
          for index in range { elements[index] = rule(first[index], second[index]) }
        }
      }
    }
  }

  /// Adds another Jacobian's gradient of a task, times a factor.
  ///
  /// - Parameters:
  ///   - other: a Jacobian of this size.
  ///   - task: the task's index.
  ///   - factor: what the other one's elements are multiplied by.
  package mutating func add(_ other: Jacobian, task: Int, times factor: Double) {
    let range = task * parameterCount..<(task + 1) * parameterCount
    precondition(other.elements.count == elements.count)
    other.elements.withUnsafeBufferPointer { other in
      elements.withUnsafeMutableBufferPointer { elements in
        for index in range { elements[index] += factor * other[index] }
      }
    }
  }

  /// Sets a task's gradient to 0.
  ///
  /// - Parameter task: the task's index.
  package mutating func clear(_ task: Int) {
    for index in task * parameterCount..<(task + 1) * parameterCount { elements[index] = 0 }
  }

  /// The Gramian `J Jᵀ`.
  public var gramian: Gramian {
    var result = Gramian(taskCount: taskCount)
    withView { rows in
      for i in 0..<taskCount {
        for j in i..<taskCount {
          let product = rows.rows(i..<i + 1).dot(rows.rows(j..<j + 1))
          result[i, j] = product
          result[j, i] = product
        }
      }
    }
    return result
  }

  /// The direction `Jᵀ w`.
  ///
  /// - Parameter weights: one weight a task.
  /// - Returns: P values.
  public func direction(weights: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: parameterCount)
    combine(weights, into: &result)
    return result
  }
}

extension Jacobian: ScratchBuffer {
  /// Creates an empty Jacobian, of no tasks.
  public init() { self.init(taskCount: 0, parameterCount: 0) }
}
