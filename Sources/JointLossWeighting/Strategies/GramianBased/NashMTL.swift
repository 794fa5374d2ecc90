/// Weighs the losses by the bargaining solution of the tasks: each gains as much as any other, relatively.
///
/// A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik, E. Fetaya, *Multi-Task Learning as a
/// Bargaining Game*, ICML 2022, Algorithm 1 (<https://arxiv.org/abs/2202.01017>).
///
///     G w = 1/w  elementwise, w > 0          hence ‖d‖² = wᵀGw = T
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | w | `solution`, kept for `update-every` steps |
///
/// Cost: the Gramian of T task gradients, then about ten Cholesky factorisations of T×T; with `update-every` k and no
/// `max-norm` in one step of k, and one backward pass of the weighted losses in the others.
///
/// Where we differ: the equations are solved to rounding by ``FairnessEquations``; the authors' code runs up to
/// 20 convex programs, stops at a residual of the wrong problem, and keeps w = 1 when its solver fails. Where no
/// solution exists (a Pareto-stationary point) that of G with 1e-5 or more added to its cosines' diagonal is taken, and
/// the certificate says so. A gradient whose norm is at most 1e-12 of the largest is left out and gets weight 1.
/// No clipping by default: the length √T is the rule's own; the authors' code clips it to 1, `max-norm`.
public struct NashMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "nash-mtl",
    title: "Nash-MTL",
    citation: Citation(
      "A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik, E. Fetaya, Multi-Task Learning as "
        + "a Bargaining Game, ICML 2022",
      link: "https://arxiv.org/abs/2202.01017"),
    formula: "G w = 1/w elementwise, w > 0",
    appliesTo: .losses,
    cost: "T trunk gradients, their Gramian, about ten O(T³)",
    parameters: [
      ParameterDescriptor(
        "max-norm", .number(default: 0, range: .nonNegative),
        "The largest length of the direction, 0 for none; 1 in the authors' code."),
      ParameterDescriptor(
        "update-every", .integer(default: 1, range: .closed(1...1_000_000)),
        "The steps from one solution to the next; between them its weights are kept, and no gradients are read."
      ),
    ],
    differences: [
      "The equations are solved to rounding; the authors' code stops at 1e-3 of another problem's residual.",
      "A task that has no labels in the step of a solution keeps its last weight until the next one, 1 at first.",
      "Without a solution, 1e-5 or more is added to the diagonal of the cosines, and the certificate says so: a task may ascend by ridge·w_t·‖g_t‖².",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 1.",
      "The direction is not clipped; the authors' code clips it to norm 1: max-norm=1.",
      "Where tasks have no labels the others bargain among themselves: T is their number.",
    ],
    promises: StrategyPromises(
      hasNonNegativeWeights: true, isNonConflicting: true, scaleDegree: -1, isMemoryless: true))

  /// True: a gradient of 0 is left out, and what is kept of an absent task stays.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let maximumNorm: Double
  private let updateEvery: Int
  private var step = 0
  private var solution: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var solver = FairnessEquations()
  private var active: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, maximumNorm, updateEvery, step, solution }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    maximumNorm = setup.parameters.number("max-norm")
    updateEvery = setup.parameters.integer("update-every")
    solution = [Double](repeating: 1, count: setup.taskCount)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if updateEvery > 1 { promises.outlastStep() }
    if maximumNorm > 0 { promises.scaleDegree = nil }
    return promises
  }

  /// In every `update-every`-th step, or to clip.
  ///
  /// - Parameter present: ignored.
  /// - Returns: false where the last solution is kept and its length does not matter.
  public func readsGradients(present: [Bool]?) -> Bool { step % updateEvery == 0 || maximumNorm > 0 }

  /// The bargaining solution of this step, or the one kept.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T positive weights, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or a solver that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      active = values
    }
    var certificate: SolverCertificate?
    interventions.reset(taskCount: taskCount)
    if step % updateEvery == 0 {
      gradients.load(evidence.gramian)
      gradients.noteLeftOut(in: &interventions, present: evidence.present)
      certificate = try solver.solve(gradients, alpha: 1, into: &active)
      for task in 0..<taskCount where evidence.isPresent(task) { solution[task] = 1 }
      for index in 0..<gradients.count { solution[gradients.tasks[index]] = active[index] }
    }
    step += 1
    let factor = clipping(evidence.gramian)
    for task in 0..<taskCount {
      values[task] = factor * solution[task]
      if factor < 1 && evidence.isPresent(task) { interventions.insert(.ceiling, task: task) }
    }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }

  private func clipping(_ gramian: Gramian) -> Double {
    guard maximumNorm > 0 else { return 1 }
    let norm = gramian.norm(weights: solution)
    return norm > maximumNorm ? maximumNorm / norm : 1
  }
}
