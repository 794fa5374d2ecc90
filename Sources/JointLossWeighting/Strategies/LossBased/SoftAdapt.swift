import RealModule

/// Weighs each loss by the rate at which it changed in the last step.
///
/// A. A. Heydari, C. A. Thompson, A. Mehmood, *SoftAdapt: Techniques for Adaptive Loss Weighting of Neural Networks
/// with Multi-Part Loss Functions*, 2019, Algorithm 1 (<https://arxiv.org/abs/1912.12355>).
///
///     s_t = L_t(k) − L_t(k−1)
///     original         w = softmax(β s)
///     normalised       w = softmax(β s / (Σ |s| + ε))
///     loss-weighted    w_t ∝ L_t softmax(β s)_t
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | L_t(k−1) | `previous` |
/// | β | `beta` |
///
/// Cost: O(T).
///
/// Where we differ: the slope is the difference of two steps; the authors' package also fits longer stretches. In the
/// first step the weights are 1/T.
public struct SoftAdapt: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "softadapt",
    title: "SoftAdapt",
    citation: Citation(
      "A. A. Heydari, C. A. Thompson, A. Mehmood, SoftAdapt: Techniques for Adaptive Loss Weighting of Neural "
        + "Networks with Multi-Part Loss Functions, 2019",
      link: "https://arxiv.org/abs/1912.12355"),
    formula: "w = softmax(β s), s_t = L_t(k) − L_t(k−1)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "beta", .number(default: 0.1, range: .any),
        "β: positive favours losses that fall slowest, negative those that fall fastest."),
      ParameterDescriptor(
        "variant", .choice(default: "original", options: Variant.allCases.map(\.rawValue)),
        "The plain softmax, that of slopes of sum 1, or the softmax times the losses."),
    ],
    differences: [
      "The slope is the difference of two steps; the authors' package fits longer stretches as well.",
      "1/T in the first step.",
      "loss-weighted: where all losses are 0, the softmax alone.",
      "Where tasks have no labels the others share the sum of 1; a slope is from the last step with labels, 0 in the first.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true))

  /// True: the softmax is over the present tasks, and the last losses of absent tasks stay.
  public static let weighsAbsentTasks = true

  private enum Variant: String, Codable, CaseIterable {
    case original, normalised
    case lossWeighted = "loss-weighted"
  }

  private let taskCount: Int
  private let beta: Double
  private let variant: Variant
  /// For each task, the loss of the last step in which it had labels.
  private var previous: [Double?]
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, beta, variant, previous }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, `beta` and `variant`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    previous = [Double?](repeating: nil, count: setup.taskCount)
    beta = setup.parameters.number("beta")
    variant = setup.parameters.choice("variant")
  }

  /// The weights of the last changes.
  ///
  /// - Parameter evidence: T losses.
  /// - Returns: T weights of at least 0 and sum 1, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or changes beyond a `Double`.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if variant == .lossWeighted {
      try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    }
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    var largest = 0.0
    for task in 0..<taskCount {
      values[task] = 0
      guard evidence.isPresent(task), let previous = previous[task] else { continue }
      values[task] = evidence.losses[task] - previous
      largest = max(largest, abs(values[task]))
    }
    if variant == .normalised && largest > 0 {
      var total = 0.0
      for value in values { total += abs(value / largest) }
      for task in 0..<taskCount { values[task] = values[task] / largest / total }
    }
    for task in 0..<taskCount { values[task] *= beta }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("beta", beta))
    LossTransforms.softmax(&values, present: evidence.present)
    if variant == .lossWeighted { multiply(by: evidence.losses) }
    for task in 0..<taskCount where evidence.isPresent(task) { previous[task] = evidence.losses[task] }
    return TaskWeights(values)
  }

  private mutating func multiply(by losses: [Double]) {
    var (largest, total) = (0.0, 0.0)
    for loss in losses { largest = max(largest, loss) }
    for task in 0..<taskCount { total += values[task] * (losses[task] / largest) }
    guard largest > 0, total > 0 else { return }
    for task in 0..<taskCount { values[task] *= losses[task] / largest / total }
  }
}
