import RealModule

/// Minimizes a smooth maximum of the losses.
///
///     paper    F = μ log Σ exp(p_t (L_t − z)/μ)              w_t = p_t softmax(p (L − z)/μ)_t
///     libmtl   epochs up to `warm-up-epochs`: F = Σ log L_t
///              after them:  F = T μ log Σ exp(log(L_t/N_t)/μ)     w_t = T softmax(log(L/N)/μ)_t / L_t
///
/// p and z are `preferences` and `reference`; N_t is the nadir, the mean loss over the epoch after the warm-up.
public struct STCH: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "stch", "STCH (smooth Tchebycheff scalarization)",
    citation: Citation(
      "X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang, Smooth Tchebycheff Scalarization for "
        + "Multi-Objective Optimization, ICML 2024",
      link: "https://arxiv.org/abs/2402.19078"),
    formula: "F = μ log Σ exp(p_t (L_t − z)/μ)",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "The default is the paper's scalarization; variant=libmtl is its multi-task code, with a warm-up.",
      "libmtl: the nadir is the sample-weighted mean of its epoch.",
      "libmtl: a loss below 1e-20 counts as 1e-20; the authors' code adds 1e-20.",
      "libmtl: with its μ = 1 it is a static scalarization by 1/N_t after the warm-up.",
      "libmtl: a negative loss is an error.",
      "Where tasks have no labels the softmax is that of the others; its sum in libmtl is their number.",
    ],
    promises: [.nonNegative, .memoryless])

  enum Variant: String, Codable, CaseIterable { case paper, libmtl }

  private static let smallestLoss = 1e-20

  @Parameter("The paper's scalarization, or that of its multi-task code and LibMTL on log(L/N).")
  var variant = Variant.paper
  @Parameter("μ: towards 0 the largest loss alone counts.", in: .positive) var mu = 1.0
  @Parameter("p of the paper's form; 1/T each by default.", in: .nonNegative) var preferences: [Double] = []
  @Parameter("z of the paper's form: the ideal loss of every task.") var reference = 0.0
  @Parameter("libmtl: the epochs before the one whose mean losses are the nadir.", in: 0...1_000_000)
  var warmUpEpochs = 4
  /// The preferences as given, or all alike.
  private var taskPreferences: [Double] = []
  private var epochs = 0
  /// From the end of the warm-up on: for each task, the mean loss of its first epoch with labels since.
  private var nadir: [Double?]?
  @Scratch private var values: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins the warm-up, and checks that there is a preference for each task, where any are given.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    taskPreferences = try Preferences.values(
      preferences, taskCount: taskCount, of: Self.about.name, default: 1 / Double(taskCount))
    (epochs, nadir) = (0, nil)
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises.with(preferences: preferences)
    if variant == .libmtl { promises.isMemoryless = false }
    return promises
  }

  /// The derivatives of the smooth maximum.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    let mu = mu
    switch variant {
    case .paper:
      for (task, loss) in step.losses.enumerated() {
        values[task] = taskPreferences[task] * ((loss - reference) / mu)
      }
      try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("mu", mu))
      LossTransforms.softmax(&values, present: step.present)
      for task in values.indices { values[task] *= taskPreferences[task] }
    case .libmtl:
      try step.requireNonNegativeLosses(by: Self.self)
      setLogarithmicWeights(step)
    }
    try LossTransforms.requireFinite(values, by: Self.about.name, letBy: ("mu", mu))
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setLogarithmicWeights(_ step: Step<NoGradients>) {
    let losses = step.losses
    for task in losses.indices where step.isPresent(task) {
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
      LossTransforms.softmax(&values, sum: Double(step.presentCount), present: step.present)
    } else {
      for task in losses.indices { values[task] = step.isPresent(task) ? 1 : 0 }
    }
    for task in losses.indices { values[task] /= max(losses[task], Self.smallestLoss) }
  }

  /// Counts the epochs of the warm-up, and keeps the mean losses of the one after it.
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
