/// Averages the gradients that lie nearest to most others, against tasks whose gradients are corrupt (Section 4).
///
///     score_t = Σ of the squared distances from g_t to its T − f − 2 nearest others
///     w_t = 1/m for the m tasks of least score, 0 for the rest
public struct Krum: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "krum", "(multi-)Krum",
    citation: Citation(
      "P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer, Machine Learning with Adversaries: Byzantine "
        + "Tolerant Gradient Descent, NeurIPS 2017",
      link: "https://arxiv.org/abs/1703.02757"),
    formula: "w_t = 1/m for the m gradients of least summed squared distance to their T − f − 2 nearest",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, O(T² log T)",
    differences: [
      "For T < f + 3 the weights are 1/T; torchjd raises an error.",
      "More than T selected are all T.",
      "Of equal scores the one with the smaller further distances is preferred, then the task listed first.",
      "Where tasks have no labels T is the number of the others, f as given.",
    ],
    promises: [.sum(.one), .nonNegative, .scaleDegree(0), .order(.withoutTies), .memoryless])

  enum Distance: String, Codable, CaseIterable { case squared, plain }

  @Parameter("f: how many tasks may be corrupt.", in: 0...1_000_000) var byzantine = 0
  @Parameter("m: how many gradients are averaged.", in: 1...1_000_000) var selected = 1
  @Parameter("Whether distances are squared, as in the paper, or not, as in torchjd.")
  var distance = Distance.squared
  @Scratch private var values: [Double] = []
  @Scratch private var distances: [[Double]] = []
  @Scratch private var order: [Int] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// The weights that average the selected gradients.
  public mutating func weights(for step: Step<Gramian>) -> TaskWeights {
    let taskCount = step.taskCount
    if values.count != taskCount {
      values.resize(to: taskCount)
      distances = [[Double]](repeating: values, count: taskCount)
      order = Array(0..<taskCount)
    }
    let presentCount = step.presentCount
    let near = presentCount - byzantine - 2
    guard near >= 1 else {
      for task in 0..<taskCount { values[task] = step.isPresent(task) ? 1 / Double(presentCount) : 0 }
      return TaskWeights(values)
    }
    setDistances(of: step)
    for task in 0..<taskCount {
      order[task] = task
      values[task] = 0
    }
    let distances = distances
    order.sort { first, second in
      guard step.isPresent(first) == step.isPresent(second) else { return step.isPresent(first) }
      for count in near..<presentCount where distances[first][count] != distances[second][count] {
        return distances[first][count] < distances[second][count]
      }
      return first < second
    }
    let chosen = min(selected, presentCount)
    for position in 0..<chosen { values[order[position]] = 1 / Double(chosen) }
    return TaskWeights(values)
  }

  /// For each task, sums of its distances to the nearest 0, 1, 2 … others: element T − f − 2 is the score, those after
  /// it decide between equals.
  private mutating func setDistances(of step: Step<Gramian>) {
    let gramian = step.gramian
    for i in 0..<step.taskCount {
      for j in 0..<step.taskCount {
        guard i != j, step.isPresent(j) else {
          // Behind all others.
          distances[i][j] = i == j ? 0 : .infinity
          continue
        }
        let square = max(gramian[i, i] + gramian[j, j] - 2 * gramian[i, j], 0)
        distances[i][j] = distance == .squared ? square : square.squareRoot()
      }
      distances[i].sort()
      for j in 1..<step.taskCount { distances[i][j] += distances[i][j - 1] }
    }
  }
}
