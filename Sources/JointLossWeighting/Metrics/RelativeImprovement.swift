/// The mean relative improvement over a baseline, Δm, in the convention of gains: positive is better.
///
/// S. Vandenhende et al., *Multi-Task Learning for Dense Prediction Tasks: A Survey*, TPAMI 2021, Section 4.1
/// (<https://arxiv.org/abs/2004.13379>), for losses, where less is better:
///
///     Δm = 100/T Σ_t (B_t − L_t) / |B_t|   percent
public enum RelativeImprovement {
  /// A baseline this near to 0 has no relative improvement.
  private static let smallestBaseline = 1e-12

  /// Δm in percent.
  ///
  /// - Parameters:
  ///   - losses: the T losses L to judge.
  ///   - baseline: the T losses B to compare with, none of them 0; they may be negative.
  /// - Returns: Δm in percent; positive where the losses are better than the baseline.
  /// - Throws: ``WeightingError`` for lists of different or no length, a value that is not finite, or a
  ///   baseline within 1e-12 of 0.
  public static func percent(losses: [Double], baseline: [Double]) throws(WeightingError) -> Double {
    guard losses.count == baseline.count, !losses.isEmpty else {
      throw WeightingError(
        .taskCount, "Δm of \(losses.count) losses against \(baseline.count) baselines is not defined")
    }
    var sum = 0.0
    for (task, (loss, base)) in zip(losses, baseline).enumerated() {
      guard loss.isFinite && base.isFinite else {
        throw WeightingError(
          .nonFinite, "Δm of loss \(loss) against baseline \(base) of task \(task) is not defined", task: task
        )
      }
      guard abs(base) > smallestBaseline else {
        throw WeightingError(
          .domain, "Δm has no meaning against the baseline \(base) of task \(task)", task: task)
      }
      sum += (base - loss) / abs(base)
    }
    return 100 * sum / Double(losses.count)
  }
}
