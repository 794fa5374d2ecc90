import RealModule

/// Minimises a smooth maximum of the losses.
///
/// X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang, *Smooth Tchebycheff Scalarization for Multi-Objective
/// Optimization*, ICML 2024, Equation 7 (<https://arxiv.org/abs/2402.19078>).
///
///     paper    F = μ log Σ exp(p_t (L_t − z)/μ)              w_t = p_t softmax(p (L − z)/μ)_t
///     libmtl   epochs up to `warm-up-epochs`: F = Σ log L_t
///              after them:  F = T μ log Σ exp(log(L_t/N_t)/μ)     w_t = T softmax(log(L/N)/μ)_t / L_t
///
/// | symbol | property |
/// |---|---|
/// | L_t | ``LossEvidence/losses`` |
/// | p_t, z, μ | `preferences`, `reference`, `mu` |
/// | N_t | `nadir`: the mean loss over the epoch after the warm-up |
///
/// Cost: O(T).
///
/// Where we differ: in `libmtl`, the authors' multi-task code, a loss below 1e-20 counts as 1e-20 where theirs adds
/// it, and the nadir is the sample-weighted mean. With its μ = 1 that form is a static scalarization by 1/N_t.
public struct STCH: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "stch",
    title: "STCH (smooth Tchebycheff scalarization)",
    citation: Citation(
      "X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang, Smooth Tchebycheff Scalarization for "
        + "Multi-Objective Optimization, ICML 2024",
      link: "https://arxiv.org/abs/2402.19078"),
    formula: "F = μ log Σ exp(p_t (L_t − z)/μ)",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "variant", .choice(default: "paper", options: Variant.allCases.map(\.rawValue)),
        "The paper's scalarization, or that of its multi-task code and LibMTL on log(L/N)."),
      ParameterDescriptor(
        "mu", .number(default: 1, range: .positive), "μ: towards 0 the largest loss alone counts."),
      StrategySetup.preferencesParameter("p of the paper's form; 1/T each by default."),
      ParameterDescriptor(
        "reference", .number(default: 0, range: .any), "z of the paper's form: the ideal loss of every task."),
      ParameterDescriptor(
        "warm-up-epochs", .integer(default: 4, range: .closed(0...1_000_000)),
        "libmtl: the epochs before the one whose mean losses are the nadir."),
    ],
    differences: [
      "The default is the paper's scalarization; variant=libmtl is its multi-task code, with a warm-up.",
      "libmtl: the nadir is the sample-weighted mean of its epoch.",
      "libmtl: a negative loss is an error.",
      "Where tasks have no labels the softmax is that of the others; its sum in libmtl is their number.",
    ],
    promises: StrategyPromises(hasNonNegativeWeights: true, isMemoryless: true))

  /// True: the maximum is over the present tasks, and the nadirs of absent tasks stay.
  public static let weighsAbsentTasks = true

  private enum Variant: String, Codable, CaseIterable { case paper, libmtl }

  private static let smallestLoss = 1e-20

  private let variant: Variant
  private let mu: Double
  private let preferences: [Double]
  private let reference: Double
  private let warmUpEpochs: Int
  private var epochs = 0
  /// From the end of the warm-up on: for each task, the mean loss of its first epoch with labels since.
  private var nadir: [Double?]?
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey { case variant, mu, preferences, reference, warmUpEpochs, epochs, nadir }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  /// - Throws: ``WeightingError`` if there are not as many preferences as tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    variant = setup.parameters.choice("variant")
    mu = setup.parameters.number("mu")
    preferences = try setup.preferences(of: Self.descriptor.name, default: 1 / Double(setup.taskCount))
    reference = setup.parameters.number("reference")
    warmUpEpochs = setup.parameters.integer("warm-up-epochs")
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises.with(preferences: preferences)
    if variant == .libmtl { promises.isMemoryless = false }
    return promises
  }

  /// The derivatives of the smooth maximum.
  ///
  /// - Parameter evidence: T losses, of at least 0 in the form of LibMTL.
  /// - Returns: T weights, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks, or naming a task whose loss is negative.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    let taskCount = preferences.count
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    interventions.reset(taskCount: taskCount)
    switch variant {
    case .paper:
      for task in 0..<taskCount {
        values[task] = preferences[task] * ((evidence.losses[task] - reference) / mu)
      }
      try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("mu", mu))
      LossTransforms.softmax(&values, present: evidence.present)
      for task in 0..<taskCount { values[task] *= preferences[task] }
    case .libmtl:
      try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
      setLogarithmicWeights(evidence)
    }
    try LossTransforms.requireFinite(values, by: Self.descriptor.name, letBy: ("mu", mu))
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setLogarithmicWeights(_ evidence: LossEvidence) {
    let losses = evidence.losses
    for task in losses.indices where evidence.isPresent(task) {
      let isFloored = min(losses[task], nadir?[task] ?? .infinity) < Self.smallestLoss
      if isFloored { interventions.insert(.floor, task: task) }
    }
    if let nadir {
      for task in losses.indices {
        let loss = max(losses[task], Self.smallestLoss)
        // A task that has not been seen since the warm-up is where it was.
        let ratio = nadir[task].map { loss / max($0, Self.smallestLoss) } ?? 1
        values[task] = Double.log(max(ratio, Self.smallestLoss)) / mu
      }
      LossTransforms.softmax(
        &values, sum: Double(evidence.presentCount), present: evidence.present)
    } else {
      for task in losses.indices { values[task] = evidence.isPresent(task) ? 1 : 0 }
    }
    for task in losses.indices { values[task] /= max(losses[task], Self.smallestLoss) }
  }

  /// Counts the epochs of the warm-up, and keeps the mean losses of the one after it.
  ///
  /// - Parameter meanLosses: one mean a task; not a number for a task that had no label in the epoch.
  public mutating func epochEnded(meanLosses: [Double]) {
    defer { epochs += 1 }
    guard variant == .libmtl && epochs >= warmUpEpochs else { return }
    var known = nadir ?? meanLosses.map { _ in nil }
    for (task, mean) in meanLosses.enumerated() where known[task] == nil && !mean.isNaN {
      known[task] = mean
    }
    nadir = known
  }
}
