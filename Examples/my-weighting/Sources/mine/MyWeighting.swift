import JointLossWeighting

/// Weighs each loss by the inverse of its running mean, so that all tasks count alike; the weights sum to T.
struct MyWeighting: WeightingStrategy {
  static let about = StrategyDescription(
      "my-weighting", "inverse running loss", formula: "m_t ← μ m_t + (1 − μ) L_t,  w_t = T (1/m_t) / Σ_s (1/m_s)",
    weighs: .losses,
    parameters: [
      ParameterDescriptor("memory", .number(default: 0.9, range: .halfOpen(0..<1)), "How much of m_t stays.")
    ],
    promises: [.sum(.tasks), .nonNegative])

  let taskCount: Int
  let memory: Double
  var means: [Double] = []

  init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    memory = setup.parameters.number("memory")
  }

  mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    if means.isEmpty { means = step.losses }
    for (task, loss) in step.losses.enumerated() {
      means[task] = memory * means[task] + (1 - memory) * loss
    }
    let inverses = means.map { 1 / max($0, 1e-12) }
    let scale = Double(means.count) / inverses.reduce(0, +)
    return TaskWeights(inverses.map { scale * $0 })
  }
}
