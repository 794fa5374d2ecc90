/// Weighs the losses so that the sum of their gradients is the shortest there is: a common descent direction.
///
/// O. Sener, V. Koltun, *Multi-Task Learning as Multi-Objective Optimization*, NeurIPS 2018
/// (<https://arxiv.org/abs/1810.04650>); the rule is J.-A. Désidéri's, 2012.
///
///     w = argmin wᵀGw  over  w ≥ 0, Σ w = 1
///     normalised: the same for g_t / s_t, s_t = ‖g_t‖ (l2), L_t (loss) or L_t ‖g_t‖ (loss+)
///
/// | symbol | property |
/// |---|---|
/// | L_t, G | ``LossGramianEvidence`` |
/// | s_t | `rowScales`, inverted |
///
/// Cost: the Gramian of T task gradients, then O(T³) by ``MinNormPoint``.
///
/// Where we differ: the solver is exact; the authors' two-task routine keeps the weights within 0.001 and
/// 0.999, and their loop may not end. With a normalisation the normalised gradients are combined, as in LibMTL
/// and unlike the authors' code, which puts the weights on the raw losses: `combine`. A gradient of 0 would
/// stop all tasks: it is left out, unless `zero-gradients` says otherwise.
public struct MGDA: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Gramian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "mgda",
    title: "multiple gradient descent (MGDA)",
    citation: Citation(
      "O. Sener, V. Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018",
      link: "https://arxiv.org/abs/1810.04650"),
    formula: "w = argmin wᵀGw over w ≥ 0, Σ w = 1",
    appliesTo: .losses,
    losses: .with("normalisation=loss or loss+"),
    cost: "T trunk gradients, their Gramian, O(T³)",
    parameters: [
      ParameterDescriptor(
        "normalisation", .choice(default: "none", options: Normalisation.allCases.map(\.rawValue)),
        "What each gradient is divided by before the solver: nothing, its norm, its loss, or both."),
      ParameterDescriptor(
        "combine", .choice(default: "normalised", options: Combination.allCases.map(\.rawValue)),
        "Whether the solution weighs the normalised gradients (LibMTL) or the raw ones (the authors' code)."),
      ParameterDescriptor(
        "zero-gradients", .choice(default: "skip", options: ZeroGradients.allCases.map(\.rawValue)),
        "Whether a task without gradient is left out, or stops all others as in the paper."),
      ParameterDescriptor(
        "sum", .choice(default: "one", options: ["one", "tasks"]),
        "What the weights sum to: 1, or T as in the code of Nash-MTL."),
    ],
    differences: [
      "The solver is exact; the authors' code keeps two weights within 0.001 and 0.999.",
      "A task whose gradient is at most 1e-12 of the largest is left out, at weight 1/T; zero-gradients=stop is the paper's.",
      "With a normalisation, the normalised gradients are combined; combine=raw is the authors' code.",
      "A loss of 0 divides as 1e-8 would.",
    ],
    promises: StrategyPromises(
      weightSum: .one, hasNonNegativeWeights: true, isNonConflicting: true, scaleDegree: 0,
      taskOrder: .equivariantDirection, isMemoryless: true))

  /// True: a gradient of 0 is left out, and nothing is remembered from step to step.
  public static let weighsAbsentTasks = true

  private enum Normalisation: String, Codable, CaseIterable {
    case none, l2, loss
    case lossPlus = "loss+"
  }
  private enum Combination: String, Codable, CaseIterable { case normalised, raw }
  private enum ZeroGradients: String, Codable, CaseIterable { case skip, stop }

  private static let smallestLoss = 1e-8

  private let taskCount: Int
  private let normalisation: Normalisation
  private let combination: Combination
  private let zeroGradients: ZeroGradients
  private let sum: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var interventions = Interventions()
  private var solver = MinNormPoint()
  private var rowScales: [Double] = []
  private var solution: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, normalisation, combination, zeroGradients, sum }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    normalisation = setup.parameters.choice("normalisation")
    combination = setup.parameters.choice("combine")
    zeroGradients = setup.parameters.choice("zero-gradients")
    sum = setup.parameters.values["sum"] == .text("tasks") ? Double(setup.taskCount) : 1
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if sum != 1 { promises.weightSum = .tasks }
    // The weights of tasks that are left out, or stop the others, follow no direction of descent.
    if zeroGradients == .stop || normalisation == .loss || normalisation == .lossPlus {
      promises.isNonConflicting = false
    }
    guard normalisation != .none else { return promises }
    if combination == .normalised {
      promises.weightSum = .free
      promises.scaleDegree = normalisation == .l2 ? -1 : nil
    } else {
      promises.isNonConflicting = false
      promises.scaleDegree = normalisation == .l2 ? 0 : nil
      // The point of the normalised gradients is unique, the raw ones that its weights combine are not at it.
      promises.taskOrder = .withoutTies
    }
    return promises
  }

  /// The weights of the min-norm point.
  ///
  /// - Parameter evidence: T losses, of at least 0 where they normalise, and the T×T Gramian.
  /// - Returns: T weights, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, a negative loss, or a solver that fails.
  public mutating func weights(for evidence: LossGramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      (rowScales, solution) = (values, values)
    }
    if normalisation == .loss || normalisation == .lossPlus {
      try evidence.requireNonNegativeLosses(by: Self.descriptor.name)
    }
    setRowScales(evidence)
    gradients.load(evidence.gramian, rowScales: rowScales)
    gradients.noteLeftOut(in: &interventions, present: evidence.present)
    if normalisation == .loss || normalisation == .lossPlus {
      for task in 0..<taskCount where evidence.isPresent(task) && evidence.losses[task] < Self.smallestLoss {
        interventions.insert(.floor, task: task)
      }
    }
    if zeroGradients == .stop, gradients.count < taskCount { return stopped() }
    let certificate = try solver.solve(gradients, into: &solution)
    let neutral = 1 / Double(taskCount)
    for task in 0..<taskCount { values[task] = sum * neutral }
    let share = sum * Double(gradients.count) * neutral
    for index in 0..<gradients.count {
      let task = gradients.tasks[index]
      values[task] = share * solution[index] * (combination == .raw ? 1 : rowScales[task])
    }
    return TaskWeights(
      values, certificate: certificate, interventions: interventions)
  }

  /// The factors that normalise the gradients; 0 for one that would be left out as it is, and not be once it is
  /// divided by its norm or its loss.
  private mutating func setRowScales(_ evidence: LossGramianEvidence) {
    var longest = 0.0
    for task in 0..<taskCount { longest = max(longest, evidence.gramian.norm(of: task)) }
    for task in 0..<taskCount {
      let norm = evidence.gramian.norm(of: task)
      rowScales[task] = norm > ScaledGramian.threshold * longest ? 1 : 0
      if normalisation == .l2 || normalisation == .lossPlus, norm > 0 { rowScales[task] /= norm }
      if normalisation == .loss || normalisation == .lossPlus {
        rowScales[task] /= max(evidence.losses[task], Self.smallestLoss)
      }
    }
  }

  /// The whole weight on the tasks that have no gradient: the shortest sum is 0.
  private mutating func stopped() -> TaskWeights {
    for task in 0..<taskCount { values[task] = sum / Double(taskCount - gradients.count) }
    for index in 0..<gradients.count { values[gradients.tasks[index]] = 0 }
    return TaskWeights(values, interventions: interventions)
  }
}
