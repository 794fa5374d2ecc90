/// The nearest point of the probability simplex.
///
/// J. Duchi, S. Shalev-Shwartz, Y. Singer, T. Chandra, *Efficient Projections onto the ℓ1-Ball for Learning in
/// High Dimensions*, ICML 2008, Figure 1: w = max(v − θ, 0) with the θ that makes Σ w = 1.
package struct SimplexProjection: Sendable {
  private var sorted: [Double] = []

  /// Creates a projection; it allocates in its first call.
  package init() {}

  /// Projects in place.
  ///
  /// - Parameter vector: at least one finite value; then w ≥ 0 of sum 1.
  package mutating func project(_ vector: inout [Double]) {
    if sorted.count != vector.count { sorted = [Double](repeating: 0, count: vector.count) }
    for index in vector.indices { sorted[index] = vector[index] }
    sorted.sort(by: >)
    // Relative to the largest, so that a common shift costs no digits.
    let largest = sorted.first ?? 0
    var (sum, shift) = (0.0, 0.0)
    for (index, value) in sorted.enumerated() {
      sum += value - largest
      let candidate = (sum - 1) / Double(index + 1)
      if value - largest > candidate { shift = candidate }
    }
    for index in vector.indices { vector[index] = max(vector[index] - largest - shift, 0) }
  }
}
