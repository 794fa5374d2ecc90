import JointLossLinearAlgebra

/// Turns each gradient until its cosine to every other is at least a running mean of what it was (Algorithm 1).
///
///     for each task i:  p ← g_i
///       for each j ≠ i, in random order:  φ = cos(p, g_j)
///         if φ < φ̂_ij:  p ← p + a g_j,  a = ‖p‖ (φ̂ √(1 − φ²) − φ √(1 − φ̂²)) / (‖g_j‖ √(1 − φ̂²))
///         φ̂_ij ← (1 − β) φ̂_ij + β φ
///     d = Σ_i p_i
///
/// It is computed on the cosines C: with p/‖g_i‖ = Σ_k v_k g_k/‖g_k‖, p·g_j is (C v)_j and ‖p‖² is vᵀCv. φ̂ begins at 0.
public struct GradVac: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "gradvac", "GradVac (gradient vaccine)",
    citation: Citation(
      "Z. Wang, Y. Tsvetkov, O. Firat, Y. Cao, Gradient Vaccine: Investigating and Improving Multi-task "
        + "Optimization in Massively Multilingual Models, ICLR 2021",
      link: "https://arxiv.org/abs/2010.05874"),
    formula:
      "d = Σ_i p_i; p_i = g_i, turned towards each g_j until cos(p_i, g_j) is at least its running mean",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, O(T³)",
    differences: [
      "One group: the whole shared gradient.",
      "Cosines are clamped, so that rounding makes no NaN; LibMTL's are not.",
      "The code of Aligned-MTL moves a running mean only where it turned a gradient: targets=turned.",
      "Where tasks have no labels the others are turned among themselves; targets that concern the former stay.",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 1; its targets stay.",
    ],
    promises: [.sum(.atLeastTasks), .scaleDegree(0), .order(.inDistribution)])

  enum Targets: String, Codable, CaseIterable { case visited, turned }

  private static let largestTarget = 1 - 1e-6

  @Parameter("β: the share of a step's cosine in the running mean; LibMTL has 0.5.", in: 0...1) var beta =
    0.01
  @Parameter(
    "What is added to the denominators: 0 in the paper, 1e-8 in LibMTL and torchjd.", in: .nonNegative)
  var epsilon = 0.0
  @Parameter(
    "The running means that a step moves: those of all visits (the paper), or where it turned (Aligned-MTL).")
  var targets = Targets.visited
  /// φ̂, T×T row by row.
  private var meanCosines: [Double] = []
  @Scratch private var gradients = ScaledGramian()
  /// For each task its place among the gradients that count, or −1.
  @Scratch private var positions: [Int] = []
  @Scratch private var visits: [Int] = []
  @Scratch private var coefficients: [Double] = []
  @Scratch private var products: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with targets of 0.
  public mutating func start(taskCount: Int) {
    meanCosines = [Double](repeating: 0, count: taskCount * taskCount)
  }

  /// The orders of visits.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [.orders] }

  /// The weights that the turned gradients put on the raw ones; injected orders must be permutations of the other tasks.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    try step.draws.requireOrders(taskCount: taskCount)
    values.resize(to: taskCount)
    coefficients.resize(to: taskCount)
    products.resize(to: taskCount)
    if positions.count != taskCount {
      positions = [Int](repeating: 0, count: taskCount)
      visits = [Int](repeating: 0, count: taskCount - 1)
    }
    gradients.load(step.gramian)
    gradients.noteLeftOut(in: &interventions, present: step.present)
    for task in 0..<taskCount {
      positions[task] = -1
      values[task] = 1
    }
    for index in 0..<gradients.count {
      positions[gradients.tasks[index]] = index
      values[gradients.tasks[index]] = 0
    }
    var random = step.random
    for task in 0..<taskCount {
      for visit in visits.indices {
        visits[visit] = step.draws.orders?[task][visit] ?? (visit < task ? visit : visit + 1)
      }
      if step.draws.orders == nil { random.shuffle(&visits) }
      if positions[task] >= 0 { turn(task) }
    }
    return TaskWeights(values, interventions: interventions)
  }

  /// Adds the turned gradient of a task to the weights.
  private mutating func turn(_ task: Int) {
    let (own, count) = (positions[task], gradients.count)
    for k in 0..<count {
      coefficients[k] = k == own ? 1 : 0
      products[k] = gradients.cosines[own * count + k]
    }
    for visit in visits.indices {
      let other = visits[visit]
      let j = positions[other]
      guard j >= 0 else { continue }
      let pair = task * values.count + other
      var square = 0.0
      for k in 0..<count { square += coefficients[k] * products[k] }
      let norm = max(square, 0).squareRoot()
      // In units of both norms.
      let (own, its) = (gradients.norms[own], gradients.norms[j])
      let cosine = norm > 0 ? min(max(products[j] / (norm + epsilon / own / its), -1), 1) : 0
      let target = min(max(meanCosines[pair], -Self.largestTarget), Self.largestTarget)
      if abs(meanCosines[pair]) > Self.largestTarget { interventions.insert(.ceiling, task: task) }
      if cosine < target {
        let sine = (1 - target * target).squareRoot()
        let step =
          norm * (target * (1 - cosine * cosine).squareRoot() - cosine * sine) / (sine + epsilon / its)
        coefficients[j] += step
        for k in 0..<count { products[k] += step * gradients.cosines[j * count + k] }
      }
      if cosine < target || targets == .visited { meanCosines[pair] += beta * (cosine - meanCosines[pair]) }
    }
    for k in 0..<count where coefficients[k] != 0 {
      values[gradients.tasks[k]] += coefficients[k] * (gradients.norms[own] / gradients.norms[k])
    }
  }
}
