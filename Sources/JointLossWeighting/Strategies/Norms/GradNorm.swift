import RealModule

/// Learns weights under which all tasks train at similar rates, by balancing their gradient norms.
///
///     G_t = w_t n_t     Ḡ = mean G     r_t = (L_t/L_t(0)) / mean_s (L_s/L_s(0))
///     F(w) = Σ |G_t − Ḡ r_t^α|, the targets Ḡ r_t^α held constant     ∂F/∂w_t = sign(G_t − Ḡ r_t^α) n_t
///     w ← optimizer(w, ∂F/∂w);  w ← T w / Σ w
///
/// n_t is the norm of the unweighted gradient over the `scope`.
public struct GradNorm: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "gradnorm", "GradNorm",
    citation: Citation(
      "Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, GradNorm: Gradient Normalization for Adaptive Loss "
        + "Balancing in Deep Multitask Networks, ICML 2018",
      link: "https://arxiv.org/abs/1711.02257"),
    formula: "w descends Σ |w_t n_t − Ḡ r_t^α|, then Σ w = T; r_t = (L_t/L_t(0)) / mean_s (L_s/L_s(0))",
    weighs: .losses,
    losses: .always,
    cost: "T gradients of the scope",
    differences: [
      "Weights are clamped at minimum-weight before rescaling: the paper's update can make them negative.",
      "L(0) is floored at 1e-12 of the largest L(0); where all are 0, each counts as 1.",
      "Where all losses are 0, each r_t is 1.",
      "LibMTL learns T softmax(p), with L(0) from epoch 0: parametrisation=softmax, initial-losses=first-epoch.",
      "PhysicsNeMo learns log w and rescales w after each step: parametrisation=exponential.",
      "The code of CoV-Weighting (sum=one) clamps weights at 0, which may leave none: minimum-weight stays above.",
      "mtrl's L(0) is the loss of the step before: initial-losses=previous-step.",
      "gradnorm-pytorch has r_t^(−α), which holds slow tasks back: targets=inverse; a rate is at least 1e-12 there.",
      "The weights' optimiser is their own; LibMTL uses the network's, weight decay included.",
      "A negative loss is an error: its rate of training is not defined.",
      "Tasks without labels in a step keep their weight; the weights of the others keep their sum.",
    ],
    promises: [.sum(.tasks), .nonNegative])

  enum InitialLosses: String, Codable, CaseIterable {
    case firstBatch = "first-batch"
    case firstEpoch = "first-epoch"
    case previousStep = "previous-step"
  }
  enum Parametrisation: String, Codable, CaseIterable { case rescaled, softmax, exponential }
  enum Sum: String, Codable, CaseIterable { case tasks, one }
  enum Targets: String, Codable, CaseIterable { case rate, inverse }

  /// What a rate is at least where its inverse is taken.
  private static let smallestRate = 1e-12

  @Parameter(
    "α: how strongly slow tasks are pulled along; 0.12 suits similar tasks.", in: .nonNegative)
  var alpha = 1.5
  @Parameter("The targets Ḡ r_t^α (the paper), or Ḡ r_t^(−α) (gradnorm-pytorch).") var targets = Targets.rate
  @Parameter("The parameters over which gradient norms are taken.") var scope = GradientScope.lastSharedLayer
  @Parameter(
    "L(0): of the first batch, the means of epoch 0, in which all weights are then 1, or of the step before (mtrl)."
  )
  var initialLosses = InitialLosses.firstBatch
  @Parameter(
    "Weights learned as they are and rescaled (the paper), as T softmax of learned numbers (LibMTL), or by their "
      + "logarithms (PhysicsNeMo).")
  var parametrisation = Parametrisation.rescaled
  @Parameter("What the weights sum to: T (the paper), or 1 (the code of CoV-Weighting).") var sum = Sum.tasks
  @Parameter("The smallest weight before weights are rescaled to their sum.", in: 1e-12...0.5)
  var minimumWeight = 1e-6
  private var optimizer = StrategyOptimizer()
  /// L(0); nil until the step, or the end of the epoch, that gives it.
  private var knownLosses: [Double?] = []
  /// The weights, their logarithms, or the numbers of which they are the softmax.
  private var learned: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var gradient: [Double] = []
  @Scratch private var initial: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights, and without initial losses.
  public mutating func start(taskCount: Int) {
    knownLosses = [Double?](repeating: nil, count: taskCount)
    let weight = sum == .one ? 1 / Double(taskCount) : 1
    let number =
      switch parametrisation {
      case .rescaled: weight
      case .exponential: Double.log(weight)
      case .softmax: 0.0
      }
    learned = [Double](repeating: number, count: taskCount)
    optimizer.start(taskCount: taskCount)
  }

  /// The parameters over which gradient norms are taken: the parameter `scope`.
  public var gradientScope: GradientScope? { scope }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if sum == .one { promises.weightSum = .one }
    return promises
  }

  /// The current weights, which then take one step towards balanced gradient norms.
  public mutating func weights(for step: Step<GradientNorms>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    values.resize(to: step.taskCount)
    gradient.resize(to: step.taskCount)
    initial.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    setValues()
    if initialLosses == .firstEpoch && knownLosses.contains(where: { $0 == nil }) {
      return TaskWeights(values, interventions: interventions)
    }
    setInitial(step)
    setGradient(step)
    try optimizer.step(&learned, gradient: gradient, present: step.present)
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) {
      knownLosses[task] = initialLosses == .previousStep ? loss : initial[task]
    }
    rescaleLearned(step)
    return TaskWeights(values, interventions: interventions)
  }

  /// Takes the means of the first epoch as L(0), where the parameters ask for it.
  ///
  /// Means that are negative or infinite are not taken. A task whose mean is not a number waits for the end of the
  /// next epoch.
  public mutating func epochEnded(meanLosses: [Double]) {
    guard initialLosses == .firstEpoch, meanLosses.allSatisfy({ $0.isNaN || $0.isFinite && $0 >= 0 }) else {
      return
    }
    for (task, loss) in meanLosses.enumerated() where knownLosses[task] == nil && !loss.isNaN {
      knownLosses[task] = loss
    }
    let largest = knownLosses.reduce(0) { max($0, $1 ?? 0) }
    for task in knownLosses.indices {
      knownLosses[task] = knownLosses[task].map { Self.floored($0, largest: largest) }
    }
  }

  /// What the weights sum to.
  private var total: Double { sum == .one ? 1 : Double(learned.count) }

  /// The weights w(step), before its update.
  private mutating func setValues() {
    let (total, minimum) = (total, minimumWeight)
    switch parametrisation {
    case .rescaled:
      for task in values.indices { values[task] = learned[task] }
    case .exponential:
      for task in values.indices { values[task] = Double.exp(learned[task]) }
    case .softmax:
      let largest = learned.max() ?? 0
      for task in values.indices { values[task] = Double.exp(learned[task] - largest) }
      Self.rescale(
        &_values.wrappedValue, minimum: 0, sum: total, noting: &_interventions.wrappedValue)
      // A softmax that has run to 0 would stay there.
      if values.contains(where: { $0 < minimum }) {
        Self.rescale(
          &_values.wrappedValue, minimum: minimum, sum: total, noting: &_interventions.wrappedValue)
      }
    }
  }

  /// Brings the learned numbers of the present tasks back to weights of their sum, after a step.
  private mutating func rescaleLearned(_ step: Step<GradientNorms>) {
    let (present, sum, minimum) = (step.present, presentSum(step), minimumWeight)
    switch parametrisation {
    case .rescaled:
      Self.rescale(
        &learned, minimum: minimum, sum: sum, present: present, noting: &_interventions.wrappedValue)
    case .exponential:
      var largest = -Double.infinity
      for task in learned.indices where step.isPresent(task) { largest = max(largest, learned[task]) }
      for task in learned.indices where step.isPresent(task) {
        learned[task] = Double.exp(learned[task] - largest)
      }
      Self.rescale(&learned, minimum: 0, sum: sum, present: present, noting: &_interventions.wrappedValue)
      Self.rescale(
        &learned, minimum: minimum, sum: sum, present: present, noting: &_interventions.wrappedValue)
      for task in learned.indices where step.isPresent(task) { learned[task] = Double.log(learned[task]) }
    case .softmax: break
    }
  }

  /// L(0) of the present tasks: known, or the loss of this step; floored where it is new.
  private mutating func setInitial(_ step: Step<GradientNorms>) {
    var largest = 0.0
    for task in initial.indices where step.isPresent(task) {
      initial[task] = knownLosses[task] ?? step.losses[task]
      largest = max(largest, initial[task])
    }
    for task in initial.indices where step.isPresent(task) {
      let floor = Self.floored(0, largest: largest)
      // One that was floored when it was taken is at the floor, or below it since others are known.
      if largest == 0 || initial[task] <= floor { interventions.insert(.floor, task: task) }
      if knownLosses[task] == nil || initialLosses == .previousStep {
        initial[task] = Self.floored(initial[task], largest: largest)
      }
    }
  }

  /// The sum that the weights of the present tasks keep: that of all where all are.
  private func presentSum(_ step: Step<GradientNorms>) -> Double {
    guard step.present != nil else { return total }
    return values.indices.reduce(0) { $0 + (step.isPresent($1) ? values[$1] : 0) }
  }

  /// The gradient of F with respect to the learned numbers; its means are over the present tasks.
  private mutating func setGradient(_ step: Step<GradientNorms>) {
    let count = Double(step.presentCount)
    var (meanNorm, meanRatio) = (0.0, 0.0)
    for task in values.indices where step.isPresent(task) {
      meanNorm += values[task] * step.norms[task] / count
      meanRatio += step.losses[task] / initial[task] / count
    }
    for task in values.indices {
      guard step.isPresent(task) else {
        gradient[task] = 0
        continue
      }
      let ratio = meanRatio > 0 ? step.losses[task] / initial[task] / meanRatio : 1
      let rate = targets == .rate ? ratio : 1 / max(ratio, Self.smallestRate)
      if targets == .inverse && ratio < Self.smallestRate { interventions.insert(.floor, task: task) }
      // Without any gradient the target is 0, also where the power is infinite.
      let target = meanNorm > 0 ? meanNorm * Double.pow(rate, alpha) : 0
      let excess = values[task] * step.norms[task] - target
      let sign = excess > 0 ? 1.0 : excess < 0 ? -1 : 0
      // An excess that is not a number must not pass for balance: the optimizer refuses it.
      gradient[task] = excess.isNaN ? excess : sign * step.norms[task]
    }
    guard parametrisation != .rescaled else { return }
    // w = exp(p): ∂w_t/∂p_t = w_t.  w = S softmax(p): ∂w_s/∂p_t = w_t (δ_st − w_s/S).
    var mean = 0.0
    if parametrisation == .softmax {
      for task in values.indices { mean += gradient[task] * values[task] / total }
    }
    for task in values.indices { gradient[task] = values[task] * (gradient[task] - mean) }
  }

  /// Raises the values of the present tasks to the minimum, then scales them to a sum.
  private static func rescale(
    _ values: inout [Double], minimum: Double, sum target: Double, present: [Bool]? = nil,
    noting interventions: inout Interventions
  ) {
    var sum = 0.0
    for task in values.indices where present?[task] ?? true {
      if values[task] < minimum { interventions.insert(.minimumWeight, task: task) }
      values[task] = max(values[task], minimum)
      sum += values[task]
    }
    for task in values.indices where present?[task] ?? true { values[task] = values[task] / sum * target }
  }

  private static func floored(_ loss: Double, largest: Double) -> Double {
    largest > 0 ? max(loss, 1e-12 * largest, .leastNormalMagnitude) : 1
  }
}
