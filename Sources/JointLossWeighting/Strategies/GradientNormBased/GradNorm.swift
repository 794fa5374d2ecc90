import RealModule

/// Learns weights under which all tasks train at similar rates, by balancing their gradient norms.
///
/// Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, *GradNorm: Gradient Normalization for Adaptive Loss
/// Balancing in Deep Multitask Networks*, ICML 2018, Algorithm 1 (<https://arxiv.org/abs/1711.02257>).
///
///     G_t = w_t n_t     Ḡ = mean G     r_t = (L_t/L_t(0)) / mean_s (L_s/L_s(0))
///     F(w) = Σ |G_t − Ḡ r_t^α|, the targets Ḡ r_t^α held constant     ∂F/∂w_t = sign(G_t − Ḡ r_t^α) n_t
///     w ← optimiser(w, ∂F/∂w);  w ← T w / Σ w
///
/// | symbol | property |
/// |---|---|
/// | n_t | ``GradientNormEvidence/norms``: the unweighted gradient's norm over the `scope` |
/// | L_t | ``GradientNormEvidence/losses`` |
/// | L_t(0) | `initialLosses`: of the first batch, the means of epoch 0, or of the step before |
/// | w_t | `learned`, its exponential, or T softmax(`learned`) |
///
/// Cost: T gradients of the scope, for the last shared layer one matrix product a task; O(T) beside.
///
/// Where we differ: w is kept at `minimum-weight` at least before it is rescaled, since the paper's update can
/// make it negative. L(0) is floored at 1e-12 of the largest L(0); where all are 0, each counts as 1. Where
/// all losses are 0, r = 1. The parametrisation `softmax` with the initial losses `first-epoch` is LibMTL's;
/// `exponential` is PhysicsNeMo's, which learns log w and rescales w after each step. The code of CoV-Weighting keeps
/// Σ w = 1: `sum=one`; it clamps w at 0, which may leave no weight at all, so that `minimum-weight` stays above. mtrl
/// overwrites L(0) in each step: `initial-losses=previous-step`. gradnorm-pytorch has the targets Ḡ r_t^(−α), which hold
/// slow tasks back: `targets=inverse`, where a rate of less than 1e-12 counts as that.
public struct GradNorm: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.GradientNorms
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "gradnorm",
    title: "GradNorm",
    citation: Citation(
      "Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, GradNorm: Gradient Normalization for Adaptive Loss "
        + "Balancing in Deep Multitask Networks, ICML 2018",
      link: "https://arxiv.org/abs/1711.02257"),
    formula: "w descends Σ |w_t n_t − Ḡ r_t^α|, then Σ w = T; r_t = (L_t/L_t(0)) / mean_s (L_s/L_s(0))",
    appliesTo: .losses,
    losses: .always,
    cost: "T gradients of the scope",
    parameters: [
      ParameterDescriptor(
        "alpha", .number(default: 1.5, range: .nonNegative),
        "α: how strongly slow tasks are pulled along; 0.12 suits similar tasks."),
      ParameterDescriptor(
        "targets", .choice(default: Targets.rate.rawValue, options: Targets.allCases.map(\.rawValue)),
        "The targets Ḡ r_t^α (the paper), or Ḡ r_t^(−α) (gradnorm-pytorch)."),
      ParameterDescriptor(
        "scope",
        .choice(
          default: GradientScope.lastSharedLayer.rawValue, options: GradientScope.allCases.map(\.rawValue)),
        "The parameters over which gradient norms are taken."),
      ParameterDescriptor(
        "initial-losses",
        .choice(default: InitialLosses.firstBatch.rawValue, options: InitialLosses.allCases.map(\.rawValue)),
        "L(0): of the first batch, the means of epoch 0, in which all weights are then 1, or of the step before (mtrl)."
      ),
      ParameterDescriptor(
        "parametrisation",
        .choice(
          default: Parametrisation.rescaled.rawValue, options: Parametrisation.allCases.map(\.rawValue)),
        "Weights learned as they are and rescaled (the paper), as T softmax of learned numbers (LibMTL), or by their "
          + "logarithms (PhysicsNeMo)."),
      ParameterDescriptor(
        "sum", .choice(default: Sum.tasks.rawValue, options: Sum.allCases.map(\.rawValue)),
        "What the weights sum to: T (the paper), or 1 (the code of CoV-Weighting)."),
      ParameterDescriptor(
        "minimum-weight", .number(default: 1e-6, range: .closed(1e-12...0.5)),
        "The smallest weight before weights are rescaled to their sum."),
    ] + StrategyOptimizer.parameters,
    differences: [
      "Weights are clamped at minimum-weight before rescaling: the paper's update can make them negative.",
      "L(0) is floored at 1e-12 of the largest L(0); where all are 0, each counts as 1.",
      "mtrl's L(0) is the loss of the step before: initial-losses=previous-step.",
      "gradnorm-pytorch has r_t^(−α), which holds slow tasks back: targets=inverse; a rate is at least 1e-12 there.",
      "The weights' optimiser is their own; LibMTL uses the network's, weight decay included.",
      "A negative loss is an error: its rate of training is not defined.",
      "Tasks without labels in a step keep their weight; the weights of the others keep their sum.",
    ],
    promises: StrategyPromises(weightSum: .tasks, hasNonNegativeWeights: true))

  /// True: means, rates and steps are those of the present tasks.
  public static let weighsAbsentTasks = true

  private enum InitialLosses: String, Codable, CaseIterable {
    case firstBatch = "first-batch"
    case firstEpoch = "first-epoch"
    case previousStep = "previous-step"
  }

  private enum Parametrisation: String, Codable, CaseIterable { case rescaled, softmax, exponential }
  private enum Sum: String, CaseIterable { case tasks, one }
  private enum Targets: String, Codable, CaseIterable { case rate, inverse }

  /// What a rate is at least where its inverse is taken.
  private static let smallestRate = 1e-12

  private let alpha: Double
  private let targets: Targets
  /// The parameters over which gradient norms are taken: the parameter `scope`.
  public var gradientScope: GradientScope? { scope }
  private let scope: GradientScope
  private let parametrisation: Parametrisation
  private let minimumWeight: Double
  /// What the weights sum to.
  private let total: Double
  private let initialFrom: InitialLosses
  /// L(0); nil until the step, or the end of the epoch, that gives it.
  private var initialLosses: [Double?]
  private var learned: [Double]
  private var optimizer: StrategyOptimizer
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var gradient: [Double] = []
  private var initial: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey {
    case alpha, targets, scope, parametrisation, minimumWeight, total, initialFrom, initialLosses, learned,
      optimizer
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    alpha = setup.parameters.number("alpha")
    targets = setup.parameters.choice("targets")
    scope = setup.parameters.choice("scope")
    parametrisation = setup.parameters.choice("parametrisation")
    minimumWeight = setup.parameters.number("minimum-weight")
    initialFrom = setup.parameters.choice("initial-losses")
    initialLosses = [Double?](repeating: nil, count: setup.taskCount)
    let taskCount = Double(setup.taskCount)
    total = setup.parameters.choice("sum", as: Sum.self) == .one ? 1 : taskCount
    let start =
      switch parametrisation {
      case .rescaled: total / taskCount
      case .exponential: Double.log(total / taskCount)
      case .softmax: 0.0
      }
    learned = [Double](repeating: start, count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if total != Double(learned.count) { promises.weightSum = .one }
    return promises
  }

  /// The current weights, which then take one step towards balanced gradient norms.
  ///
  /// - Parameter evidence: T losses of at least 0 and T norms.
  /// - Returns: T positive weights of sum T, or 1, on the losses.
  /// - Throws: ``WeightingError`` for missing losses, or naming the task whose loss is negative, or whose gradient
  ///   overflows.
  public mutating func weights(for evidence: GradientNormEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = learned.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    try evidence.requireNonNegativeLosses(by: Self.descriptor.name)
    if values.count != taskCount {
      values = [Double](repeating: 1, count: taskCount)
      (gradient, initial) = (values, values)
    }
    interventions.reset(taskCount: taskCount)
    setValues()
    if initialFrom == .firstEpoch && initialLosses.contains(where: { $0 == nil }) {
      return TaskWeights(values, interventions: interventions)
    }
    setInitial(evidence)
    setGradient(evidence)
    try optimizer.step(&learned, gradient: gradient, present: evidence.present)
    for task in 0..<taskCount where evidence.isPresent(task) {
      initialLosses[task] = initialFrom == .previousStep ? evidence.losses[task] : initial[task]
    }
    rescaleLearned(evidence)
    return TaskWeights(values, interventions: interventions)
  }

  /// Takes the means of the first epoch as L(0), where the parameters ask for it.
  ///
  /// - Parameter meanLosses: one mean a task; means that are negative or infinite are not taken, and a task
  ///   whose mean is not a number waits for the end of the next epoch.
  public mutating func epochEnded(meanLosses: [Double]) {
    precondition(
      meanLosses.count == learned.count, "\(meanLosses.count) mean losses for \(learned.count) tasks")
    guard initialFrom == .firstEpoch, meanLosses.allSatisfy({ $0.isNaN || $0.isFinite && $0 >= 0 }) else {
      return
    }
    for (task, loss) in meanLosses.enumerated() where initialLosses[task] == nil && !loss.isNaN {
      initialLosses[task] = loss
    }
    let largest = initialLosses.reduce(0) { max($0, $1 ?? 0) }
    for task in initialLosses.indices {
      initialLosses[task] = initialLosses[task].map { Self.floored($0, largest: largest) }
    }
  }

  /// The weights w(step), before its update.
  private mutating func setValues() {
    switch parametrisation {
    case .rescaled:
      for task in values.indices { values[task] = learned[task] }
    case .exponential:
      for task in values.indices { values[task] = Double.exp(learned[task]) }
    case .softmax:
      let largest = learned.max() ?? 0
      for task in values.indices { values[task] = Double.exp(learned[task] - largest) }
      Self.rescale(&values, minimum: 0, sum: total, noting: &interventions)
      // A softmax that has run to 0 would stay there.
      if values.contains(where: { $0 < minimumWeight }) {
        Self.rescale(&values, minimum: minimumWeight, sum: total, noting: &interventions)
      }
    }
  }

  /// Brings the learned numbers of the present tasks back to weights of their sum, after a step.
  private mutating func rescaleLearned(_ evidence: GradientNormEvidence) {
    let present = evidence.present
    switch parametrisation {
    case .rescaled:
      Self.rescale(
        &learned, minimum: minimumWeight, sum: presentSum(evidence), present: present, noting: &interventions)
    case .exponential:
      let sum = presentSum(evidence)
      var largest = -Double.infinity
      for task in learned.indices where evidence.isPresent(task) { largest = max(largest, learned[task]) }
      for task in learned.indices where evidence.isPresent(task) {
        learned[task] = Double.exp(learned[task] - largest)
      }
      Self.rescale(&learned, minimum: 0, sum: sum, present: present, noting: &interventions)
      Self.rescale(&learned, minimum: minimumWeight, sum: sum, present: present, noting: &interventions)
      for task in learned.indices where evidence.isPresent(task) { learned[task] = Double.log(learned[task]) }
    case .softmax: break
    }
  }

  /// L(0) of the present tasks: known, or the loss of this step; floored where it is new.
  private mutating func setInitial(_ evidence: GradientNormEvidence) {
    var largest = 0.0
    for task in initial.indices where evidence.isPresent(task) {
      initial[task] = initialLosses[task] ?? evidence.losses[task]
      largest = max(largest, initial[task])
    }
    for task in initial.indices where evidence.isPresent(task) {
      let floor = Self.floored(0, largest: largest)
      // One that was floored when it was taken is at the floor, or below it since others are known.
      if largest == 0 || initial[task] <= floor { interventions.insert(.floor, task: task) }
      if initialLosses[task] == nil || initialFrom == .previousStep {
        initial[task] = Self.floored(initial[task], largest: largest)
      }
    }
  }

  /// The sum that the weights of the present tasks keep: that of all where all are.
  private func presentSum(_ evidence: GradientNormEvidence) -> Double {
    guard evidence.present != nil else { return total }
    return values.indices.reduce(0) { $0 + (evidence.isPresent($1) ? values[$1] : 0) }
  }

  /// The gradient of F with respect to the learned numbers; its means are over the present tasks.
  private mutating func setGradient(_ evidence: GradientNormEvidence) {
    let count = evidence.present.map { Double($0.count { $0 }) } ?? Double(values.count)
    var (meanNorm, meanRatio) = (0.0, 0.0)
    for task in values.indices where evidence.isPresent(task) {
      meanNorm += values[task] * evidence.norms[task] / count
      meanRatio += evidence.losses[task] / initial[task] / count
    }
    for task in values.indices {
      guard evidence.isPresent(task) else {
        gradient[task] = 0
        continue
      }
      let ratio = meanRatio > 0 ? evidence.losses[task] / initial[task] / meanRatio : 1
      let rate = targets == .rate ? ratio : 1 / max(ratio, Self.smallestRate)
      if targets == .inverse && ratio < Self.smallestRate { interventions.insert(.floor, task: task) }
      // Without any gradient the target is 0, also where the power is infinite.
      let target = meanNorm > 0 ? meanNorm * Double.pow(rate, alpha) : 0
      let excess = values[task] * evidence.norms[task] - target
      let sign = excess > 0 ? 1.0 : excess < 0 ? -1 : 0
      // An excess that is not a number must not pass for balance: the optimiser refuses it.
      gradient[task] = excess.isNaN ? excess : sign * evidence.norms[task]
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
