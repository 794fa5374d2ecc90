/// Weighs each loss by how much its ratio to its own mean has varied so far.
///
/// R. Groenendijk, S. Karaoglu, T. Gevers, T. Mensink, *Multi-Loss Weighting with Coefficient of Variations*, WACV
/// 2021, Equations 3 to 6 (<https://arxiv.org/abs/2009.01717>).
///
///     ℓ_t = L_t / μ(L_t),   w_t = c_t / Σ c,   c_t = σ(ℓ_t) / μ(ℓ_t)        steps 0 and 1: w_t = 1/T
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | μ(L_t) | `lossMeans`, over the steps before; L_t itself in the first |
/// | μ(ℓ_t), σ(ℓ_t)² | `ratioMeans`, `squares`/steps + 1e-8 (Welford), over the steps before |
///
/// Cost: O(T).
///
/// Where we differ: a mean of 0 gives the ratio 1, and no ratio exceeds 1e12. A negative loss is an error. `decay` other
/// than 0 makes the means exponential, the authors' option; of a solved task μ(ℓ) then decays to 0, and w to 1.
public struct CoVWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "cov",
    title: "CoV-Weighting (coefficient of variations)",
    citation: Citation(
      "R. Groenendijk, S. Karaoglu, T. Gevers, T. Mensink, Multi-Loss Weighting with Coefficient of Variations, "
        + "WACV 2021",
      link: "https://arxiv.org/abs/2009.01717"),
    formula: "w_t = c_t/Σc, c_t = σ(ℓ_t)/μ(ℓ_t), ℓ_t = L_t/μ(L_t), over all steps before",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "decay", .number(default: 0, range: .halfOpen(0..<1)),
        "The share of the old mean in an exponential one; 0 for the mean over all steps.")
    ],
    differences: [
      "A loss whose mean is 0 counts as at its mean; the authors' code divides by 0. No ratio exceeds 1e12.",
      "A negative loss is an error.",
      "Where tasks have no labels the others share the sum of 1, equally while one has been seen less than twice.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0))

  /// True: the statistics of absent tasks take in nothing.
  public static let weighsAbsentTasks = true

  private static let largestRatio = 1e12

  private let decay: Double
  /// For each task, the steps in which it had labels.
  private var steps: [Int]
  private var lossMeans: [Double]
  private var ratioMeans: [Double]
  private var squares: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var ratios: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case decay, steps, lossMeans, ratioMeans, squares }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `decay`.
  public init(_ setup: StrategySetup) {
    decay = setup.parameters.number("decay")
    lossMeans = [Double](repeating: 0, count: setup.taskCount)
    (ratioMeans, squares) = (lossMeans, lossMeans)
    steps = [Int](repeating: 0, count: setup.taskCount)
  }

  /// The weights of the statistics so far, which then take in this step.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of sum 1, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = lossMeans.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      ratios = values
    }
    interventions.reset(taskCount: taskCount)
    var (fewest, smallest) = (Int.max, Double.infinity)
    for task in 0..<taskCount where evidence.isPresent(task) {
      setRatio(of: task, loss: evidence.losses[task])
      fewest = min(fewest, steps[task])
      smallest = min(smallest, ratioMeans[task])
    }
    var total = 0.0
    for task in 0..<taskCount {
      values[task] = 0
      guard evidence.isPresent(task) else { continue }
      let deviation = fewest > 0 ? (squares[task] / Double(steps[task]) + 1e-8).squareRoot() : 0
      // In units of the largest 1/μ: that of a solved task grows without end where the means are exponential.
      let inverse = ratioMeans[task] > smallest ? smallest / ratioMeans[task] : 1
      values[task] = fewest > 1 ? deviation * inverse : 1
      total += values[task]
    }
    for task in 0..<taskCount { values[task] /= total }
    update(evidence.losses, present: evidence.present)
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setRatio(of task: Int, loss: Double) {
    let mean = steps[task] == 0 ? loss : lossMeans[task]
    let ratio = mean > 0 ? loss / mean : 1
    ratios[task] = min(ratio, Self.largestRatio)
    if mean == 0 { interventions.insert(.floor, task: task) }
    if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
  }

  private mutating func update(_ losses: [Double], present: [Bool]?) {
    for task in losses.indices where present?[task] ?? true {
      steps[task] += 1
      let share = steps[task] > 1 && decay > 0 ? 1 - decay : 1 / Double(steps[task])
      let old = ratioMeans[task]
      ratioMeans[task] += share * (ratios[task] - old)
      squares[task] += (ratios[task] - old) * (ratios[task] - ratioMeans[task])
      lossMeans[task] += share * (losses[task] - lossMeans[task])
    }
  }
}
