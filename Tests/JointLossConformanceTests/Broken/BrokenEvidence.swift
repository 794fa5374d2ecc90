import JointLossWeighting

// Strategies that read, accept or refuse the wrong evidence.

/// Cannot be created for more than ten tasks.
struct TenAtMost: WeightingStrategy {
  static let about = broken("ten-at-most")
  func start(taskCount: Int) throws(WeightingError) {
    guard taskCount <= 10 else { throw WeightingError(.taskCount, "too many tasks") }
  }
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses([Double](repeating: 1, count: step.taskCount))
  }
}

/// Gradients that declare none, and take the Gramian where there is one.
struct GreedyGradients: GradientEvidence {
  static let need = EvidenceNeed.losses
  let norm: Double
  init(observing observation: StepObservation) { norm = min(observation.gramian?.norm(of: 0) ?? 0, 1) }
}

/// Reads what it does not declare.
struct Greedy: WeightingStrategy {
  static let about = broken("greedy", promises: [.order(.matters)])
  func weights(for step: Step<GreedyGradients>) -> TaskWeights {
    losses([Double](repeating: 1 + step.gradients.norm, count: step.taskCount))
  }
}

/// Norms that nobody has checked.
struct UncheckedNorms: GradientEvidence {
  static let need = EvidenceNeed.gradientNorms
  let values: [Double]
  init(observing observation: StepObservation) {
    values =
      observation.gradientNorms ?? observation.gramian.map { gramian in
        (0..<gramian.taskCount).map { gramian.norm(of: $0) }
      } ?? observation.losses.map { _ in 0 }
  }
}

/// Takes a norm of NaN.
struct Credulous: WeightingStrategy {
  static let about = broken("credulous")
  func weights(for step: Step<UncheckedNorms>) -> TaskWeights {
    TaskWeights(step.gradients.values.map { $0.isFinite ? 1 / (1 + $0) : 0 })
  }
}

/// Says that it will not look at every other step's gradients, and looks.
struct Peeking: WeightingStrategy {
  static let about = broken("peeking")
  private var steps = 0
  func readsGradients(present: [Bool]?) -> Bool { steps % 2 == 0 }
  mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    steps += 1
    return losses((0..<step.taskCount).map { 1 + min(step.gramian.norm(of: $0), 1) })
  }
}

/// Remembers for later what it said it would not look at: the weights of that step are right.
struct PeekingAhead: WeightingStrategy {
  static let about = broken("peeking-ahead")
  private var steps = 0
  private var kept: [Double] = []
  mutating func start(taskCount: Int) { kept = [Double](repeating: 1, count: taskCount) }
  func readsGradients(present: [Bool]?) -> Bool { steps % 2 == 0 }
  mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let weights = losses(kept)
    kept = kept.indices.map { 1 + min(step.gramian.norm(of: $0), 1) }
    steps += 1
    return weights
  }
}

/// A rule that keeps its weights for some tasks, and does not say that it needs new ones for another.
struct Unprepared: WeightingStrategy {
  static let about = broken("unprepared")
  private var kept: [Double] = []
  private var steps = 0
  mutating func start(taskCount: Int) { kept = [Double](repeating: 0, count: taskCount) }
  func readsGradients(present: [Bool]?) -> Bool { steps == 0 }
  mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    steps += 1
    for task in kept.indices where step.isPresent(task) && kept[task] == 0 {
      kept[task] = 1 + min(step.gramian.norm(of: task), 1)
    }
    return losses(kept)
  }
}
