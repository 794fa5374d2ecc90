/// Takes the direction with the same positive cosine to every gradient, as long as their projections on it.
///
/// Q. Liu, M. Chu, N. Thuerey, *ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks*,
/// ICLR 2025 (<https://arxiv.org/abs/2408.11104>).
///
///     x = U⁺ p,  U the unit gradients as rows,  d = (Σ_t g_t·x̂) x̂
///     on the cosines:  c = C⁺p,  s = cᵀCc,  w_t = (Σ_k n_k (Cc)_k / s) c_t / n_t
///
/// | symbol | property |
/// |---|---|
/// | n_t, C | norms and cosines of ``GramianEvidence/gramian`` |
/// | p | `preferences`, 1 each where none are given |
///
/// Cost: the Gramian of T task gradients, then one eigendecomposition of T×T.
///
/// Where we differ: the pseudo-inverse is that of the cosines, its eigenvalues counting as 0 up to 10 T ε of the
/// largest. Where x is 0, for opposed gradients say, so is d.
public struct ConFIG: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "config",
    title: "ConFIG (conflict-free inverse gradients)",
    citation: Citation(
      "Q. Liu, M. Chu, N. Thuerey, ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks, "
        + "ICLR 2025",
      link: "https://arxiv.org/abs/2408.11104"),
    formula: "d = (Σ g_t·x̂) x̂, x = U⁺p, U the unit gradients",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    parameters: [
      StrategySetup.preferencesParameter("The wanted ratios of the cosines; 1 each by default.")
    ],
    differences: [
      "The pseudo-inverse is computed on the cosines; eigenvalues up to 10 T ε of the largest count as 0.",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 0.",
    ],
    promises: StrategyPromises(scaleDegree: 0, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private static let vanishing = 1e-12

  private let preferences: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var solver = PseudoInverse()
  private var vector: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case preferences }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `preferences`.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.descriptor.promises.with(preferences: preferences) }

  /// The weights of the conflict-free direction.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, some negative perhaps, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or an eigendecomposition that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      vector = values
    }
    gradients.load(evidence.gramian)
    gradients.noteLeftOut(in: &interventions, present: evidence.present)
    let count = gradients.count
    let certificate = try solver.decompose(
      order: count, gradients.cosines, rankTolerance: PseudoInverse.rounding(order: count))
    var wanted = 0.0
    for t in 0..<count {
      vector[t] = preferences[gradients.tasks[t]]
      wanted += vector[t] * vector[t]
    }
    solver.apply(to: &vector)
    var (square, length) = (0.0, 0.0)
    for t in 0..<count {
      var product = 0.0
      for s in 0..<count { product += gradients.cosines[t * count + s] * vector[s] }
      square += vector[t] * product
      length += gradients.norms[t] * product
    }
    for task in 0..<taskCount { values[task] = count == 0 ? 1 : 0 }
    if square > Self.vanishing * wanted {
      for t in 0..<count { values[gradients.tasks[t]] = length / square * (vector[t] / gradients.norms[t]) }
    }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
