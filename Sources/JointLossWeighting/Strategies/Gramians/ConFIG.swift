/// Takes the direction with the same positive cosine to every gradient, as long as their projections on it.
///
///     on the cosines C:  c = C⁺p,  s = cᵀCc,  w_t = (Σ_k n_k (Cc)_k / s) c_t / n_t
///
/// n are the norms of the gradients, p the preferences.
public struct ConFIG: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "config", "ConFIG (conflict-free inverse gradients)",
    citation: Citation(
      "Q. Liu, M. Chu, N. Thuerey, ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks, "
        + "ICLR 2025",
      link: "https://arxiv.org/abs/2408.11104"),
    formula: "d = (Σ g_t·x̂) x̂, x = U⁺p, U the unit gradients",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    differences: [
      "The pseudo-inverse is computed on the cosines; eigenvalues up to 10 T ε of the largest count as 0.",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 0.",
      "Where x is 0, as for two opposed gradients, so is d.",
    ],
    promises: [.scaleDegree(0), .memoryless])

  private static let vanishing = 1e-12

  @Parameter("The wanted ratios of the cosines; 1 each by default.", in: .nonNegative)
  var preferences: [Double] = []
  private var taskPreferences: [Double] = []
  @Scratch private var gradients = ScaledGramian()
  @Scratch private var solver = PseudoInverse()
  @Scratch private var vector: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Checks that there are as many preferences as tasks, and that one of them is positive.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    taskPreferences = try Preferences.values(
      preferences, taskCount: taskCount, of: Self.about.name, default: 1)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.about.promises.with(preferences: preferences) }

  /// The weights of the conflict-free direction, some negative perhaps.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    vector.resize(to: step.taskCount)
    gradients.load(step.gramian)
    gradients.noteLeftOut(in: &interventions, present: step.present)
    let count = gradients.count
    let certificate = try solver.decompose(
      order: count, gradients.cosines, rankTolerance: PseudoInverse.rounding(order: count))
    var wanted = 0.0
    for t in 0..<count {
      vector[t] = taskPreferences[gradients.tasks[t]]
      wanted += vector[t] * vector[t]
    }
    _solver.wrappedValue.apply(to: &_vector.wrappedValue)
    var (square, length) = (0.0, 0.0)
    for t in 0..<count {
      var product = 0.0
      for s in 0..<count { product += gradients.cosines[t * count + s] * vector[s] }
      square += vector[t] * product
      length += gradients.norms[t] * product
    }
    for task in values.indices { values[task] = count == 0 ? 1 : 0 }
    if square > Self.vanishing * wanted {
      for t in 0..<count { values[gradients.tasks[t]] = length / square * (vector[t] / gradients.norms[t]) }
    }
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }
}
