import JointLossLinearAlgebra
import JointLossWeighting
import Synchronization

// Strategies whose state is not all in their value, or should not be there.

/// A step counter outside the value, set to 0 whenever training starts.
struct HiddenCounter: WeightingStrategy {
  static let about = broken("hidden-counter")
  private static let steps = Mutex(0)
  func start(taskCount: Int) { Self.steps.withLock { $0 = 0 } }
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    let count = Self.steps.withLock { steps in
      steps += 1
      return steps
    }
    return losses([Double](repeating: 1 + 1 / Double(count), count: step.taskCount))
  }
}

/// A generator that all instances share, seeded by the first step of the last that began.
struct SharedGenerator: WeightingStrategy {
  static let about = broken(
    "shared-generator", promises: [.order(.inDistribution)])
  private static let stream = Mutex(PhiloxStream(seed: 0, purpose: "shared"))
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    if step.index == 0 { Self.stream.withLock { $0 = step.random } }
    return losses((0..<step.taskCount).map { _ in Self.stream.withLock { 0.5 + $0.uniform() } })
  }
}

/// The step count is not encoded.
struct Forgetful: WeightingStrategy {
  static let about = broken("forgetful")
  private var steps = 0
  private enum CodingKeys: CodingKey {}
  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    steps += 1
    return losses([Double](repeating: 1 / Double(steps), count: step.taskCount))
  }
}

/// The weights of the step before, from a rule that promises to have no memory.
struct OneStepLate: WeightingStrategy {
  static let about = broken("one-step-late", promises: [.memoryless])
  private var next: [Double] = []
  mutating func start(taskCount: Int) { next = [Double](repeating: 1, count: taskCount) }
  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    defer { next = step.losses.map { 1 / (1 + $0) } }
    return losses(next)
  }
}

/// Counts a step before it refuses it.
struct CountsRefusals: WeightingStrategy {
  static let about = broken("counts-refusals")
  private var steps = 0
  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    steps += 1
    if let task = step.losses.firstIndex(where: { $0 < 0 }) {
      throw WeightingError(.domain, "a negative loss", task: task)
    }
    return losses([Double](repeating: 1 / Double(steps), count: step.taskCount))
  }
}

/// Draws from the system's generator.
struct Unseeded: WeightingStrategy {
  static let about = broken("unseeded", promises: [.order(.matters)])
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses((0..<step.taskCount).map { _ in Double.random(in: 0.5...1.5) })
  }
}

/// Keeps every loss it has seen.
struct Hoarder: WeightingStrategy {
  static let about = broken("hoarder")
  private var history: [[Double]] = []
  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    history.append(step.losses)
    return losses(
      (0..<step.taskCount).map { task in
        Double(history.count) / history.reduce(1e-3) { $0 + min($1[task], 1e3) }
      })
  }
}
