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
    for task in 0..<taskCount {
      var sum = 0.0
      for parameter in 0..<parameterCount {
        sum += elements[task * parameterCount + parameter] * scratch[parameter]
      }
      result[task] = sum
    }
  }

  /// The direction `Jᵀ w`, in place.
  ///
  /// - Parameters:
  ///   - weights: one weight a task.
  ///   - result: P values.
  func combine(_ weights: [Double], into result: inout [Double]) {
    for parameter in 0..<parameterCount { result[parameter] = 0 }
    for task in 0..<taskCount {
      let weight = weights[task]
      for parameter in 0..<parameterCount {
        result[parameter] += weight * elements[task * parameterCount + parameter]
      }
    }
  }

  /// The norm of a task's gradient, in units of its largest element, so that no square leaves the range.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: the Euclidean norm.
  func norm(of task: Int) -> Double {
    let range = task * parameterCount..<(task + 1) * parameterCount
    var (largest, sum) = (0.0, 0.0)
    for index in range { largest = max(largest, abs(elements[index])) }
    guard largest > 0 else { return 0 }
    for index in range { sum += (elements[index] / largest) * (elements[index] / largest) }
    return largest * sum.squareRoot()
  }

  /// Sets a task's gradient to 0.
  mutating func clear(_ task: Int) {
    for index in task * parameterCount..<(task + 1) * parameterCount { elements[index] = 0 }
  }

  /// The Gramian `J Jᵀ`.
  public var gramian: Gramian {
    let rows = Matrix(rows: taskCount, columns: parameterCount, elements: elements)
    var result = Gramian(taskCount: taskCount)
    for i in 0..<taskCount {
      for j in i..<taskCount {
        let product = rows.view.rows(i..<i + 1).dot(rows.view.rows(j..<j + 1))
        result[i, j] = product
        result[j, i] = product
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
