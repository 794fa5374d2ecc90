/// Weighs the losses by the bargaining solution of the tasks (Algorithm 1): each gains as much as any other, relatively.
///
/// G is the Gramian. The direction has the length √T: ‖d‖² = wᵀGw = T.
public struct NashMTL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "nash-mtl", "Nash-MTL",
    citation: Citation(
      "A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik, E. Fetaya, Multi-Task Learning as "
        + "a Bargaining Game, ICML 2022",
      link: "https://arxiv.org/abs/2202.01017"),
    formula: "G w = 1/w elementwise, w > 0",
    weighs: .losses,
    cost: "T trunk gradients, their Gramian, about ten O(T³)",
    differences: [
      "The equations are solved to rounding; the authors' code stops at 1e-3 of another problem's residual.",
      "The authors' code solves up to 20 convex programs, and keeps w = 1 when its solver fails.",
      "A task that has no labels in the step of a solution keeps its last weight until the next one, 1 at first.",
      "Without a solution, 1e-5 or more is added to the diagonal of the cosines, and the certificate says so: a task may ascend by ridge·w_t·‖g_t‖².",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 1.",
      "The direction is not clipped; the authors' code clips it to norm 1: max-norm=1.",
      "Where tasks have no labels the others bargain among themselves: T is their number.",
    ],
    promises: [.nonNegative, .nonConflicting, .scaleDegree(-1), .memoryless])

  @Parameter("The largest length of the direction, 0 for none; 1 in the authors' code.", in: .nonNegative)
  var maxNorm = 0.0
  @Parameter(
    "The steps from one solution to the next; between them its weights are kept, and no gradients are read.",
    in: 1...1_000_000)
  var updateEvery = 1
  /// The steps weighed so far.
  private var stepCount = 0
  private var solution: [Double] = []
  @Scratch private var gradients = ScaledGramian()
  @Scratch private var solver = FairnessEquations()
  @Scratch private var active: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with the weights 1.
  public mutating func start(taskCount: Int) {
    stepCount = 0
    solution = [Double](repeating: 1, count: taskCount)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if updateEvery > 1 { promises.outlastStep() }
    if maxNorm > 0 { promises.scaleDegree = nil }
    return promises
  }

  /// In every `update-every`-th step, or to clip.
  public func readsGradients(present: [Bool]?) -> Bool { stepCount % updateEvery == 0 || maxNorm > 0 }

  /// The bargaining solution of this step, or the one kept.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    active.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    var certificate: SolverCertificate?
    if stepCount % updateEvery == 0 {
      gradients.load(step.gramian)
      gradients.noteLeftOut(in: &interventions, present: step.present)
      certificate = try _solver.wrappedValue.solve(gradients, alpha: 1, into: &_active.wrappedValue)
      for task in values.indices where step.isPresent(task) { solution[task] = 1 }
      for index in 0..<gradients.count { solution[gradients.tasks[index]] = active[index] }
    }
    stepCount += 1
    let factor = clipping(step.gramian)
    for task in values.indices {
      values[task] = factor * solution[task]
      if factor < 1 && step.isPresent(task) { interventions.insert(.ceiling, task: task) }
    }
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }

  private func clipping(_ gramian: Gramian) -> Double {
    guard maxNorm > 0 else { return 1 }
    let norm = gramian.norm(weights: solution)
    return norm > maxNorm ? maxNorm / norm : 1
  }
}
