/// Weighs the losses by constants of the user's own: fixed scalarization.
///
/// In the paper weights found by a search are the baseline that adaptive rules have to beat. A weight of 0 is allowed,
/// although it leaves that task's head at its initial values.
public struct FixedWeighting: WeightingStrategy {
  /// Name, paper, formula and promises.
  public static let about = StrategyDescription(
    "fixed", "fixed weights",
    citation: Citation(
      "D. Xin, B. Ghorbani, A. Garg, O. Firat, J. Gilmer, Do Current Multi-Task Optimization Methods in Deep "
        + "Learning Even Help?, NeurIPS 2022",
      link: "https://arxiv.org/abs/2209.11379"),
    formula: "w_t = the t-th of the given weights",
    weighs: .losses,
    losses: .never,
    promises: [.sum(.tasks), .nonNegative, .scaleDegree(0), .memoryless])

  @Parameter("One weight a task, at least one above 0; all 1 if empty.", in: .nonNegative)
  var weights: [Double] = []
  @Scratch private var ones: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Checks the weights.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if there are not as many weights as tasks, or all are 0.
  public func start(taskCount: Int) throws(WeightingError) {
    guard !weights.isEmpty else { return }
    guard weights.count == taskCount else {
      throw WeightingError(.parameter, "fixed.weights has \(weights.count) values for \(taskCount) tasks")
    }
    guard weights.contains(where: { $0 > 0 }) else {
      throw WeightingError(.parameter, "fixed.weights are all 0: nothing would be trained")
    }
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if !weights.allSatisfy({ $0 == 1 }) { (promises.weightSum, promises.taskOrder) = (.free, .matters) }
    return promises
  }

  /// The given weights.
  public mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    ones.resize(to: step.taskCount, filling: 1)
    return TaskWeights(weights.isEmpty ? ones : weights)
  }
}
