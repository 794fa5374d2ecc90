/// One strategy on one suite: a row of the table.
///
/// ``Comparison`` has the conventions.
public struct StrategyComparison: Sendable, Hashable {
  /// The label of the strategy.
  public let label: String
  /// How its runs ended.
  public let runs: RunCounts
  /// The seeds that enter the loss ratio and Δm: those with a completed run of it and of the yardstick.
  public let seeds: [UInt64]
  /// Δm % of each of `seeds`, in their order.
  public let improvements: [Double]
  /// The mean over tasks of the test loss divided by the yardstick's; nil without a yardstick.
  public let lossRatio: Estimate?
  /// Δm %, positive is better; nil without a yardstick.
  public let improvement: Estimate?
  /// One a task.
  public let tasks: [TaskComparison]
  /// The mean rank over seeds and tasks; nil if no seed has a run of every strategy.
  public let meanRank: Double?
  /// The paired difference to the reference; nil for the reference itself, and where no seed has both.
  public let difference: PairedDifference?
  /// What it cost; nil if no run completed.
  public let cost: Cost?

  /// How the runs of a strategy ended.
  public struct RunCounts: Sendable, Hashable {
    /// The runs that trained all epochs.
    public let completed: Int
    /// The runs that stopped being finite.
    public let diverged: Int
    /// The runs in which the strategy could not weigh a step, or without data or network.
    public let failed: Int
    /// All runs.
    public var total: Int { completed + diverged + failed }
  }

  /// One task under a strategy.
  public struct TaskComparison: Sendable, Hashable {
    /// The name of the task.
    public let name: String
    /// The mean test loss over the completed runs; nil if there is none.
    public let testLoss: Double?
    /// The test loss divided by the yardstick's of the same seed; nil without a yardstick.
    public let ratio: Estimate?
  }

  /// Δm minus the reference's Δm of the same seed.
  public struct PairedDifference: Sendable, Hashable {
    /// The mean in points of Δm, positive is better than the reference.
    public let estimate: Estimate
    /// The median in points of Δm.
    public let median: Double
    /// The two-sided p of Wilcoxon's signed-rank test.
    public let pValue: Double
    /// The p after Holm's correction over the suite's strategies.
    public let adjustedPValue: Double
    /// Whether the ranks of the seeds in favour outweigh those against.
    public let favours: Bool

    /// Whether the adjusted p is below 0.05.
    public var isSignificant: Bool { adjustedPValue < SuiteComparison.level }

    /// Whether the difference is for the better: true where ranks and mean are in favor, false where both are against,
    /// nil where they disagree.
    var isBetter: Bool? {
      favours && estimate.mean > 0 ? true : !favours && estimate.mean < 0 ? false : nil
    }
  }

  /// What the completed runs of a strategy cost on the machine that ran them.
  public struct Cost: Sendable, Hashable {
    /// The median over runs of the median time of a step, in µs.
    public let stepMicroseconds: Double
    /// Divided by the reference's; nil where the reference has no completed run.
    public let ratio: Double?
    /// The mean time of a run with its evaluations, in seconds.
    public let runSeconds: Double
    /// The mean number of backward passes of a run.
    public let backwardPasses: Double
  }
}

extension StrategyComparison {
  init(
    _ label: String, in records: SuiteRecords, scores: [UInt64: SeedScore], meanRank: Double?,
    difference: PairedDifference?, referenceStep: Double?, bootstraps: inout BootstrapPool
  ) {
    let all = records.runs(of: label)
    let completed = records.completedRuns(of: label)
    self.label = label
    runs = RunCounts(
      completed: completed.count, diverged: all.count { $0.footer.status == .diverged },
      failed: all.count { $0.footer.status == .failed })
    seeds = scores.keys.sorted()
    let bySeed = seeds.compactMap { scores[$0] }
    improvements = bySeed.map(\.improvement)
    lossRatio = Estimate(bySeed.map(\.ratio), &bootstraps)
    improvement = Estimate(improvements, &bootstraps)
    var tasks: [TaskComparison] = []
    for (index, name) in records.tasks.enumerated() {
      tasks.append(
        TaskComparison(
          name: name, testLoss: Quantiles.mean(completed.map { $0.footer.selectedTest[index] }),
          ratio: Estimate(bySeed.map { $0.ratios[index] }, &bootstraps)))
    }
    self.tasks = tasks
    self.meanRank = meanRank
    self.difference = difference
    cost = SuiteComparison.medianStep(of: label, in: records).map { step in
      Cost(
        stepMicroseconds: step, ratio: referenceStep.flatMap { $0 > 0 ? step / $0 : nil },
        runSeconds: Quantiles.mean(completed.map(\.footer.measured.seconds)) ?? 0,
        backwardPasses: Quantiles.mean(completed.map { Double($0.footer.passes.backward) }) ?? 0)
    }
  }
}
