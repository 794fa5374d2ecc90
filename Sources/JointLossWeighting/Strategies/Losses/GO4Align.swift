import RealModule

/// Scales the losses to one size, and gives groups of tasks with like weights their common weight.
///
///     q ← q ∘ exp(−η L) / Σ,   v_t = q_t Σ_s L_s / L_t
///     w_t = the mean of v over the group of task t, groups by k-means on v
///
/// q is 1/T each at the start.
public struct GO4Align: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "go4align", "GO4Align (group optimization for alignment)",
    citation: Citation(
      "J. Shen, C. G. M. Snoek et al., GO4Align: Group Optimization for Multi-Task Alignment, NeurIPS 2024",
      link: "https://arxiv.org/abs/2404.06486"),
    formula: "w_t = mean of v over t's group, v_t = q_t ΣL/L_t, q ← q∘exp(−ηL)/Σ, groups by k-means on v",
    weighs: .losses,
    cost: "O(groups · T²)",
    differences: [
      "The groups are the optimum of k-means in one dimension; the authors' code starts it at random.",
      "A loss below epsilon counts as epsilon where it divides; a negative one is an error.",
      "Where tasks have no labels sums and groups are those of the others, whose q keep their sum.",
    ],
    promises: [.nonNegative])

  @Parameter("η: how fast q forgets.", in: .nonNegative) var eta = 1e-4
  @Parameter("The number of groups, at most T.", in: 1...1_000_000) var groups = 2
  @Parameter("What a smaller loss counts as.", in: .positive) var epsilon = 1e-8
  /// The logarithms of q, up to a constant.
  private var logarithms: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var trial: [Double] = []
  @Scratch private var grouping = IntervalGrouping()
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal q.
  public mutating func start(taskCount: Int) { logarithms = [Double](repeating: 0, count: taskCount) }

  /// The weights of the groups.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    trial.resize(to: step.taskCount)
    var (total, largest) = (0.0, -Double.infinity)
    for (task, loss) in step.losses.enumerated() {
      values[task] = 0
      trial[task] = logarithms[task]
      guard step.isPresent(task) else { continue }
      trial[task] -= eta * loss
      largest = max(largest, trial[task])
      total += loss
    }
    if let present = step.present { largest = shift(of: present) }
    for task in 0..<step.taskCount where step.isPresent(task) {
      trial[task] -= largest
      values[task] = trial[task]
    }
    LossTransforms.softmax(&values, present: step.present)
    for (task, loss) in step.losses.enumerated() { values[task] *= total / max(loss, epsilon) }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("epsilon", epsilon))
    LossTransforms.note(in: &interventions, step.losses, below: epsilon, present: step.present)
    _grouping.wrappedValue.replaceByMeans(&_values.wrappedValue, groups: groups, present: step.present)
    for task in 0..<step.taskCount { logarithms[task] = trial[task] }
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
