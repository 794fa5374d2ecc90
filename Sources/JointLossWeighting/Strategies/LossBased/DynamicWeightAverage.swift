import RealModule

/// Weighs each loss by how slowly it fell over the last two epochs.
///
/// S. Liu, E. Johns, A. J. Davison, *End-to-End Multi-Task Learning with Attention*, CVPR 2019, Equation 7
/// (<https://arxiv.org/abs/1803.10704>).
///
///     r_t = L̄_t(e−1) / L̄_t(e−2)
///     w_t = T exp(r_t/τ) / Σ_s exp(r_s/τ)        in the first two epochs: w_t = 1
///
/// | symbol | property |
/// |---|---|
/// | L̄_t(e) | the sample-weighted mean of the unweighted loss over epoch e, from ``epochEnded(meanLosses:)`` |
/// | τ | `temperature` |
///
/// Cost: O(T) an epoch.
///
/// Where we differ: means over whole epochs, as in the authors' code, not windows of iterations that start
/// at ones (Nash-MTL, FAMO). The paper is silent on a mean of 0: 0/0 counts as 1, x/0 as 10. Means that are
/// negative or infinite leave weights and history as they were; a task without labels keeps its ratio.
public struct DynamicWeightAverage: WeightingStrategy {
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "dwa",
    title: "dynamic weight average",
    citation: Citation(
      "S. Liu, E. Johns, A. J. Davison, End-to-End Multi-Task Learning with Attention, CVPR 2019",
      link: "https://arxiv.org/abs/1803.10704"),
    formula: "w = T softmax(r/τ), r_t = L̄_t(e−1) / L̄_t(e−2)",
    appliesTo: .losses,
    cost: "O(T) an epoch",
    parameters: [
      ParameterDescriptor(
        "temperature", .number(default: 2, range: .positive), "τ: the larger, the nearer to equal weights.")
    ],
    differences: [
      "Means over whole epochs, weighted by samples; the code of Nash-MTL and FAMO has windows of iterations.",
      "A mean of 0 two epochs ago: the ratio is 1 if the later mean is 0 too, else 10.",
      "Means that are negative or infinite leave the weights as they were.",
      "A task without labels in an epoch keeps its ratio; its next one is to the last epoch that had some.",
    ],
    claims: StrategyClaims(weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0))

  /// True: a mean that is missing leaves its task's ratio as it is.
  public static let weighsAbsentTasks = true

  /// The ratio of a mean to a mean of 0.
  private static let largestUndefinedRatio = 10.0

  private let temperature: Double
  private var values: [Double]
  /// For each task, the ratio of its last two means: 1 until it has two.
  private var ratios: [Double]
  /// For each task, the mean of the last epoch in which it had labels.
  private var previousMeans: [Double?]

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `temperature`.
  public init(_ setup: StrategySetup) {
    temperature = setup.parameters.number("temperature")
    values = [Double](repeating: 1, count: setup.taskCount)
    ratios = values
    previousMeans = values.map { _ in nil }
  }

  /// The weights of the epoch.
  ///
  /// - Parameter evidence: the number of tasks; the losses come through ``epochEnded(meanLosses:)``.
  /// - Returns: T weights of sum T, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: values.count, by: Self.descriptor.name)
    return TaskWeights(values, appliesTo: .losses)
  }

  /// Computes the weights of the next epoch.
  ///
  /// - Parameter meanLosses: one mean a task; a task whose mean is not a number keeps ratio and mean.
  public mutating func epochEnded(meanLosses: [Double]) {
    precondition(
      meanLosses.count == values.count, "\(meanLosses.count) mean losses for \(values.count) tasks")
    guard meanLosses.allSatisfy({ $0.isNaN || $0.isFinite && $0 >= 0 }) else { return }
    for (task, mean) in meanLosses.enumerated() where !mean.isNaN {
      if let previous = previousMeans[task] { ratios[task] = Self.ratio(mean, previous) }
      previousMeans[task] = mean
    }
    // Shifted by the largest before the division, so that nothing overflows.
    let largest = ratios.max() ?? 0
    let powers = ratios.map { Double.exp(($0 - largest) / temperature) }
    let sum = powers.reduce(0, +)
    values = powers.map { Double(powers.count) * $0 / sum }
  }

  private static func ratio(_ later: Double, _ earlier: Double) -> Double {
    let ratio = later / earlier
    if ratio.isFinite { return ratio }
    return later == 0 ? 1 : largestUndefinedRatio
  }
}
