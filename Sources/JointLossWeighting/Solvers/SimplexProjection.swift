/// The nearest point of the probability simplex.
///
/// J. Duchi, S. Shalev-Shwartz, Y. Singer, T. Chandra, *Efficient Projections onto the ℓ1-Ball for Learning in
/// High Dimensions*, ICML 2008, Figure 1: w = max(v − θ, 0) with the θ that makes Σ w = 1.
package struct SimplexProjection: ScratchBuffer, Sendable {
  private var sorted: [Double] = []

  /// Creates a projection; it allocates in its first call.
  package init() {}

  /// Projects in place.
  ///
  /// - Parameters:
  ///   - vector: finite values; then w ≥ 0 of sum 1.
  ///   - present: which values take part, at least one; nil for all. The others become 0.
  package mutating func project(_ vector: inout [Double], present: [Bool]? = nil) {
    if sorted.count != vector.count { sorted = [Double](repeating: 0, count: vector.count) }
    // Below all that take part, and so behind them.
    for index in vector.indices { sorted[index] = -.infinity }
    var count = 0
    for index in vector.indices where present?[index] ?? true {
      sorted[count] = vector[index]
      count += 1
    }
    sorted.sort(by: >)
    // Relative to the largest, so that a common shift costs no digits.
    let largest = sorted.first ?? 0
    var (sum, shift) = (0.0, 0.0)
    for index in 0..<count {
      let value = sorted[index] - largest
      sum += value
      let candidate = (sum - 1) / Double(index + 1)
      if value > candidate { shift = candidate }
    }
    for index in vector.indices {
      vector[index] = present?[index] ?? true ? max(vector[index] - largest - shift, 0) : 0
    }
  }
}
