/// The last 2W losses of each task, of which the later W are compared with the earlier W.
struct LossWindows: Codable, Sendable {
  private let length: Int
  /// How many losses a task must have for its ratio to be taken.
  private let needed: Int
  /// 2W losses a task, in a ring: the next one comes at the place of the oldest.
  private var losses: [Double]
  private var counts: [Int]

  /// Creates windows that hold ones.
  ///
  /// - Parameters:
  ///   - taskCount: the number of tasks.
  ///   - length: W.
  ///   - countsOnes: whether the ones that are there at first are compared with, from loss W + 2 on as in the code of
  ///     Nash-MTL; else both windows must be full of losses.
  init(taskCount: Int, length: Int, countsOnes: Bool) {
    self.length = length
    needed = countsOnes ? length + 2 : 2 * length
    losses = [Double](repeating: 1, count: 2 * length * taskCount)
    counts = [Int](repeating: 0, count: taskCount)
  }

  /// Takes in a task's loss.
  ///
  /// - Parameters:
  ///   - loss: the loss.
  ///   - task: the task's index.
  /// - Returns: the sums of both windows; nil where too few losses have come.
  mutating func add(_ loss: Double, of task: Int) -> (later: Double, earlier: Double)? {
    let start = 2 * length * task
    losses[start + counts[task] % (2 * length)] = loss
    counts[task] += 1
    guard counts[task] >= needed else { return nil }
    var (later, earlier) = (0.0, 0.0)
    for age in 0..<length {
      // The ring's places before the next one, youngest first; 2W are added to stay above 0.
      let newest = counts[task] % (2 * length) + 2 * length - 1
      later += losses[start + (newest - age) % (2 * length)]
      earlier += losses[start + (newest - length - age) % (2 * length)]
    }
    return (later, earlier)
  }
}
