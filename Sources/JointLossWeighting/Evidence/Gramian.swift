/// The matrix of inner products of the task gradients, `G = J Jᵀ`: T×T, symmetric, in `Double`.
public struct Gramian: Sendable, Codable, Hashable {
  /// The number of tasks T.
  public let taskCount: Int
  /// The T² elements, row by row.
  public private(set) var elements: [Double]

  /// A Gramian of zeros, to be filled.
  ///
  /// - Parameter taskCount: the number of tasks.
  public init(taskCount: Int) {
    self.taskCount = taskCount
    elements = [Double](repeating: 0, count: taskCount * taskCount)
  }

  /// Decodes a Gramian.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, also if there are not as many elements as the size says.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    taskCount = try container.decode(Int.self, forKey: .taskCount)
    elements = try container.decode([Double].self, forKey: .elements)
    let (square, overflow) = taskCount.multipliedReportingOverflow(by: taskCount)
    guard taskCount >= 0, !overflow, square == elements.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .elements, in: container,
        debugDescription: "\(elements.count) elements are no \(taskCount)×\(taskCount) matrix")
    }
  }

  /// A Gramian from its rows, symmetrised.
  ///
  /// - Parameter rows: T rows of T finite values, symmetric to a relative 1e-6, with a diagonal of at least 0,
  ///   no product above that of the norms, and no eigenvalue of the cosines below −1e-4 T.
  /// - Throws: ``WeightingError`` that names the offending row or eigenvalue, and its value.
  public init(rows: [[Double]]) throws(WeightingError) {
    self.init(taskCount: rows.count)
    for (i, row) in rows.enumerated() {
      guard row.count == taskCount else {
        throw WeightingError(
          .shape, "the Gramian is not square: row \(i) has \(row.count) values, \(taskCount) rows exist",
          task: i)
      }
      guard row[i] >= 0 || row[i].isNaN else {
        throw WeightingError(.shape, "the Gramian's diagonal is negative: \(row[i]) in row \(i)", task: i)
      }
    }
    for i in 0..<taskCount {
      for j in i..<taskCount {
        let (upper, lower) = (rows[i][j], rows[j][i])
        guard upper.isFinite && lower.isFinite else {
          throw WeightingError(
            .nonFinite, "the Gramian holds \(upper.isFinite ? lower : upper) for tasks \(i) and \(j)", task: i
          )
        }
        let scale = max(abs(upper), abs(lower), rows[i][i].squareRoot() * rows[j][j].squareRoot())
        guard abs(upper - lower) <= 1e-6 * scale else {
          throw WeightingError(
            .shape, "the Gramian is not symmetric: \(upper) at (\(i), \(j)) but \(lower) at (\(j), \(i))",
            task: i)
        }
        // Cauchy and Schwarz: gradients with this product do not exist. Tiny norms may have been rounded to 0.
        let bound = rows[i][i].squareRoot() * rows[j][j].squareRoot()
        guard abs(upper) <= 1.0001 * bound + 1e-300 else {
          throw WeightingError(
            .shape,
            "the Gramian is that of no gradients: \(upper) at (\(i), \(j)) exceeds the product of the norms, \(bound)",
            task: i)
        }
        let mean = upper == lower ? upper : upper / 2 + lower / 2
        self[i, j] = mean
        self[j, i] = mean
      }
    }
    try requireSemidefinite()
  }

  /// Three products may each be possible and no three gradients have them all.
  private func requireSemidefinite() throws(WeightingError) {
    var (scaled, solver) = (ScaledGramian(), PseudoInverse())
    scaled.load(self)
    guard scaled.count > 0 else { return }
    _ = try solver.decompose(order: scaled.count, scaled.cosines, rankTolerance: 0)
    // As far as products that each exceed those of the norms by 1e-4 can bring it.
    guard solver.values[0] >= -1e-4 * Double(scaled.count) else {
      throw WeightingError(
        .shape, "the Gramian is that of no gradients: its cosines have the eigenvalue \(solver.values[0])")
    }
  }

  /// The inner product of the gradients of two tasks.
  public subscript(i: Int, j: Int) -> Double {
    get { elements[i * taskCount + j] }
    set { elements[i * taskCount + j] = newValue }
  }

  /// The norm of a task's gradient.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: the square root of the diagonal element.
  public func norm(of task: Int) -> Double { max(self[task, task], 0).squareRoot() }

  /// The norm of a combination of the gradients: `‖Jᵀ w‖ = √(wᵀ G w)`.
  ///
  /// - Parameter weights: one finite weight a task.
  /// - Returns: the norm; 0 where rounding has made the square negative.
  package func norm(weights: [Double]) -> Double {
    // In units of the largest weight, so that no square of one leaves the range.
    let largest = weights.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return 0 }
    var square = 0.0
    for i in 0..<taskCount {
      for j in 0..<taskCount { square += weights[i] / largest * (weights[j] / largest) * self[i, j] }
    }
    return largest * max(square, 0).squareRoot()
  }
}

extension Gramian: ScratchBuffer {
  /// Creates an empty Gramian, of no tasks.
  public init() { self.init(taskCount: 0) }
}
