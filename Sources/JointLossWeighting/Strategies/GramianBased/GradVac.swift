import JointLossLinearAlgebra
import RealModule

/// Turns each gradient until its cosine to every other is at least a running mean of what it was.
///
/// Z. Wang, Y. Tsvetkov, O. Firat, Y. Cao, *Gradient Vaccine: Investigating and Improving Multi-task Optimization
/// in Massively Multilingual Models*, ICLR 2021, Algorithm 1 (<https://arxiv.org/abs/2010.05874>).
///
///     for each task i:  p ← g_i
///       for each j ≠ i, in random order:  φ = cos(p, g_j)
///         if φ < φ̂_ij:  p ← p + a g_j,  a = ‖p‖ (φ̂ √(1 − φ²) − φ √(1 − φ̂²)) / (‖g_j‖ √(1 − φ̂²))
///         φ̂_ij ← (1 − β) φ̂_ij + β φ
///     d = Σ_i p_i
///
/// It is computed on the cosines C: with p/‖g_i‖ = Σ_k v_k g_k/‖g_k‖, p·g_j is (C v)_j and ‖p‖² is vᵀCv.
///
/// | symbol | property |
/// |---|---|
/// | φ̂ | `targets`, from 0 |
/// | β | `beta` |
/// | order of j | ``InjectedDraws/orders`` where given, else at random |
///
/// Cost: the Gramian of T task gradients, then O(T³).
///
/// Where we differ: one group, the whole shared gradient, where the paper compares granularities. φ is clamped to
/// [−1, 1] and φ̂ to ±(1 − 1e-6), without which roundings make NaNs in LibMTL. The code of Aligned-MTL moves φ̂ only
/// where φ was below it, so that it can but fall: `targets=turned`. A gradient whose norm is at most 1e-12 of the
/// largest is left out and gets weight 1, its targets stay.
public struct GradVac: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "gradvac",
    title: "GradVac (gradient vaccine)",
    citation: Citation(
      "Z. Wang, Y. Tsvetkov, O. Firat, Y. Cao, Gradient Vaccine: Investigating and Improving Multi-task "
        + "Optimization in Massively Multilingual Models, ICLR 2021",
      link: "https://arxiv.org/abs/2010.05874"),
    formula:
      "d = Σ_i p_i; p_i = g_i, turned towards each g_j until cos(p_i, g_j) is at least its running mean",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, O(T³)",
    parameters: [
      ParameterDescriptor(
        "beta", .number(default: 0.01, range: .closed(0...1)),
        "β: the share of a step's cosine in the running mean; LibMTL has 0.5."),
      ParameterDescriptor(
        "epsilon", .number(default: 0, range: .nonNegative),
        "What is added to the denominators: 0 in the paper, 1e-8 in LibMTL and torchjd."),
      ParameterDescriptor(
        "targets", .choice(default: Targets.visited.rawValue, options: Targets.allCases.map(\.rawValue)),
        "The running means that a step moves: those of all visits (the paper), or where it turned (Aligned-MTL)."
      ),
    ],
    differences: [
      "One group: the whole shared gradient.",
      "Cosines are clamped, so that rounding makes no NaN; LibMTL's are not.",
      "The code of Aligned-MTL moves a running mean only where it turned a gradient: targets=turned.",
      "Where tasks have no labels the others are turned among themselves; targets that concern the former stay.",
    ],
    promises: StrategyPromises(weightSum: .atLeastTasks, scaleDegree: 0, taskOrder: .inDistribution))

  /// True: a gradient of 0 is left out, and its targets stay.
  public static let weighsAbsentTasks = true

  private enum Targets: String, Codable, CaseIterable { case visited, turned }

  private static let largestTarget = 1 - 1e-6

  private let taskCount: Int
  private let beta: Double
  private let epsilon: Double
  private let moved: Targets
  private var targets: [Double]
  private var stream: PhiloxStream
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var position: [Int] = []
  private var visits: [Int] = []
  private var coefficients: [Double] = []
  private var products: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, beta, epsilon, moved, targets, stream }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, the parameters and the random stream.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    beta = setup.parameters.number("beta")
    epsilon = setup.parameters.number("epsilon")
    moved = setup.parameters.choice("targets")
    targets = [Double](repeating: 0, count: setup.taskCount * setup.taskCount)
    stream = setup.stream
  }

  /// The orders of visits.
  ///
  /// - Parameter present: ignored.
  /// - Returns: orders.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [.orders] }

  /// The weights that the turned gradients put on the raw ones.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, or for injected orders that
  ///   are not permutations of the other tasks.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try evidence.draws.requireOrders(taskCount: taskCount)
    reserve()
    gradients.load(evidence.gramian)
    gradients.noteLeftOut(in: &interventions, present: evidence.present)
    for task in 0..<taskCount {
      position[task] = -1
      values[task] = 1
    }
    for index in 0..<gradients.count {
      position[gradients.tasks[index]] = index
      values[gradients.tasks[index]] = 0
    }
    for task in 0..<taskCount {
      for visit in 0..<taskCount - 1 {
        visits[visit] = evidence.draws.orders?[task][visit] ?? (visit < task ? visit : visit + 1)
      }
      if evidence.draws.orders == nil { stream.shuffle(&visits) }
      if position[task] >= 0 { turn(task) }
    }
    return TaskWeights(values, interventions: interventions)
  }

  /// Adds the turned gradient of a task to the weights.
  private mutating func turn(_ task: Int) {
    let (own, count) = (position[task], gradients.count)
    for k in 0..<count {
      coefficients[k] = k == own ? 1 : 0
      products[k] = gradients.cosines[own * count + k]
    }
    for visit in 0..<taskCount - 1 {
      let other = visits[visit]
      let j = position[other]
      guard j >= 0 else { continue }
      var square = 0.0
      for k in 0..<count { square += coefficients[k] * products[k] }
      let norm = max(square, 0).squareRoot()
      // In units of both norms.
      let (own, its) = (gradients.norms[own], gradients.norms[j])
      let cosine = norm > 0 ? min(max(products[j] / (norm + epsilon / own / its), -1), 1) : 0
      let target = min(max(targets[task * taskCount + other], -Self.largestTarget), Self.largestTarget)
      if abs(targets[task * taskCount + other]) > Self.largestTarget {
        interventions.insert(.ceiling, task: task)
      }
      if cosine < target {
        let sine = (1 - target * target).squareRoot()
        let step =
          norm * (target * (1 - cosine * cosine).squareRoot() - cosine * sine) / (sine + epsilon / its)
        coefficients[j] += step
        for k in 0..<count { products[k] += step * gradients.cosines[j * count + k] }
      }
      if cosine < target || moved == .visited {
        targets[task * taskCount + other] += beta * (cosine - targets[task * taskCount + other])
      }
    }
    for k in 0..<count where coefficients[k] != 0 {
      values[gradients.tasks[k]] += coefficients[k] * (gradients.norms[own] / gradients.norms[k])
    }
  }

  private mutating func reserve() {
    guard values.count != taskCount else { return }
    values = [Double](repeating: 0, count: taskCount)
    (coefficients, products) = (values, values)
    position = [Int](repeating: 0, count: taskCount)
    visits = [Int](repeating: 0, count: max(taskCount - 1, 0))
  }
}
