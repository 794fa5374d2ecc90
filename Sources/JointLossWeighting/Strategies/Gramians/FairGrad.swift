/// Weighs the gradients by an α-fair division of the tasks' gains; α = 1 is Nash-MTL.
public struct FairGrad: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "fairgrad", "FairGrad",
    citation: Citation(
      "H. Ban, K. Ji, Fair Resource Allocation in Multi-Task Learning, ICML 2024",
      link: "https://arxiv.org/abs/2402.15638"),
    formula: "G w = w^(−1/α) elementwise, w > 0",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, about ten O(T³)",
    differences: [
      "The equations are solved to rounding; the authors' code uses bounded least squares from 1/T.",
      "Without a solution, 1e-5 or more is added to the diagonal of the cosines, and the certificate says so: a task may ascend by ridge·w_t·‖g_t‖².",
      "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 1.",
      "No factor T and no clipping to norm 1, which the authors' code has.",
    ],
    promises: [.nonNegative, .nonConflicting, .scaleDegree(-4.0 / 3), .memoryless])

  @Parameter(
    "α: 1 is proportional fairness (Nash-MTL), towards 0 the total gain, large values the least gain.",
    in: 0.05...100)
  var alpha = 2.0
  @Scratch private var gradients = ScaledGramian()
  @Scratch private var solver = FairnessEquations()
  @Scratch private var solution: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    promises.scaleDegree = -2 * alpha / (1 + alpha)
    return promises
  }

  /// The α-fair weights, positive where a `Double` can be that small.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    solution.resize(to: step.taskCount)
    gradients.load(step.gramian)
    gradients.noteLeftOut(in: &interventions, present: step.present)
    let certificate = try _solver.wrappedValue.solve(
      gradients, alpha: alpha, into: &_solution.wrappedValue)
    for task in values.indices { values[task] = 1 }
    for index in 0..<gradients.count { values[gradients.tasks[index]] = solution[index] }
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }
}
