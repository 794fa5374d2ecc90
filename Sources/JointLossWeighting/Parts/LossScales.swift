import RealModule

/// The learned scales of IMTL-L and IMTL: one s_t a task, minimizing exp(s_t) L_t − s_t.
struct LossScales: ParameterGroup, Sendable, Codable {
  @Parameter("The value of every s at the start.") var initialLogScale = 0.0
  @Parameter("The largest absolute value of s.", in: .positive) var clamp = 20.0
  private var optimizer = StrategyOptimizer()
  private var logScales: [Double] = []
  /// The factors exp(s_t), set by ``prepare()``.
  @Scratch private(set) var factors: [Double] = []
  @Scratch private var gradient: [Double] = []
  /// The scales that the last step held at the end of their range.
  @Scratch private(set) var interventions = Interventions()

  init() {}

  /// The number of tasks.
  var count: Int { logScales.count }

  /// Begins with equal scales; throws if the initial one lies beyond the clamp.
  mutating func start(taskCount: Int, of strategy: String) throws(WeightingError) {
    guard abs(initialLogScale) <= clamp else {
      throw WeightingError(
        .parameter,
        "\(strategy).initial-log-scale is \(initialLogScale), beyond \(strategy).clamp, \(clamp)")
    }
    logScales = [Double](repeating: initialLogScale, count: taskCount)
    optimizer.start(taskCount: taskCount)
  }

  /// Fills ``factors``.
  mutating func prepare() {
    factors.resize(to: count)
    for task in 0..<count { factors[task] = Double.exp(logScales[task]) }
  }

  /// Takes one step on s of the present tasks, after ``prepare()``.
  mutating func step(
    losses: [Double], present: [Bool]?, by strategy: String
  ) throws(WeightingError) {
    try LossTransforms.requireNonNegative(losses, by: strategy)
    gradient.resize(to: count)
    for task in 0..<count { gradient[task] = factors[task] * losses[task] - 1 }
    let clamp = clamp
    try optimizer.step(
      &logScales, gradient: gradient, present: present,
      cause: LossTransforms.clause(of: strategy, ("clamp", clamp)))
    StrategyOptimizer.clamp(
      &logScales, to: -clamp...clamp, present: present, noting: &_interventions.wrappedValue)
  }
}
