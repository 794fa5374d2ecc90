import JointLossWeighting

/// The sums behind an ``EpochSummary``.
struct EpochTally: Codable {
  private var means: EpochMeans
  private var weightSums: [Double]
  private var steps = 0
  private var conflictSum = 0.0
  private var conflictSteps = 0
  private var clippedSteps: Int?
  private var directionNorm: RunningMean?
  private var certificate: SolverCertificate?
  /// The steps with each intervention, by its position; nil in a checkpoint from before they were counted.
  ///
  /// Of a fixed size, so that counting allocates nothing, and in `Double`, which a count read from a file cannot
  /// overflow.
  private var interventionSteps: SIMD8<Double>? = .zero
  private var seconds: [Double] = []

  private struct RunningMean: Codable {
    private(set) var value = 0.0
    private(set) var count = 0

    mutating func add(_ number: Double) {
      count += 1
      // Unlike a sum this stays in the range of the numbers.
      value += (number - value) / Double(count)
    }
  }

  init(taskCount: Int) {
    means = EpochMeans(taskCount: taskCount)
    weightSums = [Double](repeating: 0, count: taskCount)
  }

  var taskCount: Int { weightSums.count }

  /// Makes room for the times of the steps to come, so that a step allocates nothing.
  mutating func reserve(steps: Int) { seconds.reserveCapacity(steps) }

  /// Adds a step: for each task the loss over its labelled samples, its weight, and the number of these samples.
  mutating func add(losses: [Double], weights: [Double], labelled: [Int]) {
    for task in losses.indices {
      means.add(losses[task], of: task, samples: labelled[task])
      weightSums[task] += weights[task]
    }
    steps += 1
  }

  /// Counts a step whose gradient might have been clipped.
  mutating func add(isClipped: Bool) { clippedSteps = (clippedSteps ?? 0) + (isClipped ? 1 : 0) }

  /// Adds the norm of a step's shared gradient; one beyond the range counts as unknown.
  mutating func add(directionNorm norm: Double) {
    guard norm.isFinite else { return }
    var mean = directionNorm ?? RunningMean()
    mean.add(norm)
    directionNorm = mean
  }

  /// Adds what a step's solver proved.
  mutating func add(_ certificate: SolverCertificate) {
    self.certificate = self.certificate?.merged(with: certificate) ?? certificate
  }

  /// Counts what the rule did in a step, to whichever tasks, and the ridge of its solver.
  mutating func add(_ interventions: Interventions?, ridge: Double) {
    var bits = interventions?.union ?? 0
    if ridge > 0 { bits |= Intervention.ridge.bit }
    guard bits != 0 else { return }
    var counts = interventionSteps ?? .zero
    for position in 0..<counts.scalarCount where bits & (1 << position) != 0 { counts[position] += 1 }
    interventionSteps = counts
  }

  /// The share of the steps with each intervention that occurred; nil where none did.
  private var interventionShares: [Intervention: Double]? {
    guard let counts = interventionSteps, counts != .zero else { return nil }
    return Intervention.allCases.reduce(into: [:]) { shares, intervention in
      let count = counts[intervention.position]
      if count > 0 { shares[intervention] = count / Double(steps) }
    }
  }

  mutating func add(seconds: Double) { self.seconds.append(seconds) }

  /// Counts the conflicts among the tasks that have labels; one task has no pair.
  mutating func add(_ gramian: Gramian, present: [Bool]?) {
    var (conflicts, pairs) = (0, 0)
    for i in 0..<gramian.taskCount where present?[i] ?? true {
      for j in i + 1..<gramian.taskCount where present?[j] ?? true {
        pairs += 1
        if gramian[i, j] < 0 { conflicts += 1 }
      }
    }
    guard pairs > 0 else { return }
    conflictSum += Double(conflicts) / Double(pairs)
    conflictSteps += 1
  }

  /// What cannot be in sums that were read from a file: the field and its value; nil as a rule.
  var defect: (key: String, value: String)? {
    let counts = [
      ("conflictSteps", conflictSteps), ("clippedSteps", clippedSteps ?? 0),
      ("directionNorm.count", directionNorm?.count ?? 0),
    ]
    guard (0...StrategyState.largestCount).contains(steps) else { return ("steps", "\(steps)") }
    for (key, count) in counts where !(0...steps).contains(count) {
      return (key, "\(count) of \(steps) steps")
    }
    guard means.taskCount == taskCount else { return ("means", "of \(means.taskCount) tasks") }
    guard weightSums.allSatisfy(\.isFinite) else { return ("weightSums", "not finite") }
    guard (0...Double(steps)).contains(conflictSum) else { return ("conflictSum", "\(conflictSum)") }
    let interventions = interventionSteps ?? .zero
    for position in 0..<interventions.scalarCount
    where !(0...Double(steps)).contains(interventions[position]) {
      return ("interventionSteps", "\(interventions[position]) of \(steps) steps")
    }
    if let norm = directionNorm?.value, !(norm >= 0 && norm.isFinite) { return ("directionNorm", "\(norm)") }
    if let defect = certificate?.defect { return ("certificate", "one with \(defect.phrase)") }
    guard seconds.allSatisfy({ $0 >= 0 && $0.isFinite }) else { return ("seconds", "not a time") }
    return nil
  }

  /// The summary; nil before the first step with a label.
  var summary: EpochSummary? {
    guard let meanLosses = means.means else { return nil }
    return EpochSummary(
      meanLosses: meanLosses, meanWeights: weightSums.map { $0 / Double(steps) },
      stepSeconds: seconds, seenConflictRate: conflictSteps > 0 ? conflictSum / Double(conflictSteps) : nil,
      clippedShare: clippedSteps.map { Double($0) / Double(steps) }, directionNorm: directionNorm?.value,
      certificate: certificate, interventionShares: interventionShares)
  }
}
