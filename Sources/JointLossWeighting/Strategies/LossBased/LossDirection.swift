/// Where a vector of losses lies to a vector of preferences, without overflow: for COSMOS and PBI.
struct LossDirection {
  /// ‖L‖.
  let norm: Double
  /// ‖p‖.
  let preferenceNorm: Double
  /// cos(L, p); 0 where L is 0.
  let cosine: Double

  /// Measures.
  ///
  /// - Parameters:
  ///   - losses: T finite values.
  ///   - preferences: T values of at least 0, not all 0.
  ///   - reference: what is taken off every loss.
  init(_ losses: [Double], preferences: [Double], reference: Double = 0) {
    var largest = 0.0
    for loss in losses { largest = max(largest, abs(loss - reference)) }
    var (square, preferenceSquare, product) = (0.0, 0.0, 0.0)
    for (task, loss) in losses.enumerated() {
      let part = largest > 0 ? (loss - reference) / largest : 0
      square += part * part
      preferenceSquare += preferences[task] * preferences[task]
      product += part * preferences[task]
    }
    norm = largest * square.squareRoot()
    preferenceNorm = preferenceSquare.squareRoot()
    cosine = largest > 0 ? product / square.squareRoot() / preferenceNorm : 0
  }
}
