/// The matrix that UPGrad and DualProj project with: the cosines, or torchjd's regularised Gramian.
struct DualConeMatrix: Sendable, Codable {
  static let parameters = [
    ParameterDescriptor(
      "regularisation", .number(default: 0, range: .nonNegative),
      "What is added to the diagonal of G/tr(G): 0 is exact, 1e-4 is torchjd's."),
    ParameterDescriptor(
      "zero-trace", .number(default: 0, range: .nonNegative),
      "The trace below which G counts as 0 where it is regularised: 1e-4 in torchjd."),
  ]
  static let differences = [
    "Exact, on the cosines; torchjd adds 1e-4 to the diagonal of G/tr(G): regularisation=0.0001.",
    "A task whose gradient is at most 1e-12 of the largest is left out and gets its preference.",
  ]

  private let regularisation: Double
  private let zeroTrace: Double
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var regularised = Gramian(taskCount: 0)

  private enum CodingKeys: CodingKey { case regularisation, zeroTrace }

  init(_ setup: StrategySetup) {
    regularisation = setup.parameters.number("regularisation")
    zeroTrace = setup.parameters.number("zero-trace")
  }

  /// The number of tasks that count.
  var count: Int { gradients.count }
  /// Their indices.
  var tasks: [Int] { gradients.tasks }
  /// The square roots of the diagonal that was scaled to 1.
  var scales: [Double] { gradients.norms }
  /// The matrix, of diagonal 1, without gaps.
  var elements: [Double] { gradients.cosines }

  /// What is left of the promises of the exact rule: a regularised matrix is not quite that of the gradients.
  func regularised(_ promises: StrategyPromises) -> StrategyPromises {
    guard regularisation > 0 else { return promises }
    var promises = promises
    promises.isNonConflicting = false
    if zeroTrace > 0 { promises.scaleDegree = nil }
    return promises
  }

  /// Notes the tasks of the last Gramian that have labels and do not count.
  ///
  /// - Parameters:
  ///   - interventions: where it is noted; reset here.
  ///   - present: the tasks with labels; nil for all.
  func noteLeftOut(in interventions: inout Interventions, present: [Bool]?) {
    gradients.noteLeftOut(in: &interventions, present: present)
  }

  mutating func load(_ gramian: Gramian) {
    guard regularisation > 0 else { return gradients.load(gramian) }
    let taskCount = gramian.taskCount
    if regularised.taskCount != taskCount { regularised = Gramian(taskCount: taskCount) }
    var trace = 0.0
    for task in 0..<taskCount { trace += gramian[task, task] }
    let factor = trace < zeroTrace || trace == 0 ? 0 : 1 / trace
    for i in 0..<taskCount {
      for j in 0..<taskCount {
        regularised[i, j] = factor * gramian[i, j] + (i == j ? regularisation : 0)
      }
    }
    gradients.load(regularised)
  }
}
