/// Follows the mean gradient, turned within a ball so that the worst-off loss falls as fast as it can.
///
/// B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu, *Conflict-Averse Gradient Descent for Multi-task Learning*,
/// NeurIPS 2021, Algorithm 1 (<https://arxiv.org/abs/2110.14048>).
///
///     d = argmax min_t g_t·d  over  ‖d − g₀‖ ≤ c‖g₀‖,   g₀ = (1/T) Σ g_t
///     w = 1/T + (c‖g₀‖/‖g_v‖) v,   v = argmin g_v·g₀ + c‖g₀‖‖g_v‖ over the simplex
///     rescale: 0 as it is, 1 divided by 1 + c², 2 by 1 + c, 3 by 1 + λ, λ = c‖g₀‖/‖g_v‖
///
/// | symbol | property |
/// |---|---|
/// | G | ``GramianEvidence/gramian`` |
/// | c, rescale | the parameters |
///
/// Cost: the Gramian of T task gradients, then a few times O(T³) by ``CAGradDual``.
///
/// Where we differ: the dual is solved exactly and without a scale: λJ has λ times the direction of J. LibMTL and
/// the authors' code call SLSQP with absolute tolerances and add 1e-8 under a root, torchjd takes a Gramian of
/// trace below 1e-4 for 0. At a Pareto-stationary point the direction is the point of the ball nearest to the
/// mean gradient along which no loss ascends, where there is one. The paper has no rescaling; the authors' code
/// divides by 1 + c², in its reinforcement learning also by 1 + λ, which makes the weights' sum 1, or by 1 + c:
/// `rescale`. It also multiplies by T, to match the sum of the losses: `reduction`.
public struct CAGrad: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "cagrad",
    title: "CAGrad (conflict-averse gradient descent)",
    citation: Citation(
      "B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu, Conflict-Averse Gradient Descent for Multi-task Learning, "
        + "NeurIPS 2021",
      link: "https://arxiv.org/abs/2110.14048"),
    formula: "d = argmax min_t g_t·d over ‖d − g₀‖ ≤ c‖g₀‖, g₀ = (1/T) Σ g_t",
    appliesTo: .sharedGradient,
    cost: "T trunk gradients, their Gramian, a few O(T³)",
    parameters: [
      ParameterDescriptor(
        "c", .number(default: 0.4, range: .nonNegative),
        "The radius of the ball in units of ‖g₀‖: 0 is the mean gradient, large values tend to MGDA."),
      ParameterDescriptor(
        "rescale", .integer(default: 0, range: .closed(0...3)),
        "0: the paper's direction; 1: divided by 1 + c² (the authors' code, LibMTL); 2: by 1 + c; 3: by the sum of the "
          + "weights, 1 + λ."),
      ParameterDescriptor(
        "reduction", .choice(default: "mean", options: ["mean", "sum"]),
        "sum multiplies by T, as the authors' trainer does."),
    ],
    differences: [
      "The dual is solved exactly and free of scale; LibMTL and the authors' code stop at absolute tolerances.",
      "No rescaling, as in the paper; rescale=1 is the authors' code, 2 and 3 that of its reinforcement learning.",
      "A task whose gradient is at most 1e-12 of the largest counts in the mean and not in the minimum.",
    ],
    promises: StrategyPromises(
      weightSum: .atLeastOne, scaleDegree: 0, taskOrder: .equivariantDirection, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private let taskCount: Int
  private let c: Double
  private let factor: Double
  private let hasUnitSum: Bool
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var solver = CAGradDual()
  private var solution: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, c, factor, hasUnitSum }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    c = setup.parameters.number("c")
    let rescale = setup.parameters.integer("rescale")
    hasUnitSum = rescale == 3
    // 1 + λ is known only in the step.
    let divisor = [1, 1 + c * c, 1 + c, 1][rescale]
    let isSum = setup.parameters.values["reduction"] == .text("sum")
    factor = (isSum ? Double(setup.taskCount) : 1) / divisor
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    promises.isNonConflicting = c >= 1
    if factor != 1 { promises.weightSum = .free }
    if hasUnitSum { promises.weightSum = factor == 1 ? .one : .tasks }
    return promises
  }

  /// The weights that CAGrad's direction puts on the raw gradients.
  ///
  /// - Parameter evidence: the T×T Gramian.
  /// - Returns: T weights, on the shared gradient.
  /// - Throws: ``WeightingError`` for another number of tasks, or a solver that fails.
  public mutating func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      solution = values
    }
    for task in 0..<taskCount { values[task] = factor / Double(taskCount) }
    guard c > 0 else { return TaskWeights(values) }
    gradients.load(evidence.gramian)
    gradients.noteLeftOut(in: &interventions, present: evidence.present)
    let certificate = try solver.solve(gradients, taskCount: taskCount, c: c, into: &solution)
    // The weights of d − g₀ sum to λ, those of g₀ to 1.
    let divisor = hasUnitSum ? (0..<gradients.count).reduce(1) { $0 + solution[$1] } : 1
    for index in 0..<gradients.count { values[gradients.tasks[index]] += factor * solution[index] }
    for task in 0..<taskCount { values[task] /= divisor }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }
}
