import JointLossLinearAlgebra
import JointLossWeighting
import Synchronization

// Strategies whose state is not all in their value, or should not be there.

/// A step counter outside the value, set to 0 by every initialiser.
struct HiddenCounter: WeightingStrategy {
  static let descriptor = broken("hidden-counter")
  private static let steps = Mutex(0)
  private let taskCount: Int
  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    Self.steps.withLock { $0 = 0 }
  }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let step = Self.steps.withLock { steps in
      steps += 1
      return steps
    }
    return losses([Double](repeating: 1 + 1 / Double(step), count: taskCount))
  }
}

/// A generator that all instances share, seeded by the last that was created.
struct SharedGenerator: WeightingStrategy {
  static let descriptor = broken(
    "shared-generator", promises: StrategyPromises(taskOrder: .inDistribution))
  private static let stream = Mutex(PhiloxStream(seed: 0, purpose: "shared"))
  private let taskCount: Int
  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    Self.stream.withLock { $0 = setup.stream }
  }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses((0..<taskCount).map { _ in Self.stream.withLock { 0.5 + $0.uniform() } })
  }
}

/// The step count is not encoded.
struct Forgetful: WeightingStrategy {
  static let descriptor = broken("forgetful")
  private let taskCount: Int
  private var steps = 0
  private enum CodingKeys: CodingKey { case taskCount }
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    steps += 1
    return losses([Double](repeating: 1 / Double(steps), count: taskCount))
  }
}

/// The weights of the step before, from a rule that promises to have no memory.
struct OneStepLate: WeightingStrategy {
  static let descriptor = broken("one-step-late", promises: StrategyPromises(isMemoryless: true))
  private let taskCount: Int
  private var next: [Double]
  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    next = [Double](repeating: 1, count: setup.taskCount)
  }
  mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    defer { next = evidence.losses.map { 1 / (1 + $0) } }
    return losses(next)
  }
}

/// Counts a step before it refuses it.
struct CountsRefusals: WeightingStrategy {
  static let descriptor = broken("counts-refusals")
  private let taskCount: Int
  private var steps = 0
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    steps += 1
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: 1 / Double(steps), count: taskCount))
  }
}

/// Draws from the system's generator.
struct Unseeded: WeightingStrategy {
  static let descriptor = broken("unseeded", promises: StrategyPromises(taskOrder: .matters))
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses((0..<taskCount).map { _ in Double.random(in: 0.5...1.5) })
  }
}

/// Keeps every loss it has seen.
struct Hoarder: WeightingStrategy {
  static let descriptor = broken("hoarder")
  private let taskCount: Int
  private var history: [[Double]] = []
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    history.append(evidence.losses)
    return losses(
      (0..<taskCount).map { task in
        Double(history.count) / history.reduce(1e-3) { $0 + min($1[task], 1e3) }
      })
  }
}
