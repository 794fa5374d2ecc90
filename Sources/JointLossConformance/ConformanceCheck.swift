import JointLossWeighting

/// What is checked of a strategy, one fault each.
public enum ConformanceCheck: String, Sendable, Hashable, CaseIterable {
  /// It can be created for 1, 2, 3 … 50 tasks.
  case creation
  /// Weights are finite for zero, huge, tiny, identical, opposite and dependent gradients, and for losses of 0.
  case finiteWeights = "finite-weights"
  /// There are as many weights as tasks.
  case weightCount = "weight-count"
  /// The weights apply where the descriptor says.
  case application
  /// Where a solver is behind the weights, its residual is small, and what it certifies are numbers.
  case certificate
  /// A task alone is trained on its own gradient: its weight is positive, a direction is a positive multiple of the
  /// gradient, and an update has a positive product with it.
  case singleTask = "single-task"
  /// The same seed and the same steps give the same bits.
  case determinism
  /// A strategy is not disturbed by another of its type that runs beside it.
  case isolation
  /// A strategy encoded and decoded in mid-run goes on with the same bits.
  case resume
  /// The encoded state does not grow with the number of steps.
  case stateSize = "state-size"
  /// A thrown error leaves the state as it was.
  case errorKeepsState = "error-keeps-state"
  /// Evidence that is not finite is refused.
  case nonFiniteEvidence = "non-finite-evidence"
  /// The weights are the same if the step holds nothing but what the strategy declares to read.
  case declaredEvidence = "declared-evidence"
  /// Gradients that the strategy says it will not read do not matter.
  case skippedGradients = "skipped-gradients"
  /// Permuted tasks have permuted weights: always, in the direction alone, without ties or in distribution, as the
  /// strategy promises.
  case taskOrder = "task-order"
  /// Where claimed: earlier steps do not matter.
  case memory
  /// Where claimed: the sum of the weights.
  case weightSum = "weight-sum"
  /// Where claimed: no weight is negative.
  case sign
  /// Where claimed: `w(cL) = c^k w(L)`.
  case scaleLaw = "scale-law"
  /// Where claimed: no task ascends along the direction.
  case nonConflict = "non-conflict"

  /// What a strategy that passes does, in one sentence.
  public var summary: String {
    switch self {
    case .creation: "it can be created for 1 to 50 tasks"
    case .finiteWeights: "finite weights for zero, huge, tiny, identical, opposite and dependent gradients"
    case .weightCount: "as many weights as tasks"
    case .application: "weights apply where the descriptor says"
    case .certificate: "a solver's residual is at most 1e-9, where there is one"
    case .singleTask: "a task alone is trained along its own gradient"
    case .determinism: "the same seed gives the same bits"
    case .isolation: "another instance beside it changes nothing"
    case .resume: "saving and loading in mid-run changes nothing"
    case .stateSize: "the state does not grow with the steps"
    case .errorKeepsState: "a thrown error leaves the state as it was"
    case .nonFiniteEvidence: "NaN and infinity are refused"
    case .declaredEvidence: "what it declares to read is all it needs"
    case .skippedGradients: "gradients that it says it will not read do not matter"
    case .taskOrder: "permuted tasks have permuted weights"
    case .memory: "earlier steps do not matter"
    case .weightSum: "the weights have the claimed sum"
    case .sign: "no weight is negative"
    case .scaleLaw: "the weights follow the claimed power of the losses' scale"
    case .nonConflict: "no task ascends along the direction"
    }
  }

  /// Whether a strategy with these promises is held to the check.
  func applies(to promises: StrategyPromises) -> Bool {
    switch self {
    case .taskOrder: promises.taskOrder != .matters
    case .memory: promises.isMemoryless
    case .weightSum: promises.weightSum != .free
    case .sign: promises.hasNonNegativeWeights
    case .scaleLaw: promises.scaleDegree != nil
    case .nonConflict: promises.isNonConflicting
    default: true
    }
  }
}
