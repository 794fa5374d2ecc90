import JointLossWeighting

/// A rule that does not say how it treats tasks without labels.
struct Unaware: WeightingStrategy {
  static let descriptor = StrategyDescriptor(
    name: "unaware", title: "unaware", formula: "w_t = 1", appliesTo: .losses)
  init(_ setup: StrategySetup) {}
  func weights(for evidence: LossEvidence) -> TaskWeights {
    TaskWeights(evidence.losses.map { _ in 1 })
  }
}
