/// Minimizes the losses along the direction of the preferences, and their distance from it.
///
///     d₁ = (L − z)·p̂,  d₂ = ‖L − z − d₁ p̂‖,  F = d₁ + θ d₂
///     w = p̂ + θ (L − z − d₁ p̂)/d₂,   p̂ = p/‖p‖
///
/// p, z and θ are `preferences`, `reference` and `theta`.
public struct PBI: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "pbi", "PBI (penalty-based boundary intersection)",
    citation: Citation(
      "Q. Zhang, H. Li, MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition, IEEE "
        + "Transactions on Evolutionary Computation 11, 2007",
      link: "https://doi.org/10.1109/TEVC.2007.892759"),
    formula: "F = d₁ + θ d₂, d₁ = (L − z)·p̂, d₂ = ‖L − z − d₁p̂‖",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "Within 1e-12 of the line the distance has no gradient, and counts for nothing.",
      "Weights may be negative, as in the paper.",
      "Where tasks have no labels the vectors are those of the others, their preferences as given.",
    ],
    promises: [.scaleDegree(0), .memoryless])

  private static let vanishing = 1e-12

  @Parameter("p; 1/T each by default.", in: .nonNegative) var preferences: [Double] = []
  @Parameter("z: the ideal loss of every task.") var reference = 0.0
  @Parameter("θ: the penalty on the distance from the line.", in: .nonNegative) var theta = 5.0
  /// The preferences as given, or all alike.
  private var taskPreferences: [Double] = []
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Checks that there is a preference for each task, where any are given.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    taskPreferences = try Preferences.values(
      preferences, taskCount: taskCount, of: Self.about.name, default: 1 / Double(taskCount))
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises.with(preferences: preferences)
    if reference != 0 { promises.scaleDegree = nil }
    return promises
  }

  /// The derivatives of the objective, some negative perhaps.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    let (reference, theta) = (reference, theta)
    let losses = LossDirection(
      step.losses, preferences: taskPreferences, reference: reference, present: step.present)
    // The part of the unit vector of L − z that is perpendicular to p̂.
    var square = 0.0
    for (task, loss) in step.losses.enumerated() {
      guard losses.norm > 0, step.isPresent(task) else { continue }
      let unit = (loss - reference) / losses.norm
      values[task] = unit - losses.cosine * (taskPreferences[task] / losses.preferenceNorm)
      square += values[task] * values[task]
    }
    let distance = square.squareRoot()
    for task in values.indices {
      guard step.isPresent(task) else {
        values[task] = 0
        continue
      }
      let aside = losses.norm > 0 && distance > Self.vanishing ? values[task] / distance : 0
      values[task] = taskPreferences[task] / losses.preferenceNorm + theta * aside
    }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("reference", reference))
    return TaskWeights(values)
  }
}
