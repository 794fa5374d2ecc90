import RealModule

/// An adaptive learning rate of each task for each shared parameter: Adam with moments of its own for every task.
///
/// E. Yang, J. Pan, X. Wang, H. Yu, L. Shen, X. Chen, L. Xiao, J. Jiang, G. Guo, *AdaTask: A Task-aware Adaptive
/// Learning Rate Approach to Multi-task Learning*, AAAI 2023 (<https://arxiv.org/abs/2211.15055>).
///
///     m_t ← β₁ m_t + (1 − β₁) g_t      v_t ← β₂ v_t + (1 − β₂) g_t²
///     θ ← θ − η Σ_t m̂_t / (√v̂_t + ε),  m̂_t = m_t/(1 − β₁^k_t),  v̂_t = v_t/(1 − β₂^k_t)
///
/// | symbol | property |
/// |---|---|
/// | g_t | ``JacobianEvidence/jacobian`` |
/// | m, v | `first`, `second` |
/// | k_t | `counts` |
/// | β₁, β₂, ε | `beta1`, `beta2`, `epsilon` |
/// | η | the trainer's learning rate |
///
/// Cost: T trunk gradients and twice as many moments held in memory, O(T P).
///
/// Where we differ: a task's moments and count stand still in steps without its labels; the authors' code knows no
/// such steps. It multiplies each loss by a constant, which Adam cancels up to ε: not here. It moves the heads by
/// Adam; here they follow the run's optimiser, as does the decay of AdamW, which reaches the shared parameters too.
/// It has Adam alone; the paper names RMSProp and AdaGrad besides, `variant`, here in their usual form:
/// v_t ← β₂ v_t + (1 − β₂) g_t² or v_t ← v_t + g_t², and g_t/(√v_t + ε), nothing corrected. Where √v̂_t + ε is 0 the
/// task moves nothing.
public struct AdaTask: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "adatask",
    title: "AdaTask",
    citation: Citation(
      "E. Yang, J. Pan, X. Wang, H. Yu, L. Shen, X. Chen, L. Xiao, J. Jiang, G. Guo, AdaTask: A Task-aware Adaptive "
        + "Learning Rate Approach to Multi-task Learning, AAAI 2023",
      link: "https://arxiv.org/abs/2211.15055"),
    formula: "θ ← θ − η Σ_t m̂_t/(√v̂_t + ε), m̂_t and v̂_t Adam's moments of g_t alone",
    appliesTo: .update,
    cost: "T trunk gradients and twice as many moments in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "variant", .choice(default: "adam", options: Variant.allCases.map(\.rawValue)),
        "Whose step it is. RMSProp and AdaGrad keep no first moment and correct nothing; AdaGrad sums the squares."
      ),
      ParameterDescriptor(
        "beta1", .number(default: 0.9, range: .halfOpen(0..<1)), "β₁: how much of a first moment stays."),
      ParameterDescriptor(
        "beta2", .number(default: 0.999, range: .halfOpen(0..<1)), "β₂: how much of a second moment stays."),
      ParameterDescriptor(
        "epsilon", .number(default: 1e-8, range: .nonNegative),
        "ε: what is added to the root; with 0 no constant factor of a loss matters."),
    ],
    differences: [
      "A task's moments and their count stand still in steps without its labels.",
      "No constant factor of each loss, which the authors' code has: Adam cancels it up to ε.",
      "Heads follow the run's optimiser, and so does AdamW's decay, of the shared parameters too.",
      "The authors' code has Adam alone; RMSProp and AdaGrad, which the paper names, are those of the textbook.",
      "Where √v̂_t + ε is 0 the task moves nothing.",
      "Adam's β₁² must be below β₂, or 0: the step on an old gradient would grow while there is no new one.",
    ],
    promises: StrategyPromises(weightSum: .tasks, hasNonNegativeWeights: true))

  /// Absent tasks neither move a parameter nor their moments.
  public static let weighsAbsentTasks = true

  private enum Variant: String, Codable, CaseIterable { case adam, rmsprop, adagrad }

  private let taskCount: Int
  private let variant: Variant
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private var counts: [Int]
  private var first: [Double] = []
  private var second: [Double] = []
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var update: [Double] = []
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, variant, beta1, beta2, epsilon, counts, first, second }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if the first moment of Adam lasts as long as the root of the second.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    taskCount = setup.taskCount
    variant = setup.parameters.choice("variant")
    beta1 = setup.parameters.number("beta1")
    beta2 = setup.parameters.number("beta2")
    epsilon = setup.parameters.number("epsilon")
    counts = [Int](repeating: 0, count: setup.taskCount)
    guard variant != .adam || beta1 == 0 || beta1 * beta1 < beta2 else {
      throw WeightingError(
        .parameter, "adatask.beta1 is \(beta1), whose square is not below adatask.beta2, \(beta2)")
    }
  }

  /// Without ε the scale of the losses does not matter.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if epsilon == 0 { promises.scaleDegree = 0 }
    return promises
  }

  /// The sum of the tasks' own steps.
  ///
  /// - Parameter evidence: the T×P Jacobian.
  /// - Returns: the update; its weights are 1 each, 0 of an absent task.
  /// - Throws: ``WeightingError`` for another number of tasks or parameters than before, or if a squared gradient or
  ///   the update overflows; the state is then unchanged.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    let (name, count) = (Self.descriptor.name, evidence.jacobian.parameterCount)
    try evidence.require(taskCount: taskCount, by: name)
    let isNew = first.isEmpty
    if isNew {
      first = [Double](repeating: 0, count: taskCount * count)
      second = first
    }
    guard first.count == taskCount * count, second.count == first.count else {
      throw WeightingError(
        .shape, "\(name) has seen \(first.count / taskCount) parameters, this step has \(count)")
    }
    do {
      try addSteps(evidence)
    } catch {
      // Nothing has been seen yet.
      if isNew { (first, second) = ([], []) }
      throw error
    }
    // Only now: nothing can fail any more.
    for task in 0..<taskCount where values[task] > 0 {
      let moments = moments
      for index in task * count..<(task + 1) * count {
        (first[index], second[index]) = moments.after(
          first[index], second[index], gradient: evidence.jacobian.elements[index])
      }
      counts[task] += 1
    }
    return TaskWeights(update: update, values: values)
  }

  /// Adds up the update; the moments stay.
  private mutating func addSteps(_ evidence: JacobianEvidence) throws(WeightingError) {
    let count = evidence.jacobian.parameterCount
    if update.count != count { update = [Double](repeating: 0, count: count) }
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    for parameter in 0..<count { update[parameter] = 0 }
    for task in 0..<taskCount {
      values[task] = evidence.isPresent(task) ? 1 : 0
      if values[task] > 0 { try addStep(of: task, evidence.jacobian) }
    }
    try JacobianBuffer.requireFinite(update, values, by: Self.descriptor.name, what: "update")
  }

  /// Adds a task's step to the update; its moments stay.
  private mutating func addStep(of task: Int, _ jacobian: Jacobian) throws(WeightingError) {
    let (moments, step, count) = (moments, Double(counts[task] + 1), jacobian.parameterCount)
    let isCorrected = variant == .adam
    let rate = isCorrected ? 1 / (1 - Double.pow(beta1, step)) : 1
    let root = isCorrected ? 1 / (1 - Double.pow(beta2, step)).squareRoot() : 1
    var largest = 0.0
    for parameter in 0..<count {
      let index = task * count + parameter
      let (x, y) = moments.after(first[index], second[index], gradient: jacobian.elements[index])
      let divisor = y.squareRoot() * root + epsilon
      if divisor > 0 { update[parameter] += rate * x / divisor }
      largest = max(largest, y)
    }
    // An infinite second moment would stop the parameter for good, and nothing would show it.
    guard largest.isFinite else {
      throw WeightingError(
        .nonFinite, "\(Self.descriptor.name): the squared gradients of task \(task) sum to \(largest)",
        task: task)
    }
  }

  private var moments: Moments {
    switch variant {
    case .adam: Moments(keep: (beta1, beta2), gain: (1 - beta1, 1 - beta2))
    case .rmsprop: Moments(keep: (0, beta2), gain: (1, 1 - beta2))
    case .adagrad: Moments(keep: (0, 1), gain: (1, 1))
    }
  }
}

/// How moments move: the share of the old that stays, and that of the gradient or its square that comes.
private struct Moments {
  let keep: (first: Double, second: Double)
  let gain: (first: Double, second: Double)

  func after(_ first: Double, _ second: Double, gradient: Double) -> (Double, Double) {
    (keep.first * first + gain.first * gradient, keep.second * second + gain.second * (gradient * gradient))
  }
}
