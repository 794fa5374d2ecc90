import JointLossWeighting

/// Weighs each loss by the inverse of its running mean, so that all tasks count alike; the weights sum to T.
struct MyWeighting: WeightingStrategy {
  static let about = StrategyDescription(
    "my-weighting", "inverse running loss",
    formula: "m_t ← μ m_t + (1 − μ) L_t,  w_t = T (1/m_t) / Σ_s (1/m_s)",
    weighs: .losses, promises: [.sum(.tasks), .nonNegative])

  @Parameter("How much of m_t stays.", in: 0..<1) var memory = 0.9
  var means: [Double] = []

  mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
    if means.isEmpty { means = step.losses }
    for (task, loss) in step.losses.enumerated() where step.isPresent(task) {
      means[task] = means[task] == 0 ? loss : memory * means[task] + (1 - memory) * loss
    }
    let inverses = means.map { 1 / max($0, 1e-12) }
    return TaskWeights(inverses.map { $0 * Double(means.count) / inverses.reduce(0, +) })
  }
}
