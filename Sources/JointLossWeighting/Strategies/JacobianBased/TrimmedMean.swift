/// Averages the task gradients, parameter by parameter, without the largest and the smallest.
///
/// D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, *Byzantine-Robust Distributed Learning: Towards Optimal
/// Statistical Rates*, ICML 2018, Definition 2 (<https://arxiv.org/abs/1803.01498>).
///
///     d_j = mean of the g_tj that are neither among the k largest nor the k smallest
///
/// | symbol | property |
/// |---|---|
/// | g_tj | ``JacobianEvidence/jacobian`` |
/// | k | `trim` |
///
/// Cost: T trunk gradients held in memory, O(P T log T).
///
/// Where we differ: where 2k ≥ T as many are left out as leave one or two, where torchjd raises an error.
public struct TrimmedMean: WeightingStrategy {
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "trimmed-mean",
    title: "trimmed mean",
    citation: Citation(
      "D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, Byzantine-Robust Distributed Learning: Towards Optimal "
        + "Statistical Rates, ICML 2018",
      link: "https://arxiv.org/abs/1803.01498"),
    formula: "d_j = the mean of the g_tj without the k largest and the k smallest",
    appliesTo: .direction,
    cost: "T trunk gradients in memory, O(P T log T)",
    parameters: [
      ParameterDescriptor(
        "trim", .integer(default: 1, range: .closed(0...1_000_000)),
        "k: how many gradients are left out at each end.")
    ],
    differences: ["Where 2k ≥ T, (T − 1)/2 rounded down are left out at each end; torchjd raises an error."],
    claims: StrategyClaims(weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: true))

  private let taskCount: Int
  private let trim: Int
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var column: [Double] = []
  private var direction: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, trim }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    trim = min(setup.parameters.integer("trim"), (setup.taskCount - 1) / 2)
  }

  /// The trimmed mean of every column.
  ///
  /// - Parameter evidence: the T×P Jacobian.
  /// - Returns: the direction; its weights are 1/T each.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let (elements, count) = (evidence.jacobian.elements, evidence.jacobian.parameterCount)
    if column.count != taskCount {
      column = [Double](repeating: 0, count: taskCount)
      values = [Double](repeating: 1 / Double(taskCount), count: taskCount)
    }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    let kept = trim..<taskCount - trim
    for j in 0..<count {
      for task in 0..<taskCount { column[task] = elements[task * count + j] }
      column.sort()
      // Divided first, so that no sum leaves the range.
      var mean = 0.0
      for position in kept { mean += column[position] / Double(kept.count) }
      direction[j] = mean
    }
    return TaskWeights(direction: direction, values: values)
  }
}
