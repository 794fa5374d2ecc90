import RealModule

/// Gives more weight to tasks that are further from their own optimum (Algorithm 1).
///
/// How far a task is, is estimated from its squared gradients.
///
///     S_t ← S_t + g_t²      E_t = Σ_j g_tj² / √(S_tj + 1e-7)
///     w_t ← w_t exp(η E_t / E_t(0)),  then scaled to the sum T
///
/// The weights are kept as logarithms, so that none overflows.
public struct ExcessMTL: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "excess-mtl", "ExcessMTL",
    citation: Citation(
      "Y. He, S. Zhou, G. Zhang, H. Yun, Y. Xu, B. Zeng, T. Chilimbi, H. Zhao, Robust Multi-Task Learning with "
        + "Excess Risks, ICML 2024",
      link: "https://arxiv.org/abs/2402.02009"),
    formula: "w_t ← w_t exp(η E_t/E_t(0)) of sum T, E_t = Σ_j g_tj²/√(Σ over the steps of g_tj²)",
    weighs: .losses,
    cost: "T trunk gradients and as many sums in memory, O(T P)",
    differences: [
      "A task with at most 1e-12 of the largest reference has its own from the first step with a gradient.",
      "The logarithm of a weight grows by at most 700 in a step.",
      "torchjd: sum=one, epsilon=1e-7, and warm-up as its n_warmup_steps.",
      "Where tasks have no labels the step is that of the others, whose w keep their sum.",
      "A task's S and E(0) stand still in steps without its labels, and its warm-up is of its own steps.",
    ],
    promises: [.sum(.tasks), .nonNegative])

  enum Total: String, Codable, CaseIterable { case tasks, one }

  private static let floor = 1e-7
  private static let largestExponent = 700.0

  @Parameter("η: how fast the weights follow the estimate.", in: .nonNegative) var stepSize = 0.01
  @Parameter("What the weights sum to: T or 1.") var sum = Total.tasks
  @Parameter(
    "The first steps, of equal weights, whose mean E is E(0); with 0 the first step moves them by E itself.",
    in: 0...1_000_000_000)
  var warmUp = 1
  @Parameter("What is added to E(0): 1e-7 in torchjd.", in: .nonNegative) var epsilon = 0.0
  /// For each task the steps with its labels so far.
  private var counts: [Int] = []
  private var logWeights: [Double] = []
  /// For each task E(0).
  private var references: [Double] = []
  /// S, T×P row by row; empty before the first step.
  private var squares: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var estimates: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights.
  public mutating func start(taskCount: Int) {
    counts = [Int](repeating: 0, count: taskCount)
    logWeights = [Double](repeating: 0, count: taskCount)
    (references, squares) = (logWeights, [])
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if sum == .one { promises.weightSum = .one }
    return promises
  }

  /// The weights after this step's estimate.
  ///
  /// - Parameter step: the T×P Jacobian.
  /// - Returns: T weights of at least 0; that of an absent task is 0.
  /// - Throws: ``WeightingError`` for another number of parameters than before, or naming the task whose squared
  ///   gradients overflow; the state is then unchanged.
  public mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    estimates.resize(to: step.taskCount)
    try look(at: step)
    for task in values.indices { values[task] = logWeights[task] }
    LossTransforms.softmax(
      &_values.wrappedValue, sum: sum == .one ? 1 : Double(step.presentCount), present: step.present)
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func look(at step: Step<Jacobian>) throws(WeightingError) {
    let (taskCount, count) = (step.taskCount, step.jacobian.parameterCount)
    guard squares.isEmpty || squares.count == taskCount * count else {
      throw WeightingError(
        .shape, "excess-mtl has seen \(squares.count / taskCount) parameters, this step has \(count)")
    }
    for task in 0..<taskCount where step.isPresent(task) {
      estimates[task] = try estimate(of: task, step.jacobian)
    }
    // Only now: nothing can fail any more.
    if squares.isEmpty { squares = [Double](repeating: 0, count: taskCount * count) }
    let kept = step.present == nil ? 0 : logSum(step)
    interventions.reset(taskCount: taskCount)
    let threshold = ScaledGramian.threshold * references.reduce(0, max)
    for task in 0..<taskCount where step.isPresent(task) {
      addSquares(of: task, step.jacobian)
      move(task, threshold: threshold)
      counts[task] += 1
    }
    shift(step, keeping: kept)
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
  private mutating func shift(_ step: Step<Jacobian>, keeping kept: Double) {
    var term = -Double.infinity
    if step.present == nil {
      for logWeight in logWeights { term = max(term, logWeight) }
    } else {
      term = logSum(step) - kept
    }
    for task in logWeights.indices where step.isPresent(task) { logWeights[task] -= term }
  }

  /// The logarithm of the sum of the present tasks' weights.
  private func logSum(_ step: Step<Jacobian>) -> Double {
    var (largest, sum) = (-Double.infinity, 0.0)
    for task in logWeights.indices where step.isPresent(task) { largest = max(largest, logWeights[task]) }
    for task in logWeights.indices where step.isPresent(task) {
      sum += Double.exp(logWeights[task] - largest)
    }
    return largest + Double.log(sum)
  }
}
