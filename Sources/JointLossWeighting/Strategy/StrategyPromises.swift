/// What a strategy promises for every input: `jointloss check` and the conformance kit hold it to that.
///
/// The default promises nothing beyond what every strategy must do, and that permuted tasks get permuted
/// weights.
public struct StrategyPromises: Sendable, Hashable {
  /// What the weights of a step sum to.
  public enum WeightSum: String, Sendable, Hashable, CaseIterable {
    /// Whatever the rule makes of it.
    case free
    /// The number of tasks.
    case tasks = "T"
    /// One.
    case one = "1"
    /// The number of tasks or more.
    case atLeastTasks = "≥ T"
    /// One or more.
    case atLeastOne = "≥ 1"
    /// One, or 0 where the rule has no solution.
    case oneOrZero = "1 or 0"
  }

  /// What becomes of the weights when the tasks are listed in another order.
  public enum TaskOrder: String, Sendable, Hashable, CaseIterable {
    /// They are permuted with the tasks.
    case equivariant = "no matter"
    /// The direction is the same: of the several weights that dependent gradients have for it, one is returned, and
    /// which depends on the order. Independent gradients leave no choice.
    case equivariantDirection = "no matter for the direction"
    /// They are permuted with the tasks where one answer is best. Of several as good (of dependent gradients, of
    /// equal scores) one is taken, which depends on the order.
    case withoutTies = "no matter where one answer is best"
    /// They are permuted in distribution: the rule draws at random.
    case inDistribution = "no matter in distribution"
    /// The rule depends on the order.
    case matters
  }

  /// What the weights of a step sum to.
  public var weightSum = WeightSum.free
  /// Whether no weight is negative.
  public var hasNonNegativeWeights = false
  /// Whether no task ascends along the direction: g_t·Σ w_s g_s ≥ 0 for all t.
  public var isNonConflicting = false
  /// The power k with `w(cL) = c^k w(L)` when all losses, and so their gradients, are multiplied by c > 0; nil
  /// if none is promised.
  ///
  /// A direction is then multiplied by c^(k+1), an update by c^k.
  public var scaleDegree: Double?
  /// What becomes of the weights when the tasks are listed in another order.
  public var taskOrder = TaskOrder.equivariant
  /// Whether the weights of a step depend on that step alone, its draws included, and on no earlier one.
  public var isMemoryless = false

  /// Creates the promises of every strategy, and no more.
  public init() {}
}

extension StrategyPromises: ExpressibleByArrayLiteral {
  /// One promise of a list: `[.sum(.tasks), .nonNegative]`.
  public enum Promise: Sendable, Hashable {
    /// What the weights of a step sum to.
    case sum(WeightSum)
    /// No weight is negative.
    case nonNegative
    /// No task ascends along the direction.
    case nonConflicting
    /// The power of the losses' common scale in the weights: ``StrategyPromises/scaleDegree``.
    case scaleDegree(Double)
    /// What becomes of the weights when the tasks are listed in another order.
    case order(TaskOrder)
    /// The weights of a step depend on that step alone.
    case memoryless
  }

  /// Creates promises from a list; what is not in it is not promised.
  ///
  /// - Parameter promises: the list.
  public init(arrayLiteral promises: Promise...) {
    self.init()
    for promise in promises {
      switch promise {
      case .sum(let sum): weightSum = sum
      case .nonNegative: hasNonNegativeWeights = true
      case .nonConflicting: isNonConflicting = true
      case .scaleDegree(let degree): scaleDegree = degree
      case .order(let order): taskOrder = order
      case .memoryless: isMemoryless = true
      }
    }
  }
}
