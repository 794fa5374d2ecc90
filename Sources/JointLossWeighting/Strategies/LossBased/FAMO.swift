import RealModule

/// Keeps the relative improvements of all tasks alike, at the cost of a second look at the losses.
///
/// B. Liu, Y. Feng, P. Stone, Q. Liu, *FAMO: Fast Adaptive Multitask Optimization*, NeurIPS 2023, Algorithm 1
/// (<https://arxiv.org/abs/2306.03792>).
///
///     ℓ_t = L_t + ε      z = softmax(ξ)      w_t = (z_t/ℓ_t) / Σ (z_s/ℓ_s)
///     Δ_t = log ℓ_t − log ℓ'_t      δ = z ∘ (Δ − z·Δ)      ξ ← ξ − β (δ + γ ξ), by Adam
///
/// | symbol | property |
/// |---|---|
/// | L_t, L'_t | ``LossesAroundStepEvidence/losses``; the losses `after` the step |
/// | ξ | `logits` |
/// | β, γ | `learning-rate`, `decay` |
/// | ε | `epsilon` |
///
/// Cost: one forward pass and O(T).
///
/// Where we differ: losses are bounded from below by 0, so that a negative loss is an error; ε as in the authors'
/// code. Losses after a step that are not finite leave ξ as it is. The authors also clip the network's gradient
/// at norm 1: that is an option of the training step here. L' are those of the same batch; the authors' toy code
/// takes those that the next step begins with, of whatever batch that has (`after=next-step`): of the tasks that
/// have labels in both. No forward pass is taken after the step then.
public struct FAMO: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "famo",
    title: "FAMO",
    citation: Citation(
      "B. Liu, Y. Feng, P. Stone, Q. Liu, FAMO: Fast Adaptive Multitask Optimization, NeurIPS 2023",
      link: "https://arxiv.org/abs/2306.03792"),
    formula: "w_t ∝ softmax(ξ)_t/L_t of sum 1; ξ falls for tasks whose log L_t fell more in the step",
    appliesTo: .losses,
    cost: "a forward pass after the step, O(T)",
    parameters: StrategyOptimizer.parameters + [
      ParameterDescriptor(
        "decay", .number(default: 1e-3, range: .nonNegative), "γ: the weight decay of the logits."),
      ParameterDescriptor(
        "epsilon", .number(default: 1e-8, range: .positive), "What is added to every loss."),
      ParameterDescriptor(
        "after", .choice(default: After.step.rawValue, options: After.allCases.map(\.rawValue)),
        "The losses after a step: of the same batch once more, or those the next step begins with (the toy code)."
      ),
    ],
    differences: [
      "A negative loss is an error: losses are bounded from below by 0.",
      "Losses after the step that are not finite leave the logits as they are.",
      "The authors clip the network's gradient at norm 1; here that is an option of the step.",
      "The authors' toy code takes the losses of the next step for those after this one: after=next-step.",
      "With after=next-step only tasks with labels in both steps move, and no pass is taken after a step.",
      "The default γ is that of NYUv2 in the paper; the authors' code has 1e-5 and 1e-2 elsewhere.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true))

  /// Which losses count as those after a step.
  private enum After: String, Codable, CaseIterable {
    case step
    case nextStep = "next-step"
  }

  private let decay: Double
  private let epsilon: Double
  private let after: After
  private var logits: [Double]
  private var optimizer: StrategyOptimizer
  /// What the step began with whose losses after it are not known yet; else of no meaning.
  private var lossesBefore: [Double]
  private var presentBefore: [Bool]
  private var isStepOpen = false
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var gradient: [Double] = []

  private enum CodingKeys: CodingKey {
    case decay, epsilon, after, logits, optimizer, lossesBefore, presentBefore, isStepOpen
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    decay = setup.parameters.number("decay")
    epsilon = setup.parameters.number("epsilon")
    after = setup.parameters.choice("after")
    logits = [Double](repeating: 0, count: setup.taskCount)
    lossesBefore = logits
    presentBefore = [Bool](repeating: true, count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// Not where the next step tells.
  public var looksAfterStep: Bool { after == .step }

  /// A task without labels takes no part in a step, and its logit keeps its value.
  public static let weighsAbsentTasks = true

  /// The weights of the current logits; with `after=next-step` the losses move the logits first.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of sum 1, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative.
  public mutating func weights(for evidence: LossesAroundStepEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = logits.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if after == .nextStep, isStepOpen {
      // What has no labels in one of two steps has not fallen from one to the other.
      for task in 0..<taskCount where !evidence.isPresent(task) { presentBefore[task] = false }
      moveLogits(lossesAfter: evidence.losses)
    }
    for task in 0..<taskCount {
      lossesBefore[task] = evidence.losses[task]
      presentBefore[task] = evidence.isPresent(task)
    }
    isStepOpen = true
    setShares()
    var total = 0.0
    for task in 0..<taskCount {
      values[task] /= lossesBefore[task] + epsilon
      total += values[task]
    }
    for task in 0..<taskCount { values[task] /= total }
    return TaskWeights(values)
  }

  /// Moves the logits by what the step did to the losses of its batch; nothing where the next step tells.
  ///
  /// - Parameter lossesAfter: one loss a task; the logits stay as they are if one is negative or not finite.
  public mutating func stepEnded(lossesAfter: [Double]) {
    guard looksAfterStep, isStepOpen, lossesAfter.count == logits.count else { return }
    isStepOpen = false
    for task in logits.indices where presentBefore[task] {
      guard lossesAfter[task] >= 0, lossesAfter[task].isFinite else { return }
    }
    moveLogits(lossesAfter: lossesAfter)
  }

  /// Moves the logits of the tasks that were present, by losses after the step that are finite and not negative.
  private mutating func moveLogits(lossesAfter: [Double]) {
    guard presentBefore.contains(true) else { return }
    setShares()
    var mean = 0.0
    for task in logits.indices where presentBefore[task] {
      // The logarithm of each, for their quotient may leave the range.
      gradient[task] = Double.log(lossesBefore[task] + epsilon) - Double.log(lossesAfter[task] + epsilon)
      mean += values[task] * gradient[task]
    }
    for task in logits.indices where presentBefore[task] {
      gradient[task] = values[task] * (gradient[task] - mean) + decay * logits[task]
    }
    // It refuses gradients beyond any that logarithms make, and then changes nothing.
    try? optimizer.step(&logits, gradient: gradient, present: presentBefore)
  }

  /// Sets the values to z: the softmax of the logits over the tasks that have labels, 0 for the others.
  private mutating func setShares() {
    if values.count != logits.count {
      values = [Double](repeating: 0, count: logits.count)
      gradient = values
    }
    for task in logits.indices { values[task] = logits[task] }
    LossTransforms.softmax(&values, present: presentBefore)
  }
}
