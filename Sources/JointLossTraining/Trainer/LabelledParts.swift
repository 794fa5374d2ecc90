import JointLossLinearAlgebra

/// Divides a batch into parts, each of which has labels of every task that the batch has, where it can be.
///
/// The parts are consecutive samples in the order of the batch. Where labels are missing from one of them, samples
/// change places: a search goes through the labels that parts lack, the rarest task first, and gives each to the sample
/// that brings the part most of what it lacks, the earliest of equals. Every other sample keeps the order of the batch.
/// The batch's order is random already, so nothing more is drawn.
final class LabelledParts<Scalar: TrainableScalar> {
  /// The samples that the search tries before it gives up.
  private static var mostTrials: Int { 10_000 }

  /// The number of parts.
  let count: Int
  private let taskCount: Int
  /// For each task, the samples of the batch that have a label.
  private var labelled: [Int]
  /// For each part and task, the samples with a label that the part was given.
  private var given: [Int]
  /// For each part, the samples that it still takes.
  private var room: [Int]
  /// For each sample of the batch, its part, or -1.
  private var parts: [Int]
  /// The samples in their new order.
  private var arranged: [Int]
  private var trials = 0

  init(count: Int, tasks: Int, batchSize: Int) {
    self.count = count
    taskCount = tasks
    labelled = [Int](repeating: 0, count: tasks)
    given = [Int](repeating: 0, count: count * tasks)
    room = [Int](repeating: 0, count: count)
    parts = [Int](repeating: -1, count: batchSize)
    arranged = parts
  }

  /// The samples of a part, of parts as equal as can be.
  static func range(_ part: Int, of count: Int, in samples: Range<Int>) -> Range<Int> {
    samples.lowerBound + part * samples.count / count..<samples.lowerBound + (part + 1) * samples.count
      / count
  }

  /// Reorders the samples of a batch where that gives every part its labels.
  ///
  /// - Parameters:
  ///   - order: samples of a data set, the batch among them.
  ///   - samples: where the batch lies in the order; not larger than the batch size.
  ///   - labels: samples of the data set × tasks: 0 where a label is missing.
  /// - Returns: whether it did. Else the order is as it was: nothing is missing, or nothing helps.
  func arrange(_ order: inout [Int], _ samples: Range<Int>, labels: MatrixView<Scalar>) -> Bool {
    guard samples.count >= count else { return false }
    for index in given.indices { given[index] = 0 }
    for task in labelled.indices { labelled[task] = 0 }
    for part in 0..<count {
      let range = Self.range(part, of: count, in: samples)
      room[part] = range.count
      for position in range { give(order[position], to: part, labels, 1) }
    }
    for part in 0..<count {
      for task in labelled.indices { labelled[task] += given[part * taskCount + task] }
    }
    guard firstLack() != nil, labelled.allSatisfy({ $0 == 0 || $0 >= count }) else { return false }

    for index in given.indices { given[index] = 0 }
    for index in 0..<samples.count { parts[index] = -1 }
    trials = 0
    guard fill(order, samples, labels) else { return false }
    var (position, part) = (0, 0)
    for index in 0..<samples.count where parts[index] < 0 {
      while room[part] == 0 { part += 1 }
      parts[index] = part
      room[part] -= 1
    }
    for part in 0..<count {
      for index in 0..<samples.count where parts[index] == part {
        arranged[position] = order[samples.lowerBound + index]
        position += 1
      }
    }
    for index in 0..<samples.count { order[samples.lowerBound + index] = arranged[index] }
    return true
  }

  /// Gives a part the labels of a sample, or with -1 takes them away.
  private func give(_ sample: Int, to part: Int, _ labels: MatrixView<Scalar>, _ sign: Int) {
    for task in 0..<taskCount where labels[sample, task] != 0 { given[part * taskCount + task] += sign }
  }

  private func lacks(_ part: Int, _ task: Int) -> Bool {
    labelled[task] > 0 && given[part * taskCount + task] == 0
  }

  /// The rarest task that a part lacks, and the part.
  private func firstLack() -> (part: Int, task: Int)? {
    var result: (part: Int, task: Int)?
    for part in 0..<count {
      for task in 0..<taskCount where lacks(part, task) {
        if let rarest = result?.task, labelled[rarest] <= labelled[task] { continue }
        result = (part, task)
      }
    }
    return result
  }

  /// Gives parts what they lack, one sample after the other; goes back where that leads nowhere.
  private func fill(_ order: [Int], _ samples: Range<Int>, _ labels: MatrixView<Scalar>) -> Bool {
    guard let (part, task) = firstLack() else { return true }
    guard room[part] > 0 else { return false }
    var last = (gain: taskCount + 1, index: -1)
    while true {
      var best = (gain: 0, index: -1)
      for index in 0..<samples.count where parts[index] < 0 {
        let sample = order[samples.lowerBound + index]
        guard labels[sample, task] != 0 else { continue }
        var gain = 0
        for other in 0..<taskCount where lacks(part, other) && labels[sample, other] != 0 { gain += 1 }
        let isUntried = gain < last.gain || gain == last.gain && index > last.index
        if isUntried && gain > best.gain { best = (gain, index) }
      }
      guard best.index >= 0, trials < Self.mostTrials else { return false }
      trials += 1
      let sample = order[samples.lowerBound + best.index]
      parts[best.index] = part
      room[part] -= 1
      give(sample, to: part, labels, 1)
      if fill(order, samples, labels) { return true }
      give(sample, to: part, labels, -1)
      room[part] += 1
      parts[best.index] = -1
      last = best
    }
  }
}
