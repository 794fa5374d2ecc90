/// The mean relative improvement over a baseline, Δm, in the convention of gains: positive is better.
///
/// S. Vandenhende et al., *Multi-Task Learning for Dense Prediction Tasks: A Survey*, TPAMI 2021, Section 4.1
/// (<https://arxiv.org/abs/2004.13379>), for losses, where less is better:
///
///     Δm = 100/T Σ_t (B_t − L_t) / |B_t|   percent
public enum RelativeImprovement {
  /// Δm in percent.
  ///
  /// - Parameters:
  ///   - losses: the T losses L to judge.
  ///   - baseline: the T losses B to compare with, none of them 0; they may be negative.
  /// - Returns: Δm in percent; positive where the losses are better than the baseline.
  /// - Throws: ``WeightingError`` for lists of different or no length, a value that is not finite, a baseline
  ///   of 0, or a gain beyond the range of `Double`.
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
      guard base != 0 else {
        throw WeightingError(
          .domain, "Δm has no meaning against the baseline \(base) of task \(task)", task: task)
      }
      sum += (base - loss) / abs(base)
      guard (100 * sum).isFinite else {
        throw WeightingError(
          .domain,
          "Δm of loss \(loss) against baseline \(base) of task \(task) is beyond the range of numbers",
          task: task)
      }
    }
    return 100 * sum / Double(losses.count)
  }
}
