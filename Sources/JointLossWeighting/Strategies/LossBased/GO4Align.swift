import RealModule

/// Scales the losses to one size, and gives groups of tasks with like weights their common weight.
///
/// J. Shen, C. G. M. Snoek et al., *GO4Align: Group Optimization for Multi-Task Alignment*, NeurIPS 2024
/// (<https://arxiv.org/abs/2404.06486>).
///
///     q ← q ∘ exp(−η L) / Σ,   v_t = q_t Σ_s L_s / L_t
///     w_t = the mean of v over the group of task t, groups by k-means on v
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | q | `logarithms`, exponentiated: 1/T each at the start |
/// | η, number of groups | `eta`, `groups` |
///
/// Cost: O(k T²).
///
/// Where we differ: the groups of the T numbers v are the best there are, found by dynamic programming over the sorted
/// numbers; the authors' code runs Lloyd's iteration from random centres. A loss below `epsilon` counts as `epsilon`
/// where it divides.
public struct GO4Align: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "go4align",
    title: "GO4Align (group optimization for alignment)",
    citation: Citation(
      "J. Shen, C. G. M. Snoek et al., GO4Align: Group Optimization for Multi-Task Alignment, NeurIPS 2024",
      link: "https://arxiv.org/abs/2404.06486"),
    formula: "w_t = mean of v over t's group, v_t = q_t ΣL/L_t, q ← q∘exp(−ηL)/Σ, groups by k-means on v",
    appliesTo: .losses,
    cost: "O(groups · T²)",
    parameters: [
      ParameterDescriptor("eta", .number(default: 1e-4, range: .nonNegative), "η: how fast q forgets."),
      ParameterDescriptor(
        "groups", .integer(default: 2, range: .closed(1...1_000_000)), "The number of groups, at most T."),
      LossTransforms.floorParameter,
    ],
    differences: [
      "The groups are the optimum of k-means in one dimension; the authors' code starts it at random.",
      "A loss below epsilon counts as epsilon where it divides; a negative one is an error.",
      "Where tasks have no labels sums and groups are those of the others, whose q keep their sum.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true))

  /// True: q of an absent task stays, and the others share what they had.
  public static let weighsAbsentTasks = true

  private let eta: Double
  private let groups: Int
  private let epsilon: Double
  private var logarithms: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var trial: [Double] = []
  private var grouping = IntervalGrouping()
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case eta, groups, epsilon, logarithms }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    eta = setup.parameters.number("eta")
    groups = setup.parameters.integer("groups")
    epsilon = setup.parameters.number("epsilon")
    logarithms = [Double](repeating: 0, count: setup.taskCount)
  }

  /// The weights of the groups.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of at least 0, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = logarithms.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      trial = values
    }
    var (total, largest) = (0.0, -Double.infinity)
    for task in 0..<taskCount {
      values[task] = 0
      trial[task] = logarithms[task]
      guard evidence.isPresent(task) else { continue }
      trial[task] -= eta * evidence.losses[task]
      largest = max(largest, trial[task])
      total += evidence.losses[task]
    }
    if let present = evidence.present { largest = shift(of: present) }
    for task in 0..<taskCount where evidence.isPresent(task) {
      trial[task] -= largest
      values[task] = trial[task]
    }
    LossTransforms.softmax(&values, present: evidence.present)
    for task in 0..<taskCount { values[task] *= total / max(evidence.losses[task], epsilon) }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("epsilon", epsilon))
    LossTransforms.note(in: &interventions, evidence.losses, below: epsilon, present: evidence.present)
    grouping.replaceByMeans(&values, groups: groups, present: evidence.present)
    for task in 0..<taskCount { logarithms[task] = trial[task] }
    return TaskWeights(values, interventions: interventions)
  }

  /// What has to be taken off the new logarithms of the present tasks so that their q keep their sum.
  private func shift(of present: [Bool]) -> Double {
    var (before, after) = (-Double.infinity, -Double.infinity)
    for task in present.indices where present[task] {
      before = max(before, logarithms[task])
      after = max(after, trial[task])
    }
    var (old, new) = (0.0, 0.0)
    for task in present.indices where present[task] {
      old += Double.exp(logarithms[task] - before)
      new += Double.exp(trial[task] - after)
    }
    return after - before + Double.log(new / old)
  }
}
