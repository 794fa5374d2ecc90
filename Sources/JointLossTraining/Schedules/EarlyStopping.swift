/// When training ends because the validation loss no longer improves.
///
/// It reads the validation split and nothing else: never training losses, never a strategy's objective.
public struct EarlyStopping: Codable, Hashable, Sendable {
  /// The epochs without improvement after which training ends, at least 1.
  public let patience: Int
  /// How far a loss must be below the best one so far to count as an improvement, at least 0.
  public let minimumImprovement: Double

  /// Creates a rule.
  ///
  /// - Parameters:
  ///   - patience: the epochs without improvement after which training ends, at least 1.
  ///   - minimumImprovement: how far below the best loss an improvement is, at least 0.
  /// - Throws: ``TrainingError`` with the code `configuration` if a number makes no sense.
  public init(patience: Int, minimumImprovement: Double = 0) throws(TrainingError) {
    guard patience >= 1 else {
      throw TrainingError(
        .configuration, "early stopping needs a patience of at least one epoch, not \(patience)")
    }
    guard minimumImprovement >= 0, minimumImprovement.isFinite else {
      throw TrainingError(
        .configuration,
        "early stopping needs a finite minimum improvement of at least 0, not \(minimumImprovement)")
    }
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  /// Decodes a rule.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, or ``TrainingError`` if the numbers make no sense.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      patience: container.decode(Int.self, forKey: .patience),
      minimumImprovement: container.decode(Double.self, forKey: .minimumImprovement))
  }

  /// Whether training has ended.
  ///
  /// - Parameter validation: the validation loss before training and after each epoch, smaller is better.
  /// - Returns: whether the last ``patience`` epochs brought no improvement.
  public func ends(validation: [Double]) -> Bool {
    guard var best = validation.first else { return false }
    var waited = 0
    for loss in validation.dropFirst() {
      if loss < best - minimumImprovement {
        (best, waited) = (loss, 0)
      } else {
        waited += 1
      }
    }
    return waited >= patience
  }
}
