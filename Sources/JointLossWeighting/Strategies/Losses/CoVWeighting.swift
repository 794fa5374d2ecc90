/// Weighs each loss by how much its ratio to its own mean has varied so far.
///
///     ℓ_t = L_t / μ(L_t),   w_t = c_t / Σ c,   c_t = σ(ℓ_t) / μ(ℓ_t)        steps 0 and 1: w_t = 1/T
///
/// All means μ and deviations σ are over the steps before, in Welford's form with 1e-8 added to σ²; in the first step
/// μ(L_t) is L_t itself.
public struct CoVWeighting: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "cov", "CoV-Weighting (coefficient of variations)",
    citation: Citation(
      "R. Groenendijk, S. Karaoglu, T. Gevers, T. Mensink, Multi-Loss Weighting with Coefficient of Variations, "
        + "WACV 2021",
      link: "https://arxiv.org/abs/2009.01717"),
    formula: "w_t = c_t/Σc, c_t = σ(ℓ_t)/μ(ℓ_t), ℓ_t = L_t/μ(L_t), over all steps before",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "A loss whose mean is 0 counts as at its mean; the authors' code divides by 0. No ratio exceeds 1e12.",
      "A decay above 0 is the authors' option. The weight of a task whose loss stays 0 then goes to 1.",
      "A negative loss is an error.",
      "Where tasks have no labels the others share the sum of 1, equally while one has been seen less than twice.",
    ],
    promises: [.sum(.one), .nonNegative, .scaleDegree(0)])

  private static let largestRatio = 1e12

  @Parameter("The share of the old mean in an exponential one; 0 for the mean over all steps.", in: 0..<1)
  var decay = 0.0
  /// For each task, the steps in which it had labels.
  private var steps: [Int] = []
  /// For each task, the mean of its losses.
  private var lossMeans: [Double] = []
  /// For each task, the mean of ℓ.
  private var ratioMeans: [Double] = []
  /// For each task, the sum of the squared distances of ℓ from its mean.
  private var squares: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var ratios: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without statistics.
  public mutating func start(taskCount: Int) {
    lossMeans = [Double](repeating: 0, count: taskCount)
    (ratioMeans, squares) = (lossMeans, lossMeans)
    steps = [Int](repeating: 0, count: taskCount)
  }

  /// The weights of the statistics so far, which then take in this step.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    ratios.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    var (fewest, smallest) = (Int.max, Double.infinity)
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) {
      setRatio(of: task, loss: loss)
      fewest = min(fewest, steps[task])
      smallest = min(smallest, ratioMeans[task])
    }
    var total = 0.0
    for task in values.indices {
      values[task] = 0
      guard step.isPresent(task) else { continue }
      let deviation = fewest > 0 ? (squares[task] / Double(steps[task]) + 1e-8).squareRoot() : 0
      // In units of the largest 1/μ: that of a solved task grows without end where the means are exponential.
      let inverse = ratioMeans[task] > smallest ? smallest / ratioMeans[task] : 1
      values[task] = fewest > 1 ? deviation * inverse : 1
      total += values[task]
    }
    for task in values.indices { values[task] /= total }
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) { update(task, loss: loss) }
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setRatio(of task: Int, loss: Double) {
    let mean = steps[task] == 0 ? loss : lossMeans[task]
    let ratio = mean > 0 ? loss / mean : 1
    ratios[task] = min(ratio, Self.largestRatio)
    if mean == 0 { interventions.insert(.floor, task: task) }
    if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
  }

  private mutating func update(_ task: Int, loss: Double) {
    steps[task] += 1
    let share = steps[task] > 1 && decay > 0 ? 1 - decay : 1 / Double(steps[task])
    let old = ratioMeans[task]
    ratioMeans[task] += share * (ratios[task] - old)
    squares[task] += (ratios[task] - old) * (ratios[task] - ratioMeans[task])
    lossMeans[task] += share * (loss - lossMeans[task])
  }
}
