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
/// | η | `step-size` |
///
/// Cost: T trunk gradients and T P sums of squares held in memory, O(T P).
///
/// Where we differ: a task without gradient in the first step has its reference from the first step with one.
/// The weights are kept as logarithms, so that none overflows; E/E(0) of a step counts as 700/η at most. torchjd
/// has the sum 1, a warm-up of any length, 0 by default, and 1e-7 added to E(0): `sum`, `warm-up`, `epsilon`.
public struct ExcessMTL: WeightingStrategy {
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
      "A task without gradient in the warm-up has its reference from the first step with one.",
      "The logarithm of a weight grows by at most 700 in a step.",
      "torchjd: sum=one, epsilon=1e-7, and warm-up as its n_warmup_steps.",
    ],
    claims: StrategyClaims(weightSum: .tasks, hasNonNegativeWeights: true))

  private static let floor = 1e-7
  private static let largestExponent = 700.0

  private let taskCount: Int
  private let stepSize: Double
  private let sum: Double
  private let warmUp: Int
  private let epsilon: Double
  private var step = 0
  private var logWeights: [Double]
  private var references: [Double]
  private var squares: [Double] = []
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var estimates: [Double] = []

  private enum CodingKeys: CodingKey {
    case taskCount, stepSize, sum, warmUp, epsilon, step, logWeights, references, squares
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
  }

  /// What it promises with its parameters.
  public var claims: StrategyClaims {
    var claims = Self.descriptor.claims
    if sum == 1 { claims.weightSum = .one }
    return claims
  }

  /// The weights after this step's estimate.
  ///
  /// - Parameter evidence: the T×P Jacobian.
  /// - Returns: T weights of at least 0, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks or parameters than before, or naming the task whose
  ///   squared gradients overflow; the state is then unchanged.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      estimates = values
    }
    try look(at: evidence.jacobian)
    step += 1
    for task in 0..<taskCount { values[task] = logWeights[task] }
    LossTransforms.softmax(&values, sum: sum)
    return TaskWeights(values, appliesTo: .losses)
  }

  private mutating func look(at jacobian: Jacobian) throws(WeightingError) {
    let count = jacobian.parameterCount
    guard squares.isEmpty || squares.count == taskCount * count else {
      throw WeightingError(
        .shape, "excess-mtl has seen \(squares.count / taskCount) parameters, this step has \(count)")
    }
    for task in 0..<taskCount {
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
      estimates[task] = estimate
    }
    if squares.isEmpty { squares = [Double](repeating: 0, count: taskCount * count) }
    for index in squares.indices { squares[index] += jacobian.elements[index] * jacobian.elements[index] }
    if step < warmUp {
      for task in 0..<taskCount { references[task] += estimates[task] / Double(warmUp) }
      return
    }
    var largest = -Double.infinity
    for task in 0..<taskCount {
      let reference = references[task]
      if reference == 0 { references[task] = estimates[task] }
      if reference > 0 || warmUp == 0 {
        let excess = estimates[task] / (reference > 0 ? reference + epsilon : 1)
        logWeights[task] += min(stepSize * excess, Self.largestExponent)
      }
      largest = max(largest, logWeights[task])
    }
    for task in 0..<taskCount { logWeights[task] -= largest }
  }
}
