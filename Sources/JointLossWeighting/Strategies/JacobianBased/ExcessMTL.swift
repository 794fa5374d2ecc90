import RealModule

/// Gives more weight to tasks that are further from their own optimum, by an estimate from squared gradients.
///
/// Y. He, S. Zhou, G. Zhang, H. Yun, Y. Xu, B. Zeng, T. Chilimbi, H. Zhao, *Robust Multi-Task Learning with Excess
/// Risks*, ICML 2024, Algorithm 1 (<https://arxiv.org/abs/2402.02009>).
///
///     S_t ← S_t + g_t²      E_t = Σ_j g_tj² / √(S_tj + 1e-7)
///     w_t ← w_t exp(η E_t / E_t(0)),  then scaled to the sum T
///
/// | symbol | property |
/// |---|---|
/// | g_t | ``JacobianEvidence/jacobian`` |
/// | S, E(0) | `squares`, `references` |
/// | log w | `logWeights` |
/// | the task's steps so far | `counts` |
/// | η | `step-size` |
///
/// Cost: T trunk gradients and T P sums of squares held in memory, O(T P).
///
/// Where we differ: a task without gradient in the first step has its reference from the first step with one.
/// The weights are kept as logarithms, so that none overflows; E/E(0) of a step counts as 700/η at most. torchjd
/// has the sum 1, a warm-up of any length, 0 by default, and 1e-7 added to E(0): `sum`, `warm-up`, `epsilon`. Where
/// tasks have no labels, the weights are those of the others, of sum T, their number; as they are kept, the sum of the
/// others' stays. All that is kept of an absent task stands still, and its warm-up is of its own steps.
public struct ExcessMTL: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "excess-mtl",
    title: "ExcessMTL",
    citation: Citation(
      "Y. He, S. Zhou, G. Zhang, H. Yun, Y. Xu, B. Zeng, T. Chilimbi, H. Zhao, Robust Multi-Task Learning with "
        + "Excess Risks, ICML 2024",
      link: "https://arxiv.org/abs/2402.02009"),
    formula: "w_t ← w_t exp(η E_t/E_t(0)) of sum T, E_t = Σ_j g_tj²/√(Σ over the steps of g_tj²)",
    appliesTo: .losses,
    cost: "T trunk gradients and as many sums in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "step-size", .number(default: 0.01, range: .nonNegative),
        "η: how fast the weights follow the estimate."),
      ParameterDescriptor(
        "sum", .choice(default: "tasks", options: ["tasks", "one"]), "What the weights sum to: T or 1."),
      ParameterDescriptor(
        "warm-up", .integer(default: 1, range: .closed(0...1_000_000_000)),
        "The first steps, of equal weights, whose mean E is E(0); with 0 the first step moves them by E itself."
      ),
      ParameterDescriptor(
        "epsilon", .number(default: 0, range: .nonNegative), "What is added to E(0): 1e-7 in torchjd."),
    ],
    differences: [
      "A task with at most 1e-12 of the largest reference has its own from the first step with a gradient.",
      "The logarithm of a weight grows by at most 700 in a step.",
      "torchjd: sum=one, epsilon=1e-7, and warm-up as its n_warmup_steps.",
      "Where tasks have no labels the step is that of the others, whose w keep their sum.",
    ],
    promises: StrategyPromises(weightSum: .tasks, hasNonNegativeWeights: true))

  /// The weights of the present tasks keep their sum; sums and references of absent tasks stand still.
  public static let weighsAbsentTasks = true

  private static let floor = 1e-7
  private static let largestExponent = 700.0

  private let taskCount: Int
  private let stepSize: Double
  private let sum: Double
  private let warmUp: Int
  private let epsilon: Double
  private var counts: [Int]
  private var logWeights: [Double]
  private var references: [Double]
  private var squares: [Double] = []
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var estimates: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey {
    case taskCount, stepSize, sum, warmUp, epsilon, counts, logWeights, references, squares
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    stepSize = setup.parameters.number("step-size")
    sum = setup.parameters.values["sum"] == .text("one") ? 1 : Double(setup.taskCount)
    warmUp = setup.parameters.integer("warm-up")
    epsilon = setup.parameters.number("epsilon")
    logWeights = [Double](repeating: 0, count: setup.taskCount)
    references = logWeights
    counts = [Int](repeating: 0, count: setup.taskCount)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if sum == 1 { promises.weightSum = .one }
    return promises
  }

  /// The weights after this step's estimate.
  ///
  /// - Parameter evidence: the T×P Jacobian.
  /// - Returns: T weights of at least 0, on the losses; that of an absent task is 0.
  /// - Throws: ``WeightingError`` for another number of tasks or parameters than before, or naming the task whose
  ///   squared gradients overflow; the state is then unchanged.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      estimates = values
    }
    try look(at: evidence)
    for task in 0..<taskCount { values[task] = logWeights[task] }
    LossTransforms.softmax(
      &values, sum: sum == 1 ? 1 : Double(evidence.presentCount), present: evidence.present)
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func look(at evidence: JacobianEvidence) throws(WeightingError) {
    let count = evidence.jacobian.parameterCount
    guard squares.isEmpty || squares.count == taskCount * count else {
      throw WeightingError(
        .shape, "excess-mtl has seen \(squares.count / taskCount) parameters, this step has \(count)")
    }
    for task in 0..<taskCount where evidence.isPresent(task) {
      estimates[task] = try estimate(of: task, evidence.jacobian)
    }
    // Only now: nothing can fail any more.
    if squares.isEmpty { squares = [Double](repeating: 0, count: taskCount * count) }
    let kept = evidence.present == nil ? 0 : logSum(evidence)
    interventions.reset(taskCount: taskCount)
    let threshold = ScaledGramian.threshold * references.reduce(0, max)
    for task in 0..<taskCount where evidence.isPresent(task) {
      addSquares(of: task, evidence.jacobian)
      move(task, threshold: threshold)
      counts[task] += 1
    }
    shift(evidence, keeping: kept)
  }

  /// The estimate of a task's excess risk with this step's gradient; the sums of squares stay.
  private func estimate(of task: Int, _ jacobian: Jacobian) throws(WeightingError) -> Double {
    let count = jacobian.parameterCount
    var estimate = 0.0
    for index in task * count..<(task + 1) * count {
      let square = jacobian.elements[index] * jacobian.elements[index]
      let total = (squares.isEmpty ? 0 : squares[index]) + square
      estimate += square / (total + Self.floor).squareRoot()
      // Also catches a total that is infinite, where the quotient is 0.
      guard estimate.isFinite, total.isFinite else {
        throw WeightingError(
          .nonFinite, "excess-mtl: the squared gradients of task \(task) sum to \(total)", task: task)
      }
    }
    return estimate
  }

  private mutating func addSquares(of task: Int, _ jacobian: Jacobian) {
    let count = jacobian.parameterCount
    jacobian.withRow(task) { row in
      squares.withUnsafeMutableBufferPointer {
        let sums = UnsafeMutableBufferPointer(rebasing: $0[task * count..<(task + 1) * count])
        for column in row.indices { sums[column] += row[column] * row[column] }
      }
    }
  }

  /// Adds to a task's reference in its warm-up, and to its weight after that.
  ///
  /// A reference up to the threshold is none: the task had no gradient to speak of, and begins anew.
  private mutating func move(_ task: Int, threshold: Double) {
    guard counts[task] >= warmUp else {
      references[task] += estimates[task] / Double(warmUp)
      return
    }
    let reference = references[task]
    let isKnown = reference > threshold
    if !isKnown { references[task] = estimates[task] }
    guard isKnown || (warmUp == 0 && reference == 0) else {
      interventions.insert(.leftOut, task: task)
      return
    }
    let excess = estimates[task] / (isKnown ? reference + epsilon : 1)
    let growth = stepSize * min(excess, .greatestFiniteMagnitude)
    logWeights[task] += min(growth, Self.largestExponent)
    if growth > Self.largestExponent { interventions.insert(.ceiling, task: task) }
  }

  /// Takes a common term from the logarithms, so that they do not grow without end: where all tasks are present the
  /// largest, else what the sum of the present tasks' weights has gained, and so nothing from the others.
  private mutating func shift(_ evidence: JacobianEvidence, keeping kept: Double) {
    var term = -Double.infinity
    if evidence.present == nil {
      for task in 0..<taskCount { term = max(term, logWeights[task]) }
    } else {
      term = logSum(evidence) - kept
    }
    for task in 0..<taskCount where evidence.isPresent(task) { logWeights[task] -= term }
  }

  /// The logarithm of the sum of the present tasks' weights.
  private func logSum(_ evidence: JacobianEvidence) -> Double {
    var (largest, sum) = (-Double.infinity, 0.0)
    for task in 0..<taskCount where evidence.isPresent(task) { largest = max(largest, logWeights[task]) }
    for task in 0..<taskCount where evidence.isPresent(task) { sum += Double.exp(logWeights[task] - largest) }
    return largest + Double.log(sum)
  }
}
