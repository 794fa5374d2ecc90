public import JointLossLinearAlgebra

/// A strategy of the first surface, until all have moved.
public protocol LegacyStrategy: WeightingStrategy where Gradients == Evidence.Gradients {
  associatedtype Evidence: TaskEvidence
  static var descriptor: StrategyDescription { get }
  init(_ setup: StrategySetup) throws(WeightingError)
  mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights
}

extension LegacyStrategy {
  public static var about: StrategyDescription { descriptor }
  public static var parameters: [ParameterDescriptor] { descriptor.parameters }
  public init() { preconditionFailure("\(Self.self) is created with a setup") }
  public static func started(
    with parameters: ParameterValues, taskCount: Int, seed: UInt64
  ) throws(WeightingError) -> Self {
    try Self(
      StrategySetup(
        taskCount: taskCount, parameters: parameters, stream: PhiloxStream(seed: seed, purpose: "strategy")))
  }
  public mutating func weights(for step: Step<Gradients>) throws(WeightingError) -> TaskWeights {
    try weights(for: Evidence(observing: StepObservation(step)))
  }
  public var looksAfterStep: Bool { Evidence.looksAfterStep }
}

public struct StrategySetup: Sendable {
  public let taskCount: Int
  public let parameters: ParameterValues
  public let stream: PhiloxStream
}

extension StepObservation {
  init<Gradients>(_ step: Step<Gradients>) {
    self.init(losses: step.losses)
    (self.step, epoch, present, draws, representation) =
      (step.index, step.epoch, step.present, step.draws, step.representation)
    switch step.gradients {
    case let norms as GradientNorms: gradientNorms = norms.values
    case let gramian as Gramian: self.gramian = gramian
    case let jacobian as Jacobian: self.jacobian = jacobian
    case let batches as IndependentJacobians: jacobians = batches.batches
    default: if losses.isEmpty { gradientNorms = [Double](repeating: 0, count: step.taskCount) }
    }
  }
}

public typealias StrategyDescriptor = StrategyDescription
