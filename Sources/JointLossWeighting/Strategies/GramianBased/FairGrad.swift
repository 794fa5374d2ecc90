/// Weighs the gradients by an α-fair division of the tasks' gains.
///
/// H. Ban, K. Ji, *Fair Resource Allocation in Multi-Task Learning*, ICML 2024
/// (<https://arxiv.org/abs/2402.15638>).
///
///     G w = w^(−1/α)  elementwise, w > 0          α = 1 is Nash-MTL
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | α | `alpha` |
///
/// Cost: the Gramian of T task gradients, then about ten Cholesky factorisations of T×T, up to forty for an α far
/// from 1.
///
/// Where we differ: the equations are solved to rounding by ``FairnessEquations``, where the authors' code, LibMTL and
/// torchjd call a bounded least-squares routine from 1/T. Without a solution 1e-5 or more is added to the diagonal of
/// the cosines, and the certificate says so. The authors' code multiplies by T and clips to norm 1: we do not.
public struct FairGrad: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameter.
  public static let descriptor = StrategyDescriptor(
    name: "fairgrad",
    title: "FairGrad",
    citation: Citation(
      "H. Ban, K. Ji, Fair Resource Allocation in Multi-Task Learning, ICML 2024",
      link: "https://arxiv.org/abs/2402.15638"),
    formula: "G w = w^(−1/α) elementwise, w > 0",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, about ten O(T³)",
    parameters: [
      ParameterDescriptor(
        "alpha", .number(default: 2, range: .closed(0.05...100)),
        "α: 1 is proportional fairness (Nash-MTL), towards 0 the total gain, large values the least gain.")
    ],
    differences: [
      "The equations are solved to rounding; the authors' code uses bounded least squares from 1/T.",
      "Without a solution, 1e-5 or more is added to the diagonal of the cosines, and the certificate says so: a task may ascend by ridge·w_t·‖g_t‖².",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 1.",
      "No factor T and no clipping to norm 1, which the authors' code has.",
    ],
    promises: StrategyPromises(
      hasNonNegativeWeights: true, isNonConflicting: true, scaleDegree: -4.0 / 3, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let alpha: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var solver = FairnessEquations()
  private var solution: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, alpha }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and `alpha`.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    alpha = setup.parameters.number("alpha")
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    promises.scaleDegree = -2 * alpha / (1 + alpha)
    return promises
  }

  /// The α-fair weights.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, positive where a `Double` can be that small, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or a solver that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      solution = values
    }
    gradients.load(evidence.gramian)
    gradients.noteLeftOut(in: &interventions, present: evidence.present)
    let certificate = try solver.solve(gradients, alpha: alpha, into: &solution)
    for task in 0..<taskCount { values[task] = 1 }
    for index in 0..<gradients.count { values[gradients.tasks[index]] = solution[index] }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
