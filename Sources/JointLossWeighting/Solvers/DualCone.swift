/// What UPGrad and DualProj share: a preference for each task, and projections onto the cone of directions along which
/// no loss ascends, on the cosines or on torchjd's regularized Gramian.
struct DualCone: ParameterGroup, Codable, Sendable {
  static let differences = [
    "Exact, on the cosines; torchjd adds 1e-4 to the diagonal of G/tr(G): regularisation=0.0001.",
    "A task whose gradient is at most 1e-12 of the largest is left out and gets its preference.",
  ]
  /// The promises of the exact rule with equal preferences.
  static let promises: StrategyPromises = [
    .sum(.atLeastOne), .nonNegative, .nonConflicting, .scaleDegree(0), .order(.equivariantDirection),
    .memoryless,
  ]

  @Parameter("What is added to the diagonal of G/tr(G): 0 is exact, 1e-4 is torchjd's.", in: .nonNegative)
  var regularisation = 0.0
  @Parameter(
    "The trace below which G counts as 0 where it is regularised: 1e-4 in torchjd.", in: .nonNegative)
  var zeroTrace = 0.0
  /// p, one a task.
  private(set) var preferences: [Double] = []
  /// The gradients that count; the norms are the square roots of the diagonal that was scaled to 1.
  @Scratch private(set) var gradients = ScaledGramian()
  @Scratch private(set) var interventions = Interventions()
  /// What is projected, one number for each gradient that counts.
  @Scratch var vector: [Double] = []
  /// The weights, which begin as the preferences.
  @Scratch var values: [Double] = []
  @Scratch private var regularized = Gramian()
  @Scratch private var solver = DualConeProjection()

  /// Checks the preferences given, of which the default is 1/T each.
  mutating func start(
    _ given: [Double], taskCount: Int, of strategy: String
  ) throws(WeightingError) {
    preferences = try Preferences.values(
      given, taskCount: taskCount, of: strategy, default: 1 / Double(taskCount))
  }

  /// What is left of the promises: a regularized matrix is not quite that of the gradients.
  func promises(preferences: [Double]) -> StrategyPromises {
    var promises = Self.promises.with(preferences: preferences)
    if promises.taskOrder == .matters { promises.weightSum = .free }
    guard regularisation > 0 else { return promises }
    promises.isNonConflicting = false
    if zeroTrace > 0 { promises.scaleDegree = nil }
    return promises
  }

  /// Takes over the Gramian of a step.
  mutating func load(_ step: Step<Gramian>) {
    values.resize(to: step.taskCount)
    vector.resize(to: step.taskCount)
    if regularisation > 0 {
      regularize(step.gramian)
      gradients.load(regularized)
    } else {
      gradients.load(step.gramian)
    }
    gradients.noteLeftOut(in: &interventions, present: step.present)
    solver.load(order: gradients.count, gradients.cosines)
    for task in values.indices { values[task] = preferences[task] }
  }

  /// Projects `vector`, in units of the norms.
  mutating func project() throws(WeightingError) -> SolverCertificate {
    try _solver.wrappedValue.project(&_vector.wrappedValue)
  }

  private mutating func regularize(_ gramian: Gramian) {
    let taskCount = gramian.taskCount
    if regularized.taskCount != taskCount { regularized = Gramian(taskCount: taskCount) }
    var trace = 0.0
    for task in 0..<taskCount { trace += gramian[task, task] }
    let factor = trace < zeroTrace || trace == 0 ? 0 : 1 / trace
    for i in 0..<taskCount {
      for j in 0..<taskCount {
        regularized[i, j] = factor * gramian[i, j] + (i == j ? regularisation : 0)
      }
    }
  }
}
