import JointLossWeighting

/// The sums behind an ``EpochSummary``.
struct EpochTally {
  private var lossSums: [Double]
  private var weightSums: [Double]
  private var samples = 0
  private var steps = 0
  private var conflictSum = 0.0
  private var conflictSteps = 0
  private var clippedSteps: Int?
  private var seconds: [Double] = []

  init(taskCount: Int) {
    lossSums = [Double](repeating: 0, count: taskCount)
    weightSums = lossSums
  }

  /// Makes room for the times of the steps to come, so that a step allocates nothing.
  mutating func reserve(steps: Int) { seconds.reserveCapacity(steps) }

  mutating func add(losses: [Double], weights: [Double], samples: Int) {
    for task in losses.indices {
      lossSums[task] += Double(samples) * losses[task]
      weightSums[task] += weights[task]
    }
    self.samples += samples
    steps += 1
  }

  /// Counts a step whose gradient might have been clipped.
  mutating func add(isClipped: Bool) { clippedSteps = (clippedSteps ?? 0) + (isClipped ? 1 : 0) }

  mutating func add(seconds: Double) { self.seconds.append(seconds) }

  /// Counts the conflicts of a Gramian; one task has no pair.
  mutating func add(_ gramian: Gramian) {
    let tasks = gramian.taskCount
    guard tasks > 1 else { return }
    var conflicts = 0
    for i in 0..<tasks {
      for j in i + 1..<tasks where gramian[i, j] < 0 { conflicts += 1 }
    }
    conflictSum += Double(conflicts) / Double(tasks * (tasks - 1) / 2)
    conflictSteps += 1
  }

  /// The summary; nil before the first step.
  var summary: EpochSummary? {
    guard steps > 0 else { return nil }
    return EpochSummary(
      meanLosses: lossSums.map { $0 / Double(samples) }, meanWeights: weightSums.map { $0 / Double(steps) },
      stepSeconds: seconds, seenConflictRate: conflictSteps > 0 ? conflictSum / Double(conflictSteps) : nil,
      clippedShare: clippedSteps.map { Double($0) / Double(steps) })
  }
}
