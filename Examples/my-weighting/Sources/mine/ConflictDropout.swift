import JointLossWeighting

/// Leaves a task that conflicts with the sum of all gradients out at random; what falls less in a step weighs more.
struct ConflictDropout: WeightingStrategy {
  static let about = StrategyDescription(
    "conflict-dropout", "conflict dropout",
    formula: "w_t = b_t r_t,  P(b_t = 0) = p where g_t·Σ_s g_s < 0,  r_t ← μ r_t + (1 − μ) L'_t/L_t",
    weighs: .sharedGradient, losses: .always, cost: "T trunk gradients, their Gramian, a forward pass",
    promises: [.nonNegative, .order(.inDistribution)])

  @Parameter("p: how likely a conflicting task is left out of a step.", in: 0..<1) var rate = 0.5
  @Parameter("μ: how much of r_t stays in a step.", in: 0..<1) var memory = 0.9
  var ratios: [Double] = []
  var losses: [Double] = []
  @Scratch var weights: [Double] = []
  var looksAfterStep: Bool { true }

  mutating func start(taskCount: Int) {
    (ratios, losses) = ([Double](repeating: 1, count: taskCount), [Double](repeating: 0, count: taskCount))
  }

  mutating func weights(for step: Step<Gramian>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    weights.resize(to: step.taskCount)
    var random = step.random
    for task in weights.indices {
      losses[task] = step.losses[task]
      var (product, size) = (0.0, 0.0)
      for other in weights.indices {
        product += step.gramian[task, other]
        size += abs(step.gramian[task, other])  // Rounding alone makes no conflict.
      }
      weights[task] = product < -1e-12 * size && random.uniform() < rate ? 0 : ratios[task]
    }
    return TaskWeights(weights)
  }

  mutating func stepEnded(lossesAfter: [Double]) {
    guard lossesAfter.allSatisfy(\.isFinite) else { return }
    for task in losses.indices where losses[task] > 0 {  // It is 0 for a task without labels.
      let ratio = min(max(lossesAfter[task] / losses[task], 0.5), 2)
      ratios[task] = memory * ratios[task] + (1 - memory) * ratio
    }
  }
}
