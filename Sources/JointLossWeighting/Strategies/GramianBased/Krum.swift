/// Averages the gradients that lie nearest to most others, against tasks whose gradients are corrupt.
///
/// P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, *Machine Learning with Adversaries: Byzantine
/// Tolerant Gradient Descent*, NeurIPS 2017, Section 4 (<https://arxiv.org/abs/1703.02757>).
///
///     score_t = Σ of the squared distances from g_t to its T − f − 2 nearest others
///     w_t = 1/m for the m tasks of least score, 0 for the rest
///
/// | symbol | property |
/// |---|---|
/// | ‖g_i − g_j‖² | G_ii + G_jj − 2 G_ij of ``GramianEvidence/gramian`` |
/// | f, m | `byzantine`, `selected` |
///
/// Cost: the Gramian of T task gradients, then O(T² log T).
///
/// Where we differ: squared distances are summed, as in the paper; torchjd sums them unsquared: `distance`. Of equal
/// scores the one whose next distances are less is preferred, then the task listed first. For T < f + 3 the rule has
/// no score: all weights are 1/T then, where torchjd raises an error.
public struct Krum: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "krum",
    title: "(multi-)Krum",
    citation: Citation(
      "P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, Machine Learning with Adversaries: Byzantine "
        + "Tolerant Gradient Descent, NeurIPS 2017",
      link: "https://arxiv.org/abs/1703.02757"),
    formula: "w_t = 1/m for the m gradients of least summed squared distance to their T − f − 2 nearest",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, O(T² log T)",
    parameters: [
      ParameterDescriptor(
        "byzantine", .integer(default: 0, range: .closed(0...1_000_000)), "f: how many tasks may be corrupt."),
      ParameterDescriptor(
        "selected", .integer(default: 1, range: .closed(1...1_000_000)), "m: how many gradients are averaged."
      ),
      ParameterDescriptor(
        "distance", .choice(default: "squared", options: ["squared", "plain"]),
        "Whether distances are squared, as in the paper, or not, as in torchjd."),
    ],
    differences: [
      "For T < f + 3 the weights are 1/T; torchjd raises an error.",
      "More than T selected are all T.",
      "Of equal scores the one with the smaller further distances is preferred, then the task listed first.",
      "Where tasks have no labels T is the number of the others, f as given.",
    ],
    promises: StrategyPromises(
      weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0, taskOrder: .withoutTies,
      isMemoryless: true))

  /// True: T is the number of present tasks, and the others are no one's neighbours.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let byzantine: Int
  private let selected: Int
  private let isSquared: Bool
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var distances: [[Double]] = []
  private var order: [Int] = []

  private enum CodingKeys: CodingKey { case taskCount, byzantine, selected, isSquared }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    byzantine = setup.parameters.integer("byzantine")
    selected = setup.parameters.integer("selected")
    isSquared = setup.parameters.values["distance"] == .text("squared")
  }

  /// The average of the selected gradients.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights of sum 1, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      distances = [[Double]](repeating: values, count: taskCount)
      order = Array(0..<taskCount)
    }
    let presentCount = evidence.presentCount
    let near = presentCount - byzantine - 2
    guard near >= 1 else {
      for task in 0..<taskCount { values[task] = evidence.isPresent(task) ? 1 / Double(presentCount) : 0 }
      return TaskWeights(values)
    }
    let gramian = evidence.gramian
    for i in 0..<taskCount {
      for j in 0..<taskCount {
        guard i != j, evidence.isPresent(j) else {
          // Behind all others.
          distances[i][j] = i == j ? 0 : .infinity
          continue
        }
        let square = max(gramian[i, i] + gramian[j, j] - 2 * gramian[i, j], 0)
        distances[i][j] = isSquared ? square : square.squareRoot()
      }
      distances[i].sort()
      // Sums of the nearest 0, 1, 2 …: element `near` is the score, those after it decide between equals.
      for j in 1..<taskCount { distances[i][j] += distances[i][j - 1] }
    }
    for task in 0..<taskCount {
      order[task] = task
      values[task] = 0
    }
    order.sort { first, second in
      guard evidence.isPresent(first) == evidence.isPresent(second) else { return evidence.isPresent(first) }
      for count in near..<presentCount where distances[first][count] != distances[second][count] {
        return distances[first][count] < distances[second][count]
      }
      return first < second
    }
    let chosen = min(selected, presentCount)
    for position in 0..<chosen { values[order[position]] = 1 / Double(chosen) }
    return TaskWeights(values)
  }
}
