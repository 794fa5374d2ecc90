import RealModule

/// An adaptive learning rate of each task for each shared parameter: Adam with moments of its own for every task.
///
///     m_t ← β₁ m_t + (1 − β₁) g_t      v_t ← β₂ v_t + (1 − β₂) g_t²      k_t ← k_t + 1
///     θ ← θ − η Σ_t m̂_t / (√v̂_t + ε),  m̂_t = m_t/(1 − β₁^k_t),  v̂_t = v_t/(1 − β₂^k_t)
///
/// RMSProp and AdaGrad step by g_t/(√v_t + ε), with v_t ← β₂ v_t + (1 − β₂) g_t² or v_t ← v_t + g_t². η is the
/// trainer's learning rate.
public struct AdaTask: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "adatask", "AdaTask",
    citation: Citation(
      "E. Yang, J. Pan, X. Wang, H. Yu, L. Shen, X. Chen, L. Xiao, J. Jiang, G. Guo, AdaTask: A Task-aware Adaptive "
        + "Learning Rate Approach to Multi-task Learning, AAAI 2023",
      link: "https://arxiv.org/abs/2211.15055"),
    formula: "θ ← θ − η Σ_t m̂_t/(√v̂_t + ε), m̂_t and v̂_t Adam's moments of g_t alone",
    weighs: .update,
    cost: "T trunk gradients and twice as many moments in memory, O(T P)",
    differences: [
      "A task's moments and their count stand still in steps without its labels.",
      "No constant factor of each loss, which the authors' code has: Adam cancels it up to ε.",
      "Heads follow the run's optimiser, and so does AdamW's decay, of the shared parameters too.",
      "The authors' code has Adam alone; RMSProp and AdaGrad, which the paper names, are those of the textbook.",
      "Where √v̂_t + ε is 0 the task moves nothing.",
      "Adam's β₁² must be below β₂, or 0: the step on an old gradient would grow while there is no new one.",
    ],
    promises: [.sum(.tasks), .nonNegative])

  enum Variant: String, Codable, CaseIterable { case adam, rmsprop, adagrad }

  @Parameter(
    "Whose step it is. RMSProp and AdaGrad keep no first moment and correct nothing; AdaGrad sums the squares."
  )
  var variant = Variant.adam
  @Parameter("β₁: how much of a first moment stays.", in: 0..<1) var beta1 = 0.9
  @Parameter("β₂: how much of a second moment stays.", in: 0..<1) var beta2 = 0.999
  @Parameter(
    "ε: what is added to the root; with 0 no constant factor of a loss matters.", in: .nonNegative)
  var epsilon = 1e-8
  private var counts: [Int] = []
  /// The moments m and v, T×P row by row; empty before the first step.
  private var first: [Double] = []
  private var second: [Double] = []
  @Scratch private var update: [Double] = []
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins without moments.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if the first moment of Adam lasts as long as the root of the second.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    guard variant != .adam || beta1 == 0 || beta1 * beta1 < beta2 else {
      throw WeightingError(
        .parameter, "adatask.beta1 is \(beta1), whose square is not below adatask.beta2, \(beta2)")
    }
    counts = [Int](repeating: 0, count: taskCount)
    (first, second) = ([], [])
  }

  /// Without ε the scale of the losses does not matter.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if epsilon == 0 { promises.scaleDegree = 0 }
    return promises
  }

  /// The sum of the tasks' own steps.
  ///
  /// - Parameter step: the T×P Jacobian.
  /// - Returns: the update; its weights are 1 each, 0 of an absent task.
  /// - Throws: ``WeightingError`` for another number of parameters than before, or if a squared gradient or the update
  ///   overflows; the state is then unchanged.
  public mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    let (taskCount, count) = (step.taskCount, step.jacobian.parameterCount)
    let isNew = first.isEmpty
    if isNew {
      first = [Double](repeating: 0, count: taskCount * count)
      second = first
    }
    guard first.count == taskCount * count, second.count == first.count else {
      throw WeightingError(
        .shape,
        "\(Self.about.name) has seen \(first.count / taskCount) parameters, this step has \(count)")
    }
    do {
      try addSteps(step)
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
          first[index], second[index], gradient: step.jacobian.elements[index])
      }
      counts[task] += 1
    }
    return TaskWeights(update: update, values: values)
  }

  /// Adds up the update; the moments stay.
  private mutating func addSteps(_ step: Step<Jacobian>) throws(WeightingError) {
    update.resize(to: step.jacobian.parameterCount)
    values.resize(to: step.taskCount)
    for parameter in update.indices { update[parameter] = 0 }
    for task in values.indices {
      values[task] = step.isPresent(task) ? 1 : 0
      if values[task] > 0 { try addStep(of: task, step.jacobian) }
    }
    try JacobianBuffer.requireFinite(update, values, by: Self.about.name, what: "update")
  }

  /// Adds a task's step to the update; its moments stay.
  private mutating func addStep(of task: Int, _ jacobian: Jacobian) throws(WeightingError) {
    let (moments, step, count) = (moments, Double(counts[task] + 1), jacobian.parameterCount)
    let isCorrected = variant == .adam
    let rate = isCorrected ? 1 / (1 - Double.pow(beta1, step)) : 1
    let root = isCorrected ? 1 / (1 - Double.pow(beta2, step)).squareRoot() : 1
    let epsilon = epsilon
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
        .nonFinite, "\(Self.about.name): the squared gradients of task \(task) sum to \(largest)", task: task)
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
