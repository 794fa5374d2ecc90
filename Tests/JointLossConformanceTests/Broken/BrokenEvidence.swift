import JointLossWeighting

// Strategies that read, accept or refuse the wrong evidence.

/// As many weights as losses, whatever the number of tasks at the start.
struct AnyNumber: WeightingStrategy {
  static let descriptor = broken("any-number")
  init(_ setup: StrategySetup) {}
  func weights(for evidence: LossEvidence) -> TaskWeights { losses(evidence.losses.map { 1 / (1 + $0) }) }
}

/// Cannot be created for more than ten tasks.
struct TenAtMost: WeightingStrategy {
  static let descriptor = broken("ten-at-most")
  private let taskCount: Int
  init(_ setup: StrategySetup) throws(WeightingError) {
    guard setup.taskCount <= 10 else { throw WeightingError(.taskCount, "too many tasks") }
    taskCount = setup.taskCount
  }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: 1, count: taskCount))
  }
}

/// Evidence that declares losses, and takes the Gramian where it finds one.
struct GreedyEvidence: TaskEvidence {
  static let need = EvidenceNeed.losses
  let taskCount: Int
  let norm: Double
  init(observing observation: StepObservation) throws(WeightingError) {
    taskCount = try LossEvidence(observing: observation).taskCount
    norm = min(observation.gramian?.norm(of: 0) ?? 0, 1)
  }
}

/// Reads what it does not declare.
struct Greedy: WeightingStrategy {
  static let descriptor = broken("greedy", promises: StrategyPromises(taskOrder: .matters))
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GreedyEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: 1 + evidence.norm, count: taskCount))
  }
}

/// Evidence that checks nothing.
struct UncheckedEvidence: TaskEvidence {
  static let need = EvidenceNeed.losses
  let losses: [Double]
  var taskCount: Int { losses.count }
  init(observing observation: StepObservation) { losses = observation.losses }
}

/// Takes a loss of NaN.
struct Credulous: WeightingStrategy {
  static let descriptor = broken("credulous")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: UncheckedEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights(evidence.losses.map { 1 / (1 + $0) })
  }
}

/// Says that it will not look at every other step's gradients, and looks.
struct Peeking: WeightingStrategy {
  static let descriptor = broken("peeking")
  private let taskCount: Int
  private var step = 0
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func readsGradients(present: [Bool]?) -> Bool { step % 2 == 0 }
  mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    step += 1
    return losses((0..<taskCount).map { 1 + min(evidence.gramian.norm(of: $0), 1) })
  }
}

/// Remembers for later what it said it would not look at: the weights of that step are right.
struct PeekingAhead: WeightingStrategy {
  static let descriptor = broken("peeking-ahead")
  private var step = 0
  private var kept: [Double]
  init(_ setup: StrategySetup) { kept = [Double](repeating: 1, count: setup.taskCount) }
  func readsGradients(present: [Bool]?) -> Bool { step % 2 == 0 }
  mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: kept.count, by: Self.descriptor.name)
    let weights = losses(kept)
    kept = kept.indices.map { 1 + min(evidence.gramian.norm(of: $0), 1) }
    step += 1
    return weights
  }
}

/// A rule that keeps its weights for some tasks, and does not say that it needs new ones for another.
struct Unprepared: WeightingStrategy {
  static let descriptor = broken("unprepared")
  static let weighsAbsentTasks = true
  private var kept: [Double]
  private var step = 0
  init(_ setup: StrategySetup) { kept = [Double](repeating: 0, count: setup.taskCount) }
  func readsGradients(present: [Bool]?) -> Bool { step == 0 }
  mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: kept.count, by: Self.descriptor.name)
    step += 1
    for task in kept.indices where evidence.isPresent(task) && kept[task] == 0 {
      kept[task] = 1 + min(evidence.gramian.norm(of: task), 1)
    }
    return losses(kept)
  }
}
