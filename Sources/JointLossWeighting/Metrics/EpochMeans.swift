/// The sample-weighted means of the unweighted losses over an epoch, for ``WeightingStrategy/epochEnded(meanLosses:)``.
public struct EpochMeans: Sendable, Codable {
  private var sums: [Double]
  /// For each task, the number of its labelled samples.
  ///
  /// In `Double`, like the sums: counts that a user writes must not overflow.
  private var samples: [Double]

  /// Creates empty means.
  ///
  /// - Parameter taskCount: the number of tasks.
  public init(taskCount: Int) {
    sums = [Double](repeating: 0, count: taskCount)
    samples = sums
  }

  /// Decodes means.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, also if there are not as many counts as sums, or a count or sum is out of bounds.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sums = try container.decode([Double].self, forKey: .sums)
    samples = try container.decode([Double].self, forKey: .samples)
    let reason =
      sums.count == samples.count
      ? defect : "there are \(samples.count) counts of samples for \(sums.count) sums"
    if let reason {
      throw DecodingError.dataCorruptedError(forKey: .samples, in: container, debugDescription: reason)
    }
  }

  /// A sum or count that means cannot be taken of any more, in words; nil where there is none.
  package var defect: String? {
    for task in sums.indices {
      // 2^53: beyond it a Double no longer counts.
      guard (0...0x1p53).contains(samples[task]) else {
        return "the samples of task \(task) in this epoch are \(samples[task]), not in 0 ... 2^53"
      }
      guard sums[task].isFinite else {
        return "the sum of the losses of task \(task) in this epoch overflows"
      }
    }
    return nil
  }

  /// The number of tasks.
  package var taskCount: Int { sums.count }

  /// Adds the losses of a batch, without allocating.
  ///
  /// - Parameters:
  ///   - losses: the T mean losses over the batch.
  ///   - samples: the number of samples in the batch, all labelled for every task.
  public mutating func add(losses: [Double], samples: Int) {
    precondition(losses.count == sums.count, "\(losses.count) losses for \(sums.count) tasks")
    for task in sums.indices { add(losses[task], of: task, samples: samples) }
  }

  /// Adds the loss of one task on a batch, without allocating.
  ///
  /// - Parameters:
  ///   - loss: the mean loss over the task's labelled samples.
  ///   - task: the task's index.
  ///   - samples: the number of these samples; with 0 nothing is added.
  public mutating func add(_ loss: Double, of task: Int, samples: Int) {
    guard samples > 0 else { return }
    sums[task] += Double(samples) * loss
    self.samples[task] += Double(samples)
  }

  /// The T means, not a number for a task without a labelled sample; nil if no task has one.
  public var means: [Double]? {
    guard samples.contains(where: { $0 > 0 }) else { return nil }
    return zip(sums, samples).map { $1 > 0 ? $0 / $1 : .nan }
  }

  /// Forgets all batches, for the next epoch.
  public mutating func reset() {
    for task in sums.indices { (sums[task], samples[task]) = (0, 0) }
  }
}
