/// Minimises the losses along the direction of the preferences, and their distance from it.
///
/// Q. Zhang, H. Li, *MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition*, IEEE Transactions on
/// Evolutionary Computation 11, 2007, Section II.A.3 (<https://doi.org/10.1109/TEVC.2007.892759>): penalty-based
/// boundary intersection.
///
///     d₁ = (L − z)·p̂,  d₂ = ‖L − z − d₁ p̂‖,  F = d₁ + θ d₂
///     w = p̂ + θ (L − z − d₁ p̂)/d₂,   p̂ = p/‖p‖
///
/// | symbol | property |
/// |---|---|
/// | L | ``LossEvidence/losses`` |
/// | p, z, θ | `preferences`, `reference`, `theta` |
///
/// Cost: O(T).
///
/// Where we differ: on the line itself, within 1e-12 of ‖L − z‖, d₂ has no gradient, and w = p̂. Weights may be negative.
public struct PBI: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "pbi",
    title: "PBI (penalty-based boundary intersection)",
    citation: Citation(
      "Q. Zhang, H. Li, MOEA/D: A Multiobjective Evolutionary Algorithm Based on Decomposition, IEEE "
        + "Transactions on Evolutionary Computation 11, 2007",
      link: "https://doi.org/10.1109/TEVC.2007.892759"),
    formula: "F = d₁ + θ d₂, d₁ = (L − z)·p̂, d₂ = ‖L − z − d₁p̂‖",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      StrategySetup.preferencesParameter("p; 1/T each by default."),
      ParameterDescriptor(
        "reference", .number(default: 0, range: .any), "z: the ideal loss of every task."),
      ParameterDescriptor(
        "theta", .number(default: 5, range: .nonNegative), "θ: the penalty on the distance from the line."),
    ],
    differences: [
      "Within 1e-12 of the line the distance has no gradient, and counts for nothing.",
      "Weights may be negative, as in the paper.",
      "Where tasks have no labels the vectors are those of the others, their preferences as given.",
    ],
    promises: StrategyPromises(scaleDegree: 0, isMemoryless: true))

  /// True: losses and preferences are those of the present tasks.
  public static let weighsAbsentTasks = true

  private static let vanishing = 1e-12

  private let preferences: [Double]
  private let reference: Double
  private let theta: Double
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case preferences, reference, theta }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1 / Double(setup.taskCount))
    reference = setup.parameters.number("reference")
    theta = setup.parameters.number("theta")
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises.with(preferences: preferences)
    if reference != 0 { promises.scaleDegree = nil }
    return promises
  }

  /// The derivatives of the objective.
  ///
  /// - Parameter evidence: T losses.
  /// - Returns: T weights, some negative perhaps, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or weights beyond a `Double`.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    let losses = LossDirection(
      evidence.losses, preferences: preferences, reference: reference, present: evidence.present)
    // The part of the unit vector of L − z that is perpendicular to p̂.
    var square = 0.0
    for task in 0..<taskCount {
      guard losses.norm > 0, evidence.isPresent(task) else { continue }
      let unit = (evidence.losses[task] - reference) / losses.norm
      values[task] = unit - losses.cosine * (preferences[task] / losses.preferenceNorm)
      square += values[task] * values[task]
    }
    let distance = square.squareRoot()
    for task in 0..<taskCount {
      guard evidence.isPresent(task) else {
        values[task] = 0
        continue
      }
      let aside = losses.norm > 0 && distance > Self.vanishing ? values[task] / distance : 0
      values[task] = preferences[task] / losses.preferenceNorm + theta * aside
    }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("reference", reference))
    return TaskWeights(values)
  }
}
