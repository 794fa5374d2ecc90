/// Rotates and scales the gradients so that they are orthogonal and equally long, and adds them.
///
/// D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin, *Independent Component Alignment for Multi-Task
/// Learning*, CVPR 2023, Algorithm 1 (<https://arxiv.org/abs/2305.19000>).
///
///     G = VΛVᵀ,  B = √λ V Λ^(−1/2) Vᵀ  on the range of G,  w = B p
///     λ: the least (min), median or mean (rmse) of the eigenvalues that are not 0
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | p | `preferences`, 1 each where none are given |
///
/// Cost: the Gramian of T task gradients, then one eigendecomposition of T×T.
///
/// Where we differ: an eigenvalue counts as 0 up to 10 T ε of the largest, in double precision always; the authors'
/// code and torchjd use T times the ε of the default type, which may be a `Float`'s. torchjd has p = 1/T. Without any
/// gradient the weights are p.
public struct AlignedMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "aligned-mtl",
    title: "Aligned-MTL (independent component alignment)",
    citation: Citation(
      "D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin, Independent Component Alignment for Multi-Task "
        + "Learning, CVPR 2023",
      link: "https://arxiv.org/abs/2305.19000"),
    formula: "w = B p, B = √λ V Λ^(−1/2) Vᵀ, G = VΛVᵀ",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, one eigendecomposition of size T",
    parameters: [
      ParameterDescriptor(
        "scale", .choice(default: "min", options: Scale.allCases.map(\.rawValue)),
        "λ: the least, the median or the mean (rmse) of the eigenvalues that are not 0."),
      StrategySetup.preferencesParameter("p; 1 each by default, 1/T each in torchjd."),
    ],
    differences: [
      "An eigenvalue is 0 up to 10 T ε of a Double of the largest; the authors' code uses T ε of its default type.",
      "Aligned gradients are summed, as in the paper; torchjd averages them: preferences of 1/T.",
    ],
    promises: StrategyPromises(scaleDegree: 0, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private enum Scale: String, Codable, CaseIterable { case min, median, rmse }

  private let scale: Scale
  private let preferences: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var solver = PseudoInverse()
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case scale, preferences }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    scale = setup.parameters.choice("scale")
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises { Self.descriptor.promises.with(preferences: preferences) }

  /// The weights of the aligned gradients.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, some negative perhaps, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or an eigendecomposition that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    let certificate = try solver.decompose(
      order: taskCount, evidence.gramian.elements, rankTolerance: PseudoInverse.rounding(order: taskCount))
    for task in 0..<taskCount { values[task] = preferences[task] }
    guard solver.rank > 0 else {
      return TaskWeights(values, certificate: certificate)
    }
    solver.apply(to: &values, power: -0.5)
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
