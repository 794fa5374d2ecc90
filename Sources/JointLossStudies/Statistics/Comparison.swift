/// The comparison of the strategies of a study, suite by suite: the numbers behind every table and figure.
///
/// Conventions, for a strategy's run with test losses L, the baseline's with losses B of the same seed, and T
/// tasks; all test losses are those at the epoch selected on validation data:
/// - *loss ratio*: 1/T Σ L/B of a seed, averaged over seeds; below 1 is better than the baseline;
/// - *Δm*: 100/T Σ (B − L)/|B| percent of a seed, averaged over seeds: the gain convention (K.-K. Maninis et
///   al., CVPR 2019, with the sign of a gain), in which positive is better;
/// - *mean rank*: for each seed and task the strategies are ranked by test loss, 1 for the smallest, equal
///   losses sharing their average rank; averaged over seeds and tasks;
/// - *difference*: Δm minus the reference's Δm of the same seed, in points; p is Wilcoxon's signed-rank test of
///   these differences, adjusted by Holm's method over the strategies of the suite;
/// - numbers that agree to 1e-6, relatively, are equal: losses share a rank, a difference of equal losses is 0, and
///   equal differences are ties of the test;
/// - intervals: 95 %, BCa bootstrap of the mean over seeds, where there are at least 5;
/// - a run that diverged or failed enters no mean, interval or test, and ranks last in its seed.
///
/// Where a suite has no completed run of the baseline, the reference takes the baseline's place.
public struct Comparison: Sendable, Hashable {
  /// The label of the strategy whose losses the others' are divided by.
  public let baseline: String
  /// The label of the strategy that the others are tested against.
  public let reference: String
  /// One comparison a suite, by label.
  public let suites: [SuiteComparison]

  /// Compares the runs of a study.
  ///
  /// - Parameters:
  ///   - records: the runs, in any order.
  ///   - baseline: the label of the strategy whose losses the others' are divided by (single-task training).
  ///   - reference: the label of the strategy that the others are tested against (equal weighting).
  /// - Throws: ``StudyError`` if there are no records, if two have the same suite, strategy and seed, or if the
  ///   records of a suite do not fit together.
  public init(records: [RunRecord], baseline: String, reference: String) throws(StudyError) {
    let groups = try SuiteRecords.grouped(records, baseline: baseline, reference: reference)
    var bootstraps = BootstrapPool()
    self.baseline = baseline
    self.reference = reference
    var suites: [SuiteComparison] = []
    for group in groups {
      suites.append(
        SuiteComparison(group, baseline: baseline, reference: reference, bootstraps: &bootstraps))
    }
    self.suites = suites
  }
}

/// A mean over seeds, and how sure we are of it.
public struct Estimate: Sendable, Hashable {
  /// The fewest seeds that have an interval: the bootstrap of fewer is little more than their range.
  static let fewestForInterval = 5

  /// The mean.
  public let mean: Double
  /// The 95 % interval of the mean; nil for fewer than 5 seeds.
  public let interval: ConfidenceInterval?
  /// The number of seeds.
  public let count: Int

  init?(_ values: [Double], _ bootstraps: inout BootstrapPool) {
    guard let mean = Quantiles.mean(values) else { return nil }
    self.mean = mean
    interval = values.count < Self.fewestForInterval ? nil : bootstraps.interval(ofMean: values)
    count = values.count
  }
}

/// The resamples of each sample size, drawn once.
struct BootstrapPool {
  private var bySize: [Int: Bootstrap] = [:]

  mutating func interval(ofMean values: [Double]) -> ConfidenceInterval? {
    let bootstrap = bySize[values.count] ?? Bootstrap(sampleSize: values.count)
    bySize[values.count] = bootstrap
    return bootstrap.interval(ofMean: values)
  }
}
