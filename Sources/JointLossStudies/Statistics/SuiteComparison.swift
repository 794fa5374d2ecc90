import JointLossWeighting

/// The strategies of one suite compared.
///
/// ``Comparison`` has the conventions.
public struct SuiteComparison: Sendable, Hashable {
  /// The significance level of every test, after correction.
  static let level = 0.05

  /// The label of the suite.
  public let label: String
  /// The names of the tasks.
  public let tasks: [String]
  /// The seeds of any run, ascending.
  public let seeds: [UInt64]
  /// The label of the strategy whose losses the others' are divided by: the baseline, or the reference where
  /// the baseline has no completed run; nil if neither has one.
  public let yardstick: String?
  /// The label of the strategy that the others are tested against; nil if it has no completed run.
  public let reference: String?
  /// One row a strategy: the baseline, the reference, the others by name.
  public let rows: [StrategyComparison]
  /// One plain sentence: which differences to the reference are significant, or why none can be.
  public let conclusion: String
  /// What a reader must know of this suite's numbers, one sentence each: runs that are missing or diverged.
  public let notes: [String]

  init(
    _ records: SuiteRecords, baseline: String, reference: String, bootstraps: inout BootstrapPool
  ) {
    let present = [baseline, reference].filter { !records.completedRuns(of: $0).isEmpty }
    let yardstick = present.first
    let tested = present.contains(reference) ? reference : nil
    let scores = Self.scores(of: records, yardstick: yardstick)
    let ranks = Self.meanRanks(of: records)
    let differences = Self.differences(to: tested, scores: scores, in: records, bootstraps: &bootstraps)
    let referenceStep = Self.medianStep(of: reference, in: records)
    var rows: [StrategyComparison] = []
    for strategy in records.strategies {
      rows.append(
        StrategyComparison(
          strategy, in: records, scores: scores[strategy] ?? [:], meanRank: ranks?[strategy],
          difference: differences[strategy], referenceStep: referenceStep, bootstraps: &bootstraps))
    }
    label = records.label
    tasks = records.tasks
    seeds = records.seeds
    self.yardstick = yardstick
    self.reference = tested
    self.rows = rows
    conclusion = Conclusion(suite: label, reference: reference, isTested: tested != nil, rows: rows).sentence
    notes =
      SuiteNotes(
        records: records, baseline: baseline, reference: reference, yardstick: yardstick, rows: rows
      ).sentences
  }

  /// What a run scores against the yardstick, by strategy and seed, where both runs completed.
  private static func scores(
    of records: SuiteRecords, yardstick: String?
  ) -> [String: [UInt64: SeedScore]] {
    guard let yardstick else { return [:] }
    var scores: [String: [UInt64: SeedScore]] = [:]
    for seed in records.seeds {
      guard let denominators = records.selectedTest(yardstick, seed: seed) else { continue }
      for strategy in records.strategies {
        scores[strategy, default: [:]][seed] = records.selectedTest(strategy, seed: seed).flatMap {
          SeedScore(losses: $0, yardstick: denominators)
        }
      }
    }
    return scores
  }

  /// The seeds in which every strategy has a run, however it ended.
  static func rankedSeeds(of records: SuiteRecords) -> [UInt64] {
    records.seeds.filter { seed in
      records.strategies.allSatisfy { records.run($0, seed: seed) != nil }
    }
  }

  private static func meanRanks(of records: SuiteRecords) -> [String: Double]? {
    let seeds = rankedSeeds(of: records)
    guard !seeds.isEmpty else { return nil }
    var sums = [Double](repeating: 0, count: records.strategies.count)
    for seed in seeds {
      for task in records.tasks.indices {
        let losses = records.strategies.map {
          records.selectedTest($0, seed: seed)?[task] ?? .infinity
        }
        for (index, rank) in Ranks.average(losses).enumerated() { sums[index] += rank }
      }
    }
    let count = Double(seeds.count * records.tasks.count)
    return Dictionary(uniqueKeysWithValues: zip(records.strategies, sums.map { $0 / count }))
  }

  private static func differences(
    to reference: String?, scores: [String: [UInt64: SeedScore]], in records: SuiteRecords,
    bootstraps: inout BootstrapPool
  ) -> [String: StrategyComparison.PairedDifference] {
    guard let reference, let own = scores[reference] else { return [:] }
    var tests: [(strategy: String, estimate: Estimate, median: Double, test: WilcoxonSignedRank)] = []
    for strategy in records.strategies where strategy != reference {
      let pairs = records.seeds.compactMap { seed in
        scores[strategy]?[seed].flatMap { other in own[seed].map { (other, $0) } }
      }
      let differences = pairs.map { $0.difference(to: $1) }
      guard let estimate = Estimate(differences, &bootstraps), let median = Quantiles.median(differences)
      else { continue }
      tests.append((strategy, estimate, median, WilcoxonSignedRank(differences)))
    }
    let adjusted = Holm.adjust(tests.map(\.test.pValue))
    var results: [String: StrategyComparison.PairedDifference] = [:]
    for (entry, adjustedPValue) in zip(tests, adjusted) {
      results[entry.strategy] = StrategyComparison.PairedDifference(
        estimate: entry.estimate, median: entry.median, pValue: entry.test.pValue,
        adjustedPValue: adjustedPValue,
        favours: entry.test.positiveRankSum > entry.test.negativeRankSum)
    }
    return results
  }

  static func medianStep(of strategy: String, in records: SuiteRecords) -> Double? {
    Quantiles.median(records.completedRuns(of: strategy).map(\.footer.measured.medianStepMicroseconds))
  }
}
