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
/// Cost: O(T) an epoch; with windows O(T W) a step.
///
/// Where we differ: by default nowhere from the authors' code, whose means are over whole epochs. The code of
/// Nash-MTL, FAMO and Aligned-MTL takes L̄ over the last W iterations and over the W before, in windows full of ones at
/// first, from iteration W + 2 on (`averages=windows-from-ones`), and the mean of the weighted losses
/// (`reduction=mean`). Constant losses then have weights far from 1 until the ones have left: `averages=windows` waits
/// for that. The paper is silent on a mean of 0: 0/0 counts as 1, x/0 as 10. Means that are negative or infinite leave
/// weights and history as they were, so do negative losses with windows; a task without labels keeps its ratio.
public struct DynamicWeightAverage: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
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
        "temperature", .number(default: 2, range: .positive), "τ: the larger, the nearer to equal weights."),
      ParameterDescriptor(
        "averages", .choice(default: Averages.epochs.rawValue, options: Averages.allCases.map(\.rawValue)),
        "What L̄ is over: epochs (the paper), windows of iterations, or windows full of ones at first (Nash-MTL)."
      ),
      ParameterDescriptor(
        "window", .integer(default: 25, range: .closed(1...10_000)), "W: the iterations of a window."),
      ParameterDescriptor(
        "reduction", .choice(default: Reduction.sum.rawValue, options: Reduction.allCases.map(\.rawValue)),
        "Whether weighted losses are summed (the paper), or averaged: weights of sum 1 (Nash-MTL, Aligned-MTL)."
      ),
    ],
    differences: [
      "Means over whole epochs, weighted by samples, as the authors' code has them.",
      "Nash-MTL, FAMO and Aligned-MTL: averages=windows-from-ones; Nash-MTL and Aligned-MTL: reduction=mean.",
      "A mean of 0 two epochs ago: the ratio is 1 if the later mean is 0 too, else 10.",
      "Means that are negative or infinite leave the weights as they were, and so do negative losses in windows.",
      "A task without labels in an epoch keeps its ratio; its next one is to the last epoch that had some.",
    ],
    promises: StrategyPromises(weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0))

  /// True: a mean that is missing leaves its task's ratio as it is.
  public static let weighsAbsentTasks = true

  /// The ratio of a mean to a mean of 0.
  private static let largestUndefinedRatio = 10.0

  private enum Averages: String, CaseIterable {
    case epochs, windows
    case windowsFromOnes = "windows-from-ones"
  }
  private enum Reduction: String, CaseIterable { case sum, mean }

  private let temperature: Double
  /// What the weights sum to.
  private let total: Double
  /// Whether ratios do not depend on the unit of the losses.
  private let isFreeOfScale: Bool
  private var values: [Double]
  /// For each task, the ratio of its last two means: 1 until it has two.
  private var ratios: [Double]
  /// For each task, the mean of the last epoch in which it had labels.
  private var previousMeans: [Double?]
  /// For each task, whether its ratio is to a mean of 0, and so the largest.
  private var isUndefined: [Bool]
  /// The losses of the last steps; nil where the means are over epochs.
  private var windows: LossWindows?
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey {
    case temperature, total, isFreeOfScale, values, ratios, previousMeans, isUndefined, windows
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    temperature = setup.parameters.number("temperature")
    let isMean = setup.parameters.choice("reduction", as: Reduction.self) == .mean
    total = isMean ? 1 : Double(setup.taskCount)
    let averages = setup.parameters.choice("averages", as: Averages.self)
    isFreeOfScale = averages != .windowsFromOnes
    values = [Double](repeating: total / Double(setup.taskCount), count: setup.taskCount)
    ratios = [Double](repeating: 1, count: setup.taskCount)
    previousMeans = values.map { _ in nil }
    isUndefined = values.map { _ in false }
    if averages != .epochs {
      windows = LossWindows(
        taskCount: setup.taskCount, length: setup.parameters.integer("window"),
        countsOnes: averages == .windowsFromOnes)
    }
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if total != Double(values.count) { promises.weightSum = .one }
    if !isFreeOfScale { promises.scaleDegree = nil }
    return promises
  }

  /// The weights of the epoch, or with windows those that the losses of this step and the last ones make.
  ///
  /// - Parameter evidence: the T losses; without windows those of ``epochEnded(meanLosses:)`` count instead.
  /// - Returns: T weights of sum T, or 1 for the mean, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: values.count, by: Self.descriptor.name)
    if windows != nil, evidence.losses.allSatisfy({ $0 >= 0 }) {
      for task in values.indices where evidence.isPresent(task) {
        if let sums = windows?.add(evidence.losses[task], of: task) {
          setRatio(of: task, sums.later, sums.earlier)
        }
      }
      setValues()
    }
    interventions.reset(taskCount: values.count)
    for task in values.indices where isUndefined[task] && evidence.isPresent(task) {
      interventions.insert(.ceiling, task: task)
    }
    return TaskWeights(values, interventions: interventions)
  }

  /// Computes the weights of the next epoch, where the means are over epochs.
  ///
  /// - Parameter meanLosses: one mean a task; a task whose mean is not a number keeps ratio and mean.
  public mutating func epochEnded(meanLosses: [Double]) {
    precondition(
      meanLosses.count == values.count, "\(meanLosses.count) mean losses for \(values.count) tasks")
    guard windows == nil, meanLosses.allSatisfy({ $0.isNaN || $0.isFinite && $0 >= 0 }) else { return }
    for (task, mean) in meanLosses.enumerated() where !mean.isNaN {
      if let previous = previousMeans[task] { setRatio(of: task, mean, previous) }
      previousMeans[task] = mean
    }
    setValues()
  }

  private mutating func setValues() {
    // Shifted by the largest before the division, so that nothing overflows.
    let largest = ratios.max() ?? 0
    var sum = 0.0
    for task in values.indices {
      values[task] = Double.exp((ratios[task] - largest) / temperature)
      sum += values[task]
    }
    for task in values.indices { values[task] = total * values[task] / sum }
  }

  private mutating func setRatio(of task: Int, _ later: Double, _ earlier: Double) {
    let ratio = later / earlier
    isUndefined[task] = !ratio.isFinite && later != 0
    ratios[task] = ratio.isFinite ? ratio : later == 0 ? 1 : Self.largestUndefinedRatio
  }
}
