import JointLossWeighting

/// Chooses the epoch that is reported, by validation loss alone.
enum EpochSelection {
  /// For each task the index of its epoch, the earliest of equals; empty without epochs.
  ///
  /// A joint network has one epoch for all tasks: that of the smallest mean over tasks of the validation loss
  /// relative to epoch 0. Separate networks stop each on their own.
  static func epochs(
    of epochs: [RunRecord.Epoch], arrangement: StrategyDescription.Arrangement
  ) -> [Int] {
    guard let untrained = epochs.first else { return [] }
    let tasks = untrained.validation.indices
    switch arrangement {
    case .separate:
      return tasks.map { task in smallest(epochs.map { $0.validation[task] }) }
    case .joint:
      let chosen = smallest(epochs.map { score(of: $0.validation, untrained: untrained.validation) })
      return tasks.map { _ in chosen }
    }
  }

  /// The mean over tasks of the validation loss relative to that before training: smaller is better.
  static func score(of losses: [Double], untrained: [Double]) -> Double {
    // A loss that starts at 0 must not make the ratio undefined.
    zip(losses, untrained).map { $0 / max($1, .leastNormalMagnitude) }.reduce(0, +) / Double(losses.count)
  }

  private static func smallest(_ values: [Double]) -> Int {
    values.indices.min { values[$0] < values[$1] } ?? 0
  }
}
