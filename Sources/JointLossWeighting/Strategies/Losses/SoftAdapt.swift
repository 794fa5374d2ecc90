import RealModule

/// Weighs each loss by the rate at which it changed in the last step.
///
///     s_t = L_t(k) − L_t(k−1)
///     original         w = softmax(β s)
///     normalised       w = softmax(β s / Σ |s|)
///     loss-weighted    w_t ∝ L_t softmax(β s)_t
public struct SoftAdapt: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "softadapt", "SoftAdapt",
    citation: Citation(
      "A. A. Heydari, C. A. Thompson, A. Mehmood, SoftAdapt: Techniques for Adaptive Loss Weighting of Neural "
        + "Networks with Multi-Part Loss Functions, 2019",
      link: "https://arxiv.org/abs/1912.12355"),
    formula: "w = softmax(β s), s_t = L_t(k) − L_t(k−1)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The slope is the difference of two steps; the authors' package fits longer stretches as well.",
      "1/T in the first step.",
      "loss-weighted: where all losses are 0, the softmax alone.",
      "Where tasks have no labels the others share the sum of 1; a slope is from the last step with labels, 0 in the first.",
    ],
    promises: [.sum(.one), .nonNegative])

  enum Variant: String, Codable, CaseIterable {
    case original, normalised
    case lossWeighted = "loss-weighted"
  }

  @Parameter("β: positive favours losses that fall slowest, negative those that fall fastest.") var beta = 0.1
  @Parameter("The plain softmax, that of slopes of sum 1, or the softmax times the losses.")
  var variant = Variant.original
  /// For each task, the loss of the last step in which it had labels.
  private var previous: [Double?] = []
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without a step to compare with.
  public mutating func start(taskCount: Int) { previous = [Double?](repeating: nil, count: taskCount) }

  /// The weights of the last changes.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    if variant == .lossWeighted { try step.requireNonNegativeLosses(by: Self.self) }
    values.resize(to: step.taskCount)
    var largest = 0.0
    for (task, loss) in step.losses.enumerated() {
      values[task] = 0
      guard step.isPresent(task), let previous = previous[task] else { continue }
      values[task] = loss - previous
      largest = max(largest, abs(values[task]))
    }
    if variant == .normalised && largest > 0 {
      var total = 0.0
      for value in values { total += abs(value / largest) }
      for task in values.indices { values[task] = values[task] / largest / total }
    }
    let beta = beta
    for task in values.indices { values[task] *= beta }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("beta", beta))
    LossTransforms.softmax(&values, present: step.present)
    if variant == .lossWeighted { multiply(by: step.losses) }
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) { previous[task] = loss }
    return TaskWeights(values)
  }

  private mutating func multiply(by losses: [Double]) {
    var (largest, total) = (0.0, 0.0)
    for loss in losses { largest = max(largest, loss) }
    for task in losses.indices { total += values[task] * (losses[task] / largest) }
    guard largest > 0, total > 0 else { return }
    for task in losses.indices { values[task] *= losses[task] / largest / total }
  }
}
