import JointLossLinearAlgebra

/// Projects each task gradient onto the normal plane of every other gradient that it conflicts with (Algorithm 1).
///
///     for each task i:  p ← g_i
///       for each j ≠ i, in random order:  if p·g_j < 0:  p ← p − (p·g_j / ‖g_j‖²) g_j
///     d = Σ_i p_i
///
/// It is computed on the cosines C of the gradients: with p/‖g_i‖ = Σ_k v_k g_k/‖g_k‖, the product with the unit
/// vector of g_j is (C v)_j, and a projection subtracts it from v_j. The weight on the raw gradient of task k is then
/// Σ_i v_k ‖g_i‖/‖g_k‖.
public struct PCGrad: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "pcgrad", "PCGrad (gradient surgery)",
    citation: Citation(
      "T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn, Gradient Surgery for Multi-Task Learning, "
        + "NeurIPS 2020",
      link: "https://arxiv.org/abs/2001.06782"),
    formula:
      "d = Σ_i p_i; p_i = g_i, less its projection on each g_j with p_i·g_j < 0, j ≠ i in random order",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, O(T³)",
    differences: [
      "LibMTL, Nash-MTL's and Aligned-MTL's code let a task visit itself: visits=all.",
      "Aligned-MTL's code draws one order for all tasks: order=shared; the official code none: order=ascending.",
      "Pytorch-PCGrad averages the projected gradients: reduction=mean.",
      "Pytorch-PCGrad and the official code project heads along with the trunk: gradient-scope: all-parameters and "
        + "head-policy: weighted in a study. Pytorch-PCGrad's mean leaves the heads' gradients a sum.",
      "A conflict must exceed 1e-12 of the norms, so that rounding cannot make one.",
      "A gradient whose norm is at most 1e-12 of the largest is left out of all projections.",
    ],
    promises: [.sum(.atLeastTasks), .nonNegative, .scaleDegree(0), .order(.inDistribution), .memoryless])

  enum Order: String, Codable, CaseIterable { case random, shared, ascending }
  enum Visits: String, Codable, CaseIterable { case others, all }
  enum Reduction: String, Codable, CaseIterable { case sum, mean }

  /// The relative size below which a conflict is rounding and a gradient is no gradient.
  private static let threshold = 1e-12

  @Parameter("The order of visits: a permutation drawn for each task, one drawn for all tasks, or by index.")
  var order = Order.random
  @Parameter(
    "Whom a task visits: the others (the paper), or itself as well (LibMTL, Nash-MTL, the official code).")
  var visits = Visits.others
  @Parameter("Whether projected gradients are summed (the paper) or averaged (Pytorch-PCGrad).")
  var reduction = Reduction.sum
  @Parameter("What is added to ‖g_j‖² in a projection: 0 in the paper, 1e-8 in LibMTL.", in: .nonNegative)
  var epsilon = 0.0
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()
  @Scratch private var scratch = ProjectionBuffers()

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if order == .ascending { promises.taskOrder = .matters }
    if reduction == .mean { promises.weightSum = .atLeastOne }
    if epsilon > 0 { promises.scaleDegree = nil }
    return promises
  }

  /// The orders of visits, also in the place of those that would not be drawn.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [.orders] }

  /// The weights that the projected gradients put on the raw ones.
  ///
  /// - Parameter step: the T×T Gramian.
  /// - Returns: T weights of at least 1, or 1/T for the mean.
  /// - Throws: ``WeightingError`` for injected orders that are not permutations of the tasks to visit.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    try step.draws.requireOrders(taskCount: taskCount, withItself: visits == .all)
    values.resize(to: taskCount)
    scratch.resize(taskCount: taskCount, visitCount: visits == .all ? taskCount : taskCount - 1)
    scratch.setCosines(of: step.gramian, threshold: Self.threshold)
    interventions.reset(taskCount: taskCount)
    for task in 0..<taskCount {
      values[task] = 0
      scratch.order[task] = task
      if scratch.norms[task] == 0 && step.isPresent(task) { interventions.insert(.leftOut, task: task) }
    }
    var random = step.random
    if order == .shared && step.draws.orders == nil { random.shuffle(&scratch.order) }
    for task in 0..<taskCount {
      setVisits(of: task, injected: step.draws.orders, &random)
      scratch.project(task, threshold: Self.threshold, epsilon: epsilon)
      for other in 0..<taskCount where scratch.coefficients[other] != 0 {
        // The norm of a gradient that is left out is 0.
        let ratio = other == task ? 1 : scratch.norms[task] / scratch.norms[other]
        values[other] += scratch.coefficients[other] * ratio
      }
    }
    if reduction == .mean {
      for task in 0..<taskCount { values[task] /= Double(taskCount) }
    }
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setVisits(of task: Int, injected orders: [[Int]]?, _ random: inout PhiloxStream) {
    if let orders {
      for position in scratch.visits.indices { scratch.visits[position] = orders[task][position] }
      return
    }
    var position = 0
    for other in scratch.order where visits == .all || other != task {
      scratch.visits[position] = other
      position += 1
    }
    if order == .random { random.shuffle(&scratch.visits) }
  }
}

/// The buffers of one step of PCGrad.
private struct ProjectionBuffers: ScratchBuffer, Sendable {
  /// The norms of the gradients; 0 for one that is left out.
  var norms: [Double] = []
  /// The T² cosines, row by row.
  private var cosines: [Double] = []
  /// The projected gradient in units of its own norm, over the unit vectors of all gradients.
  var coefficients: [Double] = []
  /// Its products with these unit vectors.
  private var products: [Double] = []
  /// All tasks, in the order that the step has for each of them.
  var order: [Int] = []
  /// The tasks that the present one visits, in their order.
  var visits: [Int] = []
  private var taskCount: Int { norms.count }

  mutating func resize(taskCount: Int, visitCount: Int) {
    norms.resize(to: taskCount)
    cosines.resize(to: taskCount * taskCount)
    coefficients.resize(to: taskCount)
    products.resize(to: taskCount)
    if order.count != taskCount { order = [Int](repeating: 0, count: taskCount) }
    if visits.count != visitCount { visits = [Int](repeating: 0, count: visitCount) }
  }

  mutating func setCosines(of gramian: Gramian, threshold: Double) {
    var largest = 0.0
    for task in 0..<taskCount {
      norms[task] = gramian.norm(of: task)
      largest = max(largest, norms[task])
    }
    for task in 0..<taskCount where norms[task] <= threshold * largest { norms[task] = 0 }
    for i in 0..<taskCount {
      for j in 0..<taskCount {
        let active = norms[i] > 0 && norms[j] > 0
        let cosine = active ? gramian[i, j] / norms[i] / norms[j] : 0
        cosines[i * taskCount + j] = i == j ? 1 : min(max(cosine, -1), 1)
      }
    }
  }

  /// Leaves the projected gradient of a task in `coefficients`.
  mutating func project(_ task: Int, threshold: Double, epsilon: Double) {
    for other in 0..<taskCount {
      coefficients[other] = other == task ? 1 : 0
      products[other] = cosines[task * taskCount + other]
    }
    // A gradient that is left out has no cosine with any other, so that it is skipped here as well.
    for other in visits {
      let product = products[other]
      guard product < 0 else { continue }
      var squaredNorm = 0.0
      for k in 0..<taskCount { squaredNorm += coefficients[k] * products[k] }
      guard product < -threshold * max(squaredNorm, 0).squareRoot() else { continue }
      let step = product / (1 + epsilon / norms[other] / norms[other])
      coefficients[other] -= step
      for k in 0..<taskCount { products[k] -= step * cosines[other * taskCount + k] }
    }
  }
}
