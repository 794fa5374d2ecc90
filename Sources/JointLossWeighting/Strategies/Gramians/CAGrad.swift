/// Follows the mean gradient, turned within a ball so that the worst-off loss falls as fast as it can (Algorithm 1).
///
///     w = 1/T + (c‖g₀‖/‖g_v‖) v,   v = argmin g_v·g₀ + c‖g₀‖‖g_v‖ over the simplex
///     rescale: 0 as it is, 1 divided by 1 + c², 2 by 1 + c, 3 by 1 + λ, λ = c‖g₀‖/‖g_v‖
public struct CAGrad: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "cagrad", "CAGrad (conflict-averse gradient descent)",
    citation: Citation(
      "B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu, Conflict-Averse Gradient Descent for Multi-task Learning, "
        + "NeurIPS 2021",
      link: "https://arxiv.org/abs/2110.14048"),
    formula: "d = argmax min_t g_t·d over ‖d − g₀‖ ≤ c‖g₀‖, g₀ = (1/T) Σ g_t",
    weighs: .sharedGradient,
    cost: "T trunk gradients, their Gramian, a few O(T³)",
    differences: [
      "The dual is solved exactly and free of scale; LibMTL and the authors' code stop at absolute tolerances.",
      "No rescaling, as in the paper; rescale=1 is the authors' code, 2 and 3 that of its reinforcement learning.",
      "A task whose gradient is at most 1e-12 of the largest counts in the mean and not in the minimum.",
      "torchjd takes a Gramian of trace below 1e-4 for 0.",
      "At a Pareto-stationary point the direction is the point of the ball nearest to the mean gradient along which no loss ascends, where there is one.",
    ],
    promises: [.sum(.atLeastOne), .scaleDegree(0), .order(.equivariantDirection), .memoryless])

  enum Reduction: String, Codable, CaseIterable { case mean, sum }

  @Parameter(
    "The radius of the ball in units of ‖g₀‖: 0 is the mean gradient, large values tend to MGDA.",
    in: .nonNegative)
  var c = 0.4
  @Parameter(
    "0: the paper's direction; 1: divided by 1 + c² (the authors' code, LibMTL); 2: by 1 + c; 3: by the sum of the "
      + "weights, 1 + λ.", in: 0...3)
  var rescale = 0
  @Parameter("sum multiplies by T, as the authors' trainer does.") var reduction = Reduction.mean
  @Scratch private var gradients = ScaledGramian()
  @Scratch private var solver = CAGradDual()
  @Scratch private var solution: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    promises.isNonConflicting = c >= 1
    if rescale == 3 {
      promises.weightSum = reduction == .sum ? .tasks : .one
    } else if reduction == .sum || divisor != 1 {
      promises.weightSum = .free
    }
    return promises
  }

  /// The weights that CAGrad's direction puts on the raw gradients.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    values.resize(to: taskCount)
    solution.resize(to: taskCount)
    let factor = (reduction == .sum ? Double(taskCount) : 1) / divisor
    for task in 0..<taskCount { values[task] = factor / Double(taskCount) }
    guard c > 0 else { return TaskWeights(values) }
    gradients.load(step.gramian)
    gradients.noteLeftOut(in: &interventions, present: step.present)
    let certificate = try _solver.wrappedValue.solve(
      gradients, taskCount: taskCount, c: c, into: &_solution.wrappedValue)
    for index in 0..<gradients.count { values[gradients.tasks[index]] += factor * solution[index] }
    if rescale == 3 {
      // The weights of d − g₀ sum to λ, those of g₀ to 1.
      let sum = (0..<gradients.count).reduce(1) { $0 + solution[$1] }
      for task in 0..<taskCount { values[task] /= sum }
    }
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }

  /// What the direction is divided by; 1 + λ is known only in the step.
  private var divisor: Double {
    switch rescale {
    case 1: 1 + c * c
    case 2: 1 + c
    default: 1
    }
  }
}
