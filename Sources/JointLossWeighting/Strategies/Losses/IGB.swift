/// Weighs the logarithm of each loss by how far it still is from its mean in an early epoch.
///
///     F = Σ v_t log L_t,   v = T softmax(L/b)        w_t = v_t / L_t        v = 1 until b is known
public struct IGB: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "igb", "IGB (improvable gap balancing)",
    citation: Citation(
      "Y. Dai, N. Fei, Z. Lu, Improvable Gap Balancing for Multi-Task Learning, UAI 2023",
      link: "https://arxiv.org/abs/2307.15429"),
    formula: "w_t = v_t/L_t, v = T softmax(L/b), b the mean losses of an early epoch",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The first of the paper's two forms; the second learns the weights by soft actor-critic.",
      "A loss below epsilon counts as epsilon; a negative one is an error.",
      "Where tasks have no labels the softmax is that of the others, its sum their number.",
    ],
    promises: [.nonNegative])

  private static let largestRatio = 1e12

  @Parameter("The epoch, from 0, whose mean losses are the base.", in: 0...1_000_000) var baseEpoch = 1
  @Parameter("What a smaller loss counts as.", in: .positive) var epsilon = 1e-8
  private var epochs = 0
  /// From the end of the base epoch on: for each task, the mean loss of its first epoch with labels since.
  private var base: [Double?]?
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without a base.
  public mutating func start(taskCount: Int) { (epochs, base) = (0, nil) }

  /// The weights of the improvable gaps.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    LossTransforms.note(in: &interventions, step.losses, below: epsilon, present: step.present)
    for (task, loss) in step.losses.enumerated() {
      // A task without a base is at it.
      values[task] = 1
      guard let base = base?[task] else { continue }
      let ratio = loss / max(base, epsilon)
      values[task] = min(ratio, Self.largestRatio)
      guard step.isPresent(task) else { continue }
      if base < epsilon { interventions.insert(.floor, task: task) }
      if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&values, sum: Double(step.presentCount), present: step.present)
    for (task, loss) in step.losses.enumerated() { values[task] /= max(loss, epsilon) }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("epsilon", epsilon))
    return TaskWeights(values, interventions: interventions)
  }

  /// Keeps the mean losses of the base epoch.
  public mutating func epochEnded(meanLosses: [Double]) {
    defer { epochs += 1 }
    guard epochs >= baseEpoch else { return }
    var known = base ?? meanLosses.map { _ in nil }
    for (task, mean) in meanLosses.enumerated() where known[task] == nil && !mean.isNaN {
      known[task] = mean
    }
    base = known
  }
}
