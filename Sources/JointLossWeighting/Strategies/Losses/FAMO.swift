import RealModule

/// Keeps the relative improvements of all tasks alike, at the cost of a second look at the losses.
///
///     ℓ_t = L_t + ε      z = softmax(ξ)      w_t = (z_t/ℓ_t) / Σ (z_s/ℓ_s)
///     Δ_t = log ℓ_t − log ℓ'_t      δ = z ∘ (Δ − z·Δ)      ξ ← ξ − β (δ + γ ξ), by Adam
///
/// ℓ' is of the losses after the step, β the learning rate.
public struct FAMO: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "famo", "FAMO",
    citation: Citation(
      "B. Liu, Y. Feng, P. Stone, Q. Liu, FAMO: Fast Adaptive Multitask Optimization, NeurIPS 2023",
      link: "https://arxiv.org/abs/2306.03792"),
    formula: "w_t ∝ softmax(ξ)_t/L_t of sum 1; ξ falls for tasks whose log L_t fell more in the step",
    weighs: .losses,
    cost: "a forward pass after the step, O(T)",
    differences: [
      "A negative loss is an error: losses are bounded from below by 0.",
      "Losses after the step that are not finite leave the logits as they are.",
      "The authors clip the network's gradient at norm 1; here that is an option of the step.",
      "The authors' toy code takes the losses of the next step for those after this one: after=next-step.",
      "With after=next-step only tasks with labels in both steps move, and no pass is taken after a step.",
      "The default γ is that of NYUv2 in the paper; the authors' code has 1e-5 and 1e-2 elsewhere.",
    ],
    promises: [.sum(.one), .nonNegative])

  enum After: String, Codable, CaseIterable {
    case step
    case nextStep = "next-step"
  }

  private var optimizer = StrategyOptimizer()
  @Parameter("γ: the weight decay of the logits.", in: .nonNegative) var decay = 1e-3
  @Parameter("What is added to every loss.", in: .positive) var epsilon = 1e-8
  @Parameter(
    "The losses after a step: of the same batch once more, or those the next step begins with (the toy code)."
  )
  var after = After.step
  /// ξ.
  private var logits: [Double] = []
  /// What the step began with whose losses after it are not known yet; else of no meaning.
  private var lossesBefore: [Double] = []
  private var presentBefore: [Bool] = []
  private var isStepOpen = false
  @Scratch private var values: [Double] = []
  @Scratch private var gradient: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal logits.
  public mutating func start(taskCount: Int) {
    logits = [Double](repeating: 0, count: taskCount)
    (lossesBefore, presentBefore, isStepOpen) = (logits, logits.map { _ in true }, false)
    optimizer.start(taskCount: taskCount)
  }

  /// Not where the next step tells.
  public var looksAfterStep: Bool { after == .step }

  /// The weights of the current logits; with `after=next-step` the losses move the logits first.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    if after == .nextStep, isStepOpen {
      // What has no labels in one of two steps has not fallen from one to the other.
      for task in 0..<step.taskCount where !step.isPresent(task) { presentBefore[task] = false }
      moveLogits(lossesAfter: step.losses)
    }
    for (task, loss) in step.losses.enumerated() {
      lossesBefore[task] = loss
      presentBefore[task] = step.isPresent(task)
    }
    isStepOpen = true
    setShares()
    var total = 0.0
    for (task, loss) in step.losses.enumerated() {
      values[task] /= loss + epsilon
      total += values[task]
    }
    for task in values.indices { values[task] /= total }
    return TaskWeights(values)
  }

  /// Moves the logits by what the step did to the losses of its batch; nothing where the next step tells.
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
    values.resize(to: logits.count)
    gradient.resize(to: logits.count)
    for task in logits.indices { values[task] = logits[task] }
    LossTransforms.softmax(&values, present: presentBefore)
  }
}
