import RealModule

/// Weighs each loss by how slowly it fell over the last two epochs.
///
///     r_t = L̄_t(e−1) / L̄_t(e−2)
///     w_t = T exp(r_t/τ) / Σ_s exp(r_s/τ)        in the first two epochs: w_t = 1
///
/// L̄_t(e) is the sample-weighted mean of the unweighted loss over epoch e, or of a window of steps.
public struct DynamicWeightAverage: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "dwa", "dynamic weight average",
    citation: Citation(
      "S. Liu, E. Johns, A. J. Davison, End-to-End Multi-Task Learning with Attention, CVPR 2019",
      link: "https://arxiv.org/abs/1803.10704"),
    formula: "w = T softmax(r/τ), r_t = L̄_t(e−1) / L̄_t(e−2)",
    weighs: .losses,
    cost: "O(T) an epoch",
    differences: [
      "Means over whole epochs, weighted by samples, as the authors' code has them.",
      "Nash-MTL, FAMO and Aligned-MTL: averages=windows-from-ones; Nash-MTL and Aligned-MTL: reduction=mean.",
      "Windows full of ones at first give constant losses weights far from 1 until the ones have left: averages=windows waits for that.",
      "A mean of 0 two epochs ago: the ratio is 1 if the later mean is 0 too, else 10.",
      "Means that are negative or infinite leave the weights as they were, and so do negative losses in windows.",
      "A task without labels in an epoch keeps its ratio; its next one is to the last epoch that had some.",
    ],
    promises: [.sum(.tasks), .nonNegative, .scaleDegree(0)])

  enum Averages: String, Codable, CaseIterable {
    case epochs, windows
    case windowsFromOnes = "windows-from-ones"
  }
  enum Reduction: String, Codable, CaseIterable { case sum, mean }

  /// The ratio of a mean to a mean of 0.
  private static let largestUndefinedRatio = 10.0

  @Parameter("τ: the larger, the nearer to equal weights.", in: .positive) var temperature = 2.0
  @Parameter(
    "What L̄ is over: epochs (the paper), windows of iterations, or windows full of ones at first (Nash-MTL).")
  var averages = Averages.epochs
  @Parameter("W: the iterations of a window.", in: 1...10_000) var window = 25
  @Parameter(
    "Whether weighted losses are summed (the paper), or averaged: weights of sum 1 (Nash-MTL, Aligned-MTL).")
  var reduction = Reduction.sum

  private var values: [Double] = []
  /// For each task, the ratio of its last two means: 1 until it has two.
  private var ratios: [Double] = []
  /// For each task, the mean of the last epoch in which it had labels.
  private var previousMeans: [Double?] = []
  /// For each task, whether its ratio is to a mean of 0, and so the largest.
  private var isUndefined: [Bool] = []
  /// The losses of the last steps; nil where the means are over epochs.
  private var windows: LossWindows?
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights.
  public mutating func start(taskCount: Int) {
    ratios = [Double](repeating: 1, count: taskCount)
    values = ratios.map { $0 * total / Double(taskCount) }
    (previousMeans, isUndefined) = (values.map { _ in nil }, values.map { _ in false })
    windows =
      averages == .epochs
      ? nil : LossWindows(taskCount: taskCount, length: window, countsOnes: averages == .windowsFromOnes)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if reduction == .mean { promises.weightSum = .one }
    if averages == .windowsFromOnes { promises.scaleDegree = nil }
    return promises
  }

  /// The weights of the epoch, or with windows those that the losses of this step and the last ones make.
  public mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    if windows != nil, step.losses.allSatisfy({ $0 >= 0 }) {
      for task in values.indices where step.isPresent(task) {
        if let sums = windows?.add(step.losses[task], of: task) {
          setRatio(of: task, sums.later, sums.earlier)
        }
      }
      setValues()
    }
    interventions.reset(taskCount: step.taskCount)
    for task in values.indices where isUndefined[task] && step.isPresent(task) {
      interventions.insert(.ceiling, task: task)
    }
    return TaskWeights(values, interventions: interventions)
  }

  /// Computes the weights of the next epoch, where the means are over epochs.
  public mutating func epochEnded(meanLosses: [Double]) {
    guard windows == nil, meanLosses.allSatisfy({ $0.isNaN || $0.isFinite && $0 >= 0 }) else { return }
    for (task, mean) in meanLosses.enumerated() where !mean.isNaN {
      if let previous = previousMeans[task] { setRatio(of: task, mean, previous) }
      previousMeans[task] = mean
    }
    setValues()
  }

  /// What the weights sum to.
  private var total: Double { reduction == .mean ? 1 : Double(ratios.count) }

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
