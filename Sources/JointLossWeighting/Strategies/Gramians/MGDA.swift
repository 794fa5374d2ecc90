/// Weighs the losses so that the sum of their gradients is the shortest there is: a common descent direction.
///
///     normalized: the same for g_t / s_t, s_t = ‖g_t‖ (l2), L_t (loss) or L_t ‖g_t‖ (loss+)
///
/// G is the Gramian. The rule is J.-A. Désidéri's (2012); the paper brought it to multi-task learning.
public struct MGDA: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "mgda", "multiple gradient descent (MGDA)",
    citation: Citation(
      "O. Sener, V. Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018",
      link: "https://arxiv.org/abs/1810.04650"),
    formula: "w = argmin wᵀGw over w ≥ 0, Σ w = 1",
    weighs: .losses,
    losses: .with("normalisation=loss or loss+"),
    cost: "T trunk gradients, their Gramian, O(T³)",
    differences: [
      "The solver is exact; the authors' code keeps two weights within 0.001 and 0.999.",
      "The authors' loop may not end.",
      "A task whose gradient is at most 1e-12 of the largest is left out, at weight 1/T; zero-gradients=stop is the paper's.",
      "With a normalisation, the normalised gradients are combined; combine=raw is the authors' code.",
      "A loss of 0 divides as 1e-8 would.",
    ],
    promises: [
      .sum(.one), .nonNegative, .nonConflicting, .scaleDegree(0), .order(.equivariantDirection), .memoryless,
    ])

  enum Normalization: String, Codable, CaseIterable {
    case none, l2, loss
    case lossPlus = "loss+"

    var dividesByNorm: Bool { self == .l2 || self == .lossPlus }
    var dividesByLoss: Bool { self == .loss || self == .lossPlus }
  }
  enum Combination: String, Codable, CaseIterable {
    case normalized = "normalised"
    case raw
  }
  enum ZeroGradients: String, Codable, CaseIterable { case skip, stop }
  enum Sum: String, Codable, CaseIterable { case one, tasks }

  private static let smallestLoss = 1e-8

  @Parameter("What each gradient is divided by before the solver: nothing, its norm, its loss, or both.")
  var normalisation = Normalization.none
  @Parameter(
    "Whether the solution weighs the normalised gradients (LibMTL) or the raw ones (the authors' code).")
  var combine = Combination.normalized
  @Parameter("Whether a task without gradient is left out, or stops all others as in the paper.")
  var zeroGradients = ZeroGradients.skip
  @Parameter("What the weights sum to: 1, or T as in the code of Nash-MTL.") var sum = Sum.one
  @Scratch private var gradients = ScaledGramian()
  @Scratch private var solver = MinNormPoint()
  @Scratch private var rowScales: [Double] = []
  @Scratch private var solution: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if sum == .tasks { promises.weightSum = .tasks }
    // The weights of tasks that are left out, or stop the others, follow no direction of descent.
    if zeroGradients == .stop || normalisation.dividesByLoss { promises.isNonConflicting = false }
    guard normalisation != .none else { return promises }
    if combine == .normalized {
      promises.weightSum = .free
      promises.scaleDegree = normalisation == .l2 ? -1 : nil
    } else {
      promises.isNonConflicting = false
      promises.scaleDegree = normalisation == .l2 ? 0 : nil
      // The point of the normalized gradients is unique, the raw ones that its weights combine are not at it.
      promises.taskOrder = .withoutTies
    }
    return promises
  }

  /// The weights of the min-norm point.
  public mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    values.resize(to: taskCount)
    solution.resize(to: taskCount)
    rowScales.resize(to: taskCount)
    let dividesByLoss = normalisation.dividesByLoss
    if dividesByLoss { try step.requireNonNegativeLosses(by: Self.self) }
    setRowScales(step)
    gradients.load(step.gramian, rowScales: rowScales)
    gradients.noteLeftOut(in: &interventions, present: step.present)
    if dividesByLoss {
      for task in 0..<taskCount where step.isPresent(task) && step.losses[task] < Self.smallestLoss {
        interventions.insert(.floor, task: task)
      }
    }
    let total = sum == .tasks ? Double(taskCount) : 1
    if zeroGradients == .stop, gradients.count < taskCount { return stopped(total) }
    let certificate = try _solver.wrappedValue.solve(gradients, into: &_solution.wrappedValue)
    let neutral = 1 / Double(taskCount)
    for task in 0..<taskCount { values[task] = total * neutral }
    let share = total * Double(gradients.count) * neutral
    for index in 0..<gradients.count {
      let task = gradients.tasks[index]
      values[task] = share * solution[index] * (combine == .raw ? 1 : rowScales[task])
    }
    return TaskWeights(values, certificate: certificate, interventions: interventions)
  }

  /// The factors that normalize the gradients; 0 for one that would be left out as it is, and not be once it is
  /// divided by its norm or its loss.
  private mutating func setRowScales(_ step: Step<Gramian>) {
    var longest = 0.0
    for task in 0..<step.taskCount { longest = max(longest, step.gramian.norm(of: task)) }
    for task in 0..<step.taskCount {
      let norm = step.gramian.norm(of: task)
      rowScales[task] = norm > ScaledGramian.threshold * longest ? 1 : 0
      if normalisation.dividesByNorm, norm > 0 { rowScales[task] /= norm }
      if normalisation.dividesByLoss { rowScales[task] /= max(step.losses[task], Self.smallestLoss) }
    }
  }

  /// The whole weight on the tasks that have no gradient: the shortest sum is 0.
  private mutating func stopped(_ total: Double) -> TaskWeights {
    for task in values.indices { values[task] = total / Double(values.count - gradients.count) }
    for index in 0..<gradients.count { values[gradients.tasks[index]] = 0 }
    return TaskWeights(values, interventions: interventions)
  }
}
