/// Where a vector of losses lies to a vector of preferences, without overflow: for COSMOS and PBI.
struct LossDirection {
  /// ‖L‖.
  let norm: Double
  /// ‖p‖; 1 where p is 0.
  let preferenceNorm: Double
  /// cos(L, p); 0 where L is 0.
  let cosine: Double

  /// Measures.
  ///
  /// - Parameters:
  ///   - losses: T finite values.
  ///   - preferences: T values of at least 0, not all 0.
  ///   - reference: what is taken off every loss.
  ///   - present: which tasks count, at least one; nil for all.
  init(_ losses: [Double], preferences: [Double], reference: Double = 0, present: [Bool]? = nil) {
    var largest = 0.0
    for (task, loss) in losses.enumerated() where present?[task] ?? true {
      largest = max(largest, abs(loss - reference))
    }
    var (square, preferenceSquare, product) = (0.0, 0.0, 0.0)
    for (task, loss) in losses.enumerated() where present?[task] ?? true {
      let part = largest > 0 ? (loss - reference) / largest : 0
      square += part * part
      preferenceSquare += preferences[task] * preferences[task]
      product += part * preferences[task]
    }
    norm = largest * square.squareRoot()
    // All present tasks may have the preference 0: no direction, and a cosine of 0.
    preferenceNorm = preferenceSquare > 0 ? preferenceSquare.squareRoot() : 1
    cosine = largest > 0 ? product / square.squareRoot() / preferenceNorm : 0
  }
}
