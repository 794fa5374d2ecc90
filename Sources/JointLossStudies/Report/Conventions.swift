/// How to read a table: the same sentences under every form of it.
///
/// ``Comparison`` defines the numbers.
enum Conventions {
  /// One sentence a column, and one on runs that did not complete.
  ///
  /// - Parameters:
  ///   - baseline: the label of the strategy that losses are divided by.
  ///   - reference: the label of the strategy that the others are tested against.
  /// - Returns: the sentences.
  static func sentences(baseline: String, reference: String) -> [String] {
    [
      "Test losses are those of the epoch that was best on validation data: one epoch for all tasks of a joint network "
        + "(the smallest mean over tasks of the loss relative to epoch 0), one for each task of single networks.",
      "loss / \(baseline): the mean over tasks of the test loss divided by \(baseline)'s of the same seed and task, "
        + "averaged over seeds; below 1 is better.",
      "Δm %: the mean over tasks of the relative gain over \(baseline), 100 (B − L)/|B|, averaged over seeds; "
        + "positive is better.",
      "rank: for each seed and task, 1 for the smallest test loss of all strategies, equal losses sharing their "
        + "average rank; averaged over seeds and tasks.",
      "Δm − \(reference)'s: the paired difference to \(reference) of the same seed, in points of Δm; positive is "
        + "better.",
      "p (Holm): two-sided Wilcoxon signed-rank test of that difference over seeds (exact up to 25 seeds; "
        + "differences of equal losses are dropped), after Holm's correction over the strategies of the suite; * marks p < 0.05.",
      "[ , ]: 95 % interval of the mean over at least \(Estimate.fewestForInterval) seeds, BCa bootstrap with "
        + "\(Bootstrap.defaultResamples) resamples.",
      "Losses, and differences, that agree to a relative \(Rounding.tolerance) are equal: they differ by rounding only.",
      "µs/step: the median over runs of the median time of a training step on this machine (single networks: "
        + "the sum over tasks).",
      "A run that diverged or failed enters no mean, interval or test, and ranks last in its seed.",
    ]
  }
}
