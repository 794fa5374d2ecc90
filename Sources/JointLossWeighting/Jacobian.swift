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
    for (task, weight) in weights.enumerated() {
      for parameter in 0..<parameterCount {
        result[parameter] += weight * elements[task * parameterCount + parameter]
      }
    }
    return result
  }
}
