/// Rotates and scales the gradients so that they are orthogonal and equally long, and adds them (Algorithm 1).
///
/// G is the Gramian, p are the preferences; B is taken on the range of G.
public struct AlignedMTL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "aligned-mtl", "Aligned-MTL (independent component alignment)",
    citation: Citation(
      "D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin, Independent Component Alignment for Multi-Task "
        + "Learning, CVPR 2023",
      link: "https://arxiv.org/abs/2305.19000"),
    formula: "w = B p, B = √λ V Λ^(−1/2) Vᵀ, G = VΛVᵀ",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    differences: [
      "An eigenvalue is 0 up to 10 T ε of a Double of the largest; the authors' code uses T ε of its default type.",
      "Aligned gradients are summed, as in the paper; torchjd averages them: preferences of 1/T.",
      "Where all gradients are 0 the weights are the preferences.",
    ],
    promises: [.scaleDegree(0), .memoryless])

  enum Scale: String, Codable, CaseIterable { case min, median, rmse }

  @Parameter("λ: the least, the median or the mean (rmse) of the eigenvalues that are not 0.")
  var scale = Scale.min
  @Parameter("p; 1 each by default, 1/T each in torchjd.", in: .nonNegative) var preferences: [Double] = []
  private var taskPreferences: [Double] = []
  @Scratch private var solver = PseudoInverse()
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Checks that there are as many preferences as tasks, and that one of them is positive.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    taskPreferences = try Preferences.values(
      preferences, taskCount: taskCount, of: Self.about.name, default: 1)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.about.promises.with(preferences: preferences) }

  /// The weights of the aligned gradients, some negative perhaps.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    values.resize(to: taskCount)
    let certificate = try solver.decompose(
      order: taskCount, step.gramian.elements, rankTolerance: PseudoInverse.rounding(order: taskCount))
    for task in 0..<taskCount { values[task] = taskPreferences[task] }
    guard solver.rank > 0 else { return TaskWeights(values, certificate: certificate) }
    _solver.wrappedValue.apply(to: &_values.wrappedValue, power: -0.5)
    let factor = eigenvalue.squareRoot()
    for task in 0..<taskCount { values[task] *= factor }
    return TaskWeights(values, certificate: certificate)
  }

  /// λ.
  private var eigenvalue: Double {
    let (first, last) = (solver.firstRanked, solver.order - 1)
    switch scale {
    case .min: return solver.values[first]
    case .median: return solver.values[(first + last) / 2]
    case .rmse:
      var sum = 0.0
      for index in first...last { sum += solver.values[index] }
      return sum / Double(solver.rank)
    }
  }
}
