import JointLossLinearAlgebra
import JointLossWeighting

// Strategies whose weights are wrong, or not what they claim.

/// The weights of tasks 0 and 1 are swapped.
struct SwappedTasks: WeightingStrategy {
  static let descriptor = broken("swapped-tasks")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    var values = evidence.losses.map { 1 / (1 + $0) }
    if taskCount > 1 { values.swapAt(0, 1) }
    return losses(values)
  }
}

/// 0/0 where a gradient is zero.
struct ZeroDivision: WeightingStrategy {
  static let descriptor = broken("zero-division", appliesTo: .sharedGradient)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let norms = (0..<taskCount).map { evidence.gramian.norm(of: $0) }
    return TaskWeights(norms.map { $0 / $0 })
  }
}

/// The inverse by elimination, where a pivot below 0 is what rounding in `Float` makes of one that is 0.
struct NegativePivot: WeightingStrategy {
  static let descriptor = broken(
    "negative-pivot", promises: StrategyPromises(taskOrder: .matters), appliesTo: .sharedGradient)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    var scaled = ScaledGramian()
    scaled.load(evidence.gramian)
    let count = scaled.count
    var values = [Double](repeating: 1, count: taskCount)
    var rows = (0..<count).map { i in (0..<count).map { scaled.cosines[i * count + $0] } }
    for k in 0..<count {
      // Enough for the rounding of Double.
      rows[k][k] = (rows[k][k] + 1e-10).squareRoot()
      values[scaled.tasks[k]] = 1 / rows[k][k]
      for i in (k + 1)..<max(count, k + 1) { rows[i][k] /= rows[k][k] }
      for i in (k + 1)..<max(count, k + 1) {
        for j in (k + 1)..<count { rows[i][j] -= rows[i][k] * rows[j][k] }
      }
    }
    return TaskWeights(values)
  }
}

/// The mean gradient, said not to conflict.
struct FalsePeace: WeightingStrategy {
  static let descriptor = broken(
    "false-peace", promises: StrategyPromises(isNonConflicting: true), appliesTo: .sharedGradient)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GramianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights([Double](repeating: 1, count: taskCount))
  }
}

/// A mean where a sum is claimed.
struct WrongSum: WeightingStrategy {
  static let descriptor = broken("wrong-sum", promises: StrategyPromises(weightSum: .tasks))
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: TaskCountEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: 1 / Double(taskCount), count: taskCount))
  }
}

/// An absolute constant in a rule said to be free of scale.
struct AbsoluteEpsilon: WeightingStrategy {
  static let descriptor = broken(
    "absolute-epsilon", promises: StrategyPromises(scaleDegree: -1), appliesTo: .sharedGradient)
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GradientNormEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights(evidence.norms.map { 1 / ($0 + 1e-8) })
  }
}

/// (T − 1)/T: a task alone is not trained.
struct NothingForOne: WeightingStrategy {
  static let descriptor = broken("nothing-for-one")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: TaskCountEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: Double(taskCount - 1) / Double(taskCount), count: taskCount))
  }
}

/// What a strategy says of the order of its tasks.
protocol OrderClaim: Sendable { static var claim: StrategyPromises.TaskOrder { get } }
enum AnyOrder: OrderClaim { static let claim = StrategyPromises.TaskOrder.equivariant }
enum OneDirection: OrderClaim { static let claim = StrategyPromises.TaskOrder.equivariantDirection }
enum WithoutTies: OrderClaim { static let claim = StrategyPromises.TaskOrder.withoutTies }

/// The first task counts twice, and what the strategy says of the order allows it not.
struct FirstAmongEquals<Claim: OrderClaim>: WeightingStrategy {
  static var descriptor: StrategyDescriptor {
    broken("first-among-equals, \(Claim.claim)", promises: StrategyPromises(taskOrder: Claim.claim))
  }
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses(evidence.losses.enumerated().map { ($0.offset == 0 ? 2 : 1) / (1 + $0.element) })
  }
}

/// The longest gradient, of several the first: said not to depend on the order, which holds without ties.
struct FirstOfTies: WeightingStrategy {
  static let descriptor = broken("first-of-ties")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: GradientNormEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let longest = evidence.norms.firstIndex(of: evidence.norms.max() ?? 0)
    return losses((0..<taskCount).map { $0 == longest ? 1 : 0 })
  }
}

/// Random weights that favour the first task, said to be alike in distribution.
struct LoadedDice: WeightingStrategy {
  static let descriptor = broken("loaded-dice", promises: StrategyPromises(taskOrder: .inDistribution))
  private let taskCount: Int
  private var stream: PhiloxStream
  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    stream = setup.stream
  }
  mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses((0..<taskCount).map { ($0 == 0 ? 0.7 : 0.5) + stream.uniform() })
  }
}

/// The first task's gradient half of the time: drawn, but loaded in the direction alone.
struct LoadedDirection: WeightingStrategy {
  static let descriptor = broken(
    "loaded-direction", promises: StrategyPromises(taskOrder: .inDistribution), appliesTo: .direction)
  private let taskCount: Int
  private var stream: PhiloxStream
  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    stream = setup.stream
  }
  mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let chosen = stream.uniform() < 0.5 ? 0 : stream.index(below: taskCount)
    return TaskWeights(
      direction: evidence.jacobian.direction(weights: (0..<taskCount).map { $0 == chosen ? 1 : 0 }),
      values: [Double](repeating: 1, count: taskCount))
  }
}

/// Takes a representation for granted where it sees gradients on parameters.
struct Presuming: WeightingStrategy {
  static let descriptor = broken("presuming")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    guard evidence.representation != nil else { throw WeightingError(.missingEvidence, "no representation") }
    return losses([Double](repeating: 1, count: taskCount))
  }
}

/// Weights said to apply to the losses, that apply to the shared gradient.
struct WrongPlace: WeightingStrategy {
  static let descriptor = broken("wrong-place")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights([Double](repeating: 1, count: taskCount))
  }
}

/// Weights of both signs, said to have one.
struct WrongSign: WeightingStrategy {
  static let descriptor = broken("wrong-sign", promises: StrategyPromises(hasNonNegativeWeights: true))
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let largest = evidence.losses.max() ?? 0
    return losses(evidence.losses.map { $0 == largest ? 1 : -0.1 })
  }
}

/// No weight for the last task.
struct OneTooFew: WeightingStrategy {
  static let descriptor = broken("one-too-few")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return losses([Double](repeating: 1, count: max(taskCount - 1, 1)))
  }
}

/// A certificate that proves nothing.
struct BadCertificate: WeightingStrategy {
  static let descriptor = broken("bad-certificate")
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights(
      [Double](repeating: 1, count: taskCount),
      certificate: SolverCertificate(iterations: 1, residual: 1e-3))
  }
}

/// A certificate with a ridge that is no number, or a count of iterations that is none.
struct EmptyCertificate<Part: CertificatePart>: WeightingStrategy {
  static var descriptor: StrategyDescriptor { broken("empty-certificate-\(Part.name)") }
  private let taskCount: Int
  init(_ setup: StrategySetup) { taskCount = setup.taskCount }
  func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    return TaskWeights(
      [Double](repeating: 1, count: taskCount), certificate: Part.certificate)
  }
}

/// The part of a certificate that is wrong.
protocol CertificatePart {
  static var name: String { get }
  static var certificate: SolverCertificate { get }
}

enum NoResidual: CertificatePart {
  static let name = "residual"
  static let certificate = SolverCertificate(iterations: 1, residual: .nan)
}

enum EndlessRidge: CertificatePart {
  static let name = "ridge"
  static let certificate = SolverCertificate(iterations: 1, residual: 0, ridge: .infinity)
}

enum NegativeIterations: CertificatePart {
  static let name = "iterations"
  static let certificate = SolverCertificate(iterations: -1, residual: 0)
}
