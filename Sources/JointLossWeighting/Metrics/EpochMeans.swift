/// The sample-weighted means of the unweighted losses over an epoch, for ``WeightingStrategy/epochEnded(meanLosses:)``.
public struct EpochMeans: Sendable, Codable {
  private var sums: [Double]
  // In `Double`, like the sums: counts that a user writes must not overflow.
  private var samples = 0.0

  /// Creates empty means.
  ///
  /// - Parameter taskCount: the number of tasks.
  public init(taskCount: Int) {
    sums = [Double](repeating: 0, count: taskCount)
  }

  /// Adds the losses of a batch, without allocating.
  ///
  /// - Parameters:
  ///   - losses: the T mean losses over the batch.
  ///   - samples: the number of samples in the batch.
  public mutating func add(losses: [Double], samples: Int) {
    precondition(losses.count == sums.count, "\(losses.count) losses for \(sums.count) tasks")
    for task in sums.indices { sums[task] += losses[task] * Double(samples) }
    self.samples += Double(samples)
  }

  /// The T means, or nil if no sample was added.
  public var means: [Double]? {
    samples > 0 ? sums.map { $0 / samples } : nil
  }

  /// Forgets all batches, for the next epoch.
  public mutating func reset() {
    for task in sums.indices { sums[task] = 0 }
    samples = 0
  }
}
