/// The combination of vectors with non-negative factors that is nearest to a target: a reference for the solvers.
///
///     minimise ‖Σ x_t a_t − b‖   subject to   x ≥ 0
///
/// C. L. Lawson, R. J. Hanson, *Solving Least Squares Problems*, 1974, chapter 23, on the vectors themselves, by
/// orthogonal vectors that span those in use: the solvers under test see the Gramian alone, which holds half the digits.
struct NonNegativeLeastSquares {
  /// The vectors a_t.
  private let vectors: [[Double]]
  /// Orthonormal vectors that span those in use, and the triangle of their products, one row for each.
  private var basis: [[Double]] = []
  private var triangle: [[Double]] = []
  private var used: [Int] = []

  /// Takes over the vectors.
  ///
  /// - Parameter vectors: the a_t, of length 1 or so.
  init(_ vectors: [[Double]]) { self.vectors = vectors }

  /// Solves.
  ///
  /// - Parameter target: b.
  /// - Returns: x; nil if the method has not come to an end.
  mutating func solve(_ target: [Double]) -> [Double]? {
    (basis, triangle, used) = ([], [], [])
    var factors = vectors.map { _ in 0.0 }
    var isBlocked = vectors.map { _ in false }
    let size = RandomGramian.norm(target)
    for _ in 0..<20 * vectors.count + 20 {
      let rest = remainder(target)
      var (steepest, entering): (Double, Int?) = (1e-14 * Double(vectors.count + 4) * size, nil)
      for t in vectors.indices where factors[t] == 0 && !isBlocked[t] && !used.contains(t) {
        let slope = Self.product(vectors[t], rest)
        if slope > steepest { (steepest, entering) = (slope, t) }
      }
      guard let entering else { return factors }
      guard append(entering) else {
        isBlocked[entering] = true
        continue
      }
      var candidate = minimum(target)
      guard candidate[used.count - 1] > 0 else {
        remove(at: used.count - 1)
        isBlocked[entering] = true
        continue
      }
      while candidate.contains(where: { $0 <= 0 }) {
        var (step, leaving) = (Double.infinity, 0)
        for (position, t) in used.enumerated() where candidate[position] <= 0 {
          let ratio = factors[t] / (factors[t] - candidate[position])
          if !(ratio >= step) { (step, leaving) = (ratio.isNaN ? 0 : ratio, position) }
        }
        for (position, t) in used.enumerated() {
          factors[t] = max(factors[t] + step * (candidate[position] - factors[t]), 0)
        }
        factors[used[leaving]] = 0
        remove(at: leaving)
        candidate = minimum(target)
      }
      for (position, t) in used.enumerated() { factors[t] = candidate[position] }
      isBlocked = vectors.map { _ in false }
    }
    return nil
  }

  private static func product(_ one: [Double], _ other: [Double]) -> Double {
    var sum = 0.0
    for index in one.indices { sum += one[index] * other[index] }
    return sum
  }

  /// What of a vector the basis does not span; taken off twice, so that rounding leaves nothing of it.
  private func remainder(_ vector: [Double]) -> [Double] {
    var rest = vector
    for _ in 0..<2 {
      for direction in basis {
        let share = Self.product(direction, rest)
        for index in rest.indices { rest[index] -= share * direction[index] }
      }
    }
    return rest
  }

  /// Adds a vector; false if the others span it to rounding.
  private mutating func append(_ t: Int) -> Bool {
    let rest = remainder(vectors[t])
    let length = RandomGramian.norm(rest)
    guard length > 1e-14 * RandomGramian.norm(vectors[t]) else { return false }
    triangle.append(basis.map { Self.product($0, vectors[t]) } + [length])
    basis.append(rest.map { $0 / length })
    used.append(t)
    return true
  }

  /// Takes a vector out, and builds anew what those after it span.
  private mutating func remove(at position: Int) {
    let later = Array(used.suffix(from: position + 1))
    used.removeSubrange(position...)
    basis.removeSubrange(position...)
    triangle.removeSubrange(position...)
    for t in later { _ = append(t) }
  }

  /// The factors of the vectors in use at the minimum without bounds.
  private func minimum(_ target: [Double]) -> [Double] {
    var result = basis.map { Self.product($0, target) }
    for column in stride(from: used.count - 1, through: 0, by: -1) {
      result[column] /= triangle[column][column]
      for row in 0..<column { result[row] -= triangle[column][row] * result[column] }
    }
    return result
  }
}
