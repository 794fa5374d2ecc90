import JointLossWeighting

/// A strategy that says it reads gradients in every step, whatever the one in it says.
struct Attentive<Base: WeightingStrategy>: WeightingStrategy {
  typealias Evidence = Base.Evidence

  static var descriptor: StrategyDescriptor { Base.descriptor }
  static var weighsAbsentTasks: Bool { Base.weighsAbsentTasks }

  private var base: Base

  init(_ setup: StrategySetup) throws(WeightingError) { base = try Base(setup) }

  var gradientScope: GradientScope? { base.gradientScope }

  mutating func weights(for evidence: Evidence) throws(WeightingError) -> TaskWeights {
    try base.weights(for: evidence)
  }
  mutating func epochEnded(meanLosses: [Double]) { base.epochEnded(meanLosses: meanLosses) }
  mutating func stepEnded(lossesAfter: [Double]) { base.stepEnded(lossesAfter: lossesAfter) }
}

/// All numbers of a step's gradients, behind any need.
protocol NumberedEvidence: TaskEvidence {
  var numbers: [Double] { get }
}

extension GradientNormEvidence: NumberedEvidence {
  var numbers: [Double] { norms }
}

extension GramianEvidence: NumberedEvidence {
  var numbers: [Double] { gramian.elements }
}

extension JacobianEvidence: NumberedEvidence {
  var numbers: [Double] { jacobian.elements }
}

/// Weighs all tasks by 1, reads gradients in every third step, and remembers what it was shown in all.
struct EvidenceRecorder<Evidence: NumberedEvidence>: WeightingStrategy {
  static var descriptor: StrategyDescriptor {
    StrategyDescriptor(
      name: "evidence-recorder", title: "evidence recorder", formula: "w_t = 1", appliesTo: .losses)
  }

  private(set) var seen: [[Double]] = []

  init(_ setup: StrategySetup) {}

  func readsGradients(present: [Bool]?) -> Bool { seen.count % 3 == 0 }

  mutating func weights(for evidence: Evidence) -> TaskWeights {
    seen.append(evidence.numbers)
    return TaskWeights([Double](repeating: 1, count: evidence.taskCount))
  }
}
