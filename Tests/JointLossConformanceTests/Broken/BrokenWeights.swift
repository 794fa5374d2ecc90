import JointLossLinearAlgebra
import JointLossWeighting

// Strategies whose weights are wrong, or not what they claim.

/// The weights of tasks 0 and 1 are swapped.
struct SwappedTasks: WeightingStrategy {
  static let about = broken("swapped-tasks")
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    var values = step.losses.map { 1 / (1 + $0) }
    if step.taskCount > 1 { values.swapAt(0, 1) }
    return losses(values)
  }
}

/// 0/0 where a gradient is zero.
struct ZeroDivision: WeightingStrategy {
  static let about = broken("zero-division", weighs: .sharedGradient)
  func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    let norms = (0..<step.taskCount).map { step.gramian.norm(of: $0) }
    return TaskWeights(norms.map { $0 / $0 })
  }
}

/// The inverse by elimination, where a pivot below 0 is what rounding in `Float` makes of one that is 0.
struct NegativePivot: WeightingStrategy {
  static let about = broken(
    "negative-pivot", promises: [.order(.matters)], weighs: .sharedGradient)
  func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    var scaled = ScaledGramian()
    scaled.load(step.gramian)
    let count = scaled.count
    var values = [Double](repeating: 1, count: step.taskCount)
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
  static let about = broken(
    "false-peace", promises: [.nonConflicting], weighs: .sharedGradient)
  func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

/// A mean where a sum is claimed.
struct WrongSum: WeightingStrategy {
  static let about = broken("wrong-sum", promises: [.sum(.tasks)])
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses([Double](repeating: 1 / Double(step.taskCount), count: step.taskCount))
  }
}

/// An absolute constant in a rule said to be free of scale.
struct AbsoluteEpsilon: WeightingStrategy {
  static let about = broken(
    "absolute-epsilon", promises: [.scaleDegree(-1)], weighs: .sharedGradient)
  func weights(for step: Step<GradientNorms>) throws(WeightingError) -> TaskWeights {
    TaskWeights(step.norms.map { 1 / ($0 + 1e-8) })
  }
}

/// (T − 1)/T: a task alone is not trained.
struct NothingForOne: WeightingStrategy {
  static let about = broken("nothing-for-one")
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses([Double](repeating: Double(step.taskCount - 1) / Double(step.taskCount), count: step.taskCount))
  }
}

/// What a strategy says of the order of its tasks.
protocol OrderClaim: Sendable { static var claim: StrategyPromises.TaskOrder { get } }
enum AnyOrder: OrderClaim { static let claim = StrategyPromises.TaskOrder.equivariant }
enum OneDirection: OrderClaim { static let claim = StrategyPromises.TaskOrder.equivariantDirection }
enum WithoutTies: OrderClaim { static let claim = StrategyPromises.TaskOrder.withoutTies }

/// The first task counts twice, and what the strategy says of the order allows it not.
struct FirstAmongEquals<Claim: OrderClaim>: WeightingStrategy {
  static var about: StrategyDescription {
    broken("first-among-equals, \(Claim.claim)", promises: [.order(Claim.claim)])
  }
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses(step.losses.enumerated().map { ($0.offset == 0 ? 2 : 1) / (1 + $0.element) })
  }
}

/// The longest gradient, of several the first: said not to depend on the order, which holds without ties.
struct FirstOfTies: WeightingStrategy {
  static let about = broken("first-of-ties")
  func weights(for step: Step<GradientNorms>) throws(WeightingError) -> TaskWeights {
    let longest = step.norms.firstIndex(of: step.norms.max() ?? 0)
    return losses((0..<step.taskCount).map { $0 == longest ? 1 : 0 })
  }
}

/// Random weights that favour the first task, said to be alike in distribution.
struct LoadedDice: WeightingStrategy {
  static let about = broken("loaded-dice", promises: [.order(.inDistribution)])
  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    var random = step.random
    return losses((0..<step.taskCount).map { ($0 == 0 ? 0.7 : 0.5) + random.uniform() })
  }
}

/// The first task's gradient half of the time: drawn, but loaded in the direction alone.
struct LoadedDirection: WeightingStrategy {
  static let about = broken(
    "loaded-direction", promises: [.order(.inDistribution)], weighs: .direction)
  mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    var random = step.random
    let chosen = random.uniform() < 0.5 ? 0 : random.index(below: step.taskCount)
    return TaskWeights(
      direction: step.jacobian.direction(weights: (0..<step.taskCount).map { $0 == chosen ? 1 : 0 }),
      values: [Double](repeating: 1, count: step.taskCount))
  }
}

/// Takes a representation for granted where it sees gradients on parameters.
struct Presuming: WeightingStrategy {
  static let about = broken("presuming")
  func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    guard step.representation != nil else { throw WeightingError(.missingEvidence, "no representation") }
    return losses([Double](repeating: 1, count: step.taskCount))
  }
}

/// Weights, said to be a direction.
struct WrongPlace: WeightingStrategy {
  static let about = broken("wrong-place", weighs: .direction)
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}

/// Weights of both signs, said to have one.
struct WrongSign: WeightingStrategy {
  static let about = broken("wrong-sign", promises: [.nonNegative])
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    let largest = step.losses.max() ?? 0
    return losses(step.losses.map { $0 == largest ? 1 : -0.1 })
  }
}

/// No weight for the last task.
struct OneTooFew: WeightingStrategy {
  static let about = broken("one-too-few")
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    losses([Double](repeating: 1, count: max(step.taskCount - 1, 1)))
  }
}

/// A certificate that proves nothing.
struct BadCertificate: WeightingStrategy {
  static let about = broken("bad-certificate")
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    TaskWeights(
      [Double](repeating: 1, count: step.taskCount),
      certificate: SolverCertificate(iterations: 1, residual: 1e-3))
  }
}

/// A certificate with a ridge that is no number, or a count of iterations that is none.
struct EmptyCertificate<Part: CertificatePart>: WeightingStrategy {
  static var about: StrategyDescription { broken("empty-certificate-\(Part.name)") }
  func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    TaskWeights(
      [Double](repeating: 1, count: step.taskCount), certificate: Part.certificate)
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
