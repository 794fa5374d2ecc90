import RealModule

/// The learned scales of IMTL-L: one s_t a task, minimising exp(s_t) L_t − s_t.
struct LossScales: Sendable, Codable {
  static let parameters =
    [
      ParameterDescriptor(
        "initial-log-scale", .number(default: 0, range: .any), "The value of every s at the start."),
      ParameterDescriptor(
        "clamp", .number(default: 20, range: .positive), "The largest absolute value of s."),
    ] + StrategyOptimizer.parameters

  private let clamp: Double
  private var logScales: [Double]
  private var optimizer: StrategyOptimizer
  /// The factors exp(s_t), set by ``prepare()``.
  private(set) var factors: [Double] = []
  private var gradient: [Double] = []
  /// The scales that the last step held at the end of their range.
  private(set) var interventions = Interventions()

  private enum CodingKeys: CodingKey { case clamp, logScales, optimizer }

  init(_ setup: StrategySetup, of strategy: String) throws(WeightingError) {
    clamp = setup.parameters.number("clamp")
    let initial = setup.parameters.number("initial-log-scale")
    guard abs(initial) <= clamp else {
      throw WeightingError(
        .parameter, "\(strategy).initial-log-scale is \(initial), beyond \(strategy).clamp, \(clamp)")
    }
    logScales = [Double](repeating: initial, count: setup.taskCount)
    optimizer = StrategyOptimizer(setup)
  }

  /// The number of tasks.
  var count: Int { logScales.count }

  /// Fills ``factors``.
  mutating func prepare() {
    if factors.count != count {
      factors = [Double](repeating: 0, count: count)
      gradient = factors
    }
    for task in 0..<count { factors[task] = Double.exp(logScales[task]) }
  }

  /// Takes one step on s of the present tasks, after ``prepare()``.
  mutating func step(
    losses: [Double], present: [Bool]?, by strategy: String
  ) throws(WeightingError) {
    try LossTransforms.requireNonNegative(losses, by: strategy)
    for task in 0..<count { gradient[task] = factors[task] * losses[task] - 1 }
    try optimizer.step(
      &logScales, gradient: gradient, present: present,
      cause: LossTransforms.clause(of: strategy, ("clamp", clamp)))
    StrategyOptimizer.clamp(&logScales, to: -clamp...clamp, present: present, noting: &interventions)
  }
}
