import Foundation
import JointLossLinearAlgebra
import JointLossWeighting

/// Gradients at random, with the Gramian that a strategy sees of them.
///
/// 1 to 50 tasks, rank 0 to T, a scale of 1e-10 to 1e10; some with rows 1e8 apart, copies and opposites of other rows,
/// a row that cancels all others, a perturbation of 1e-16 to 1e-6 of each row, or a Gramian computed in `Float`.
struct RandomGramian {
  /// T rows of as many values, at least one.
  let rows: [[Double]]
  /// Their inner products.
  let gramian: Gramian
  /// What the cosines of the Gramian may differ by from those of the rows.
  let rounding: Double
  /// What was drawn, in words.
  let summary: String

  /// Draws one.
  ///
  /// - Parameter stream: the source of the draws.
  /// - Throws: `WeightingError` if a value is not finite.
  init(from stream: inout PhiloxStream) throws(WeightingError) {
    let draw = Self.draw(from: &stream)
    rows = draw.rows
    let jacobian = try Jacobian(rows: rows)
    gramian = draw.isFloat ? Self.floatGramian(rows) : jacobian.gramian
    // Each product of the sum is rounded, and so are the norms that divide it.
    rounding =
      Double(jacobian.parameterCount + 4)
      * (draw.isFloat ? Double(Float.ulpOfOne) : Double.ulpOfOne)
    summary = draw.words.joined(separator: ", ")
  }

  /// Draws as many as given and drops them, so that the next one drawn is that of this number, from 0.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - stream: the source of the draws.
  static func skip(_ count: Int, in stream: inout PhiloxStream) {
    for _ in 0..<count { _ = draw(from: &stream) }
  }

  private static func draw(
    from stream: inout PhiloxStream
  ) -> (rows: [[Double]], isFloat: Bool, words: [String]) {
    let taskCount = 1 + stream.index(below: 50)
    let rank = stream.index(below: taskCount + 1)
    let isFloat = stream.index(below: 3) == 0
    let scale = pow(10, 20 * stream.uniform() - 10)
    var words = ["\(taskCount) tasks", "rank \(rank)", "scale \(scale)"]
    let columnCount = max(rank, 1)
    var rows = (0..<taskCount).map { _ in
      (0..<columnCount).map { _ in rank == 0 ? 0 : scale * stream.normal() }
    }
    if stream.index(below: 4) == 0 {
      words.append("rows 1e8 apart")
      // The squares of all are normal numbers of Float.
      let lowest = isFloat ? 4.0 : 8
      for task in 0..<taskCount {
        let factor = pow(10, -lowest * stream.uniform())
        rows[task] = rows[task].map { factor * $0 }
      }
    }
    for (word, sign) in [("duplicates", 1.0), ("opposed", -1.0)] where stream.index(below: 4) == 0 {
      words.append(word)
      for _ in 0...stream.index(below: taskCount) {
        let (source, target) = (stream.index(below: taskCount), stream.index(below: taskCount))
        rows[target] = rows[source].map { sign * $0 }
      }
    }
    if stream.index(below: 6) == 0 && taskCount > 1 {
      words.append("balanced")
      rows[taskCount - 1] = (0..<columnCount).map { column in
        -rows.dropLast().reduce(0) { $0 + $1[column] }
      }
    }
    if stream.index(below: 3) == 0 {
      let share = pow(10, -16 + 10 * stream.uniform())
      words.append("perturbed by \(share)")
      for task in 0..<taskCount {
        let norm = Self.norm(rows[task])
        rows[task] += [Double](repeating: 0, count: taskCount - min(columnCount, taskCount))
        for column in rows[task].indices { rows[task][column] += share * norm * stream.normal() }
      }
    }
    if isFloat { words.append("in Float") }
    return (rows, isFloat, words)
  }

  /// The Gramian as a framework of `Float` tensors computes it.
  private static func floatGramian(_ rows: [[Double]]) -> Gramian {
    let rows = rows.map { $0.map { Float($0) } }
    var gramian = Gramian(taskCount: rows.count)
    for i in rows.indices {
      for j in 0...i {
        var product: Float = 0
        for (one, other) in zip(rows[i], rows[j]) { product += one * other }
        (gramian[i, j], gramian[j, i]) = (Double(product), Double(product))
      }
    }
    return gramian
  }

  static func norm(_ row: [Double]) -> Double {
    let largest = row.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return 0 }
    return largest * row.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
  }
}
