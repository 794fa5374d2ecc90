/// Holm's step-down correction for several tests.
///
/// S. Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6,
/// 1979. It bounds the probability of any false rejection in the family, whatever the tests' dependence.
package enum Holm {
  /// Adjusted p-values: reject where the adjusted value is below the level.
  ///
  /// With p in ascending order, p̃(k) = max over j ≤ k of min(1, (m − j + 1) p(j)).
  ///
  /// - Parameter pValues: the p-values of the family's m tests.
  /// - Returns: the adjusted values, in the order given.
  package static func adjust(_ pValues: [Double]) -> [Double] {
    var adjusted = pValues
    var largest = 0.0
    let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
    for (position, index) in order.enumerated() {
      largest = max(largest, min(1, Double(pValues.count - position) * pValues[index]))
      adjusted[index] = largest
    }
    return adjusted
  }
}
