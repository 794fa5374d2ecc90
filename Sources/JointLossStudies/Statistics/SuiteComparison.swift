/// The strategies of one suite compared. ``Comparison`` has the conventions.
public struct SuiteComparison: Sendable, Hashable {
  /// The significance level of every test, after correction.
  static let level = 0.05
  // A loss this close to 0 cannot be divided by: the quotient would be rounding noise.
  private static let smallestDenominator = 1e-12

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
    let ratios = Self.lossRatios(of: records, yardstick: yardstick)
    let ranks = Self.meanRanks(of: records)
    let differences = Self.differences(to: tested, ratios: ratios, in: records, bootstraps: &bootstraps)
    let referenceStep = Self.medianStep(of: reference, in: records)
    var rows: [StrategyComparison] = []
    for strategy in records.strategies {
      rows.append(
        StrategyComparison(
          strategy, in: records, ratios: ratios[strategy] ?? [:], meanRank: ranks?[strategy],
          difference: differences[strategy], referenceStep: referenceStep, bootstraps: &bootstraps))
    }
    label = records.label
    tasks = records.tasks
    seeds = records.seeds
    self.yardstick = yardstick
    self.reference = tested
    self.rows = rows
    conclusion = Conclusion(suite: label, reference: reference, isTested: tested != nil, rows: rows).sentence
    notes = SuiteNotes(
      records: records, baseline: baseline, reference: reference, yardstick: yardstick, rows: rows
    ).sentences
  }

  /// Each task's loss divided by the yardstick's, by strategy and seed, where both runs completed and every
  /// loss of the yardstick is positive.
  private static func lossRatios(
    of records: SuiteRecords, yardstick: String?
  ) -> [String: [UInt64: [Double]]] {
    guard let yardstick else { return [:] }
    var ratios: [String: [UInt64: [Double]]] = [:]
    for seed in usableSeeds(of: yardstick, in: records) {
      guard let denominators = records.selectedTest(yardstick, seed: seed) else { continue }
      for strategy in records.strategies {
        guard let losses = records.selectedTest(strategy, seed: seed) else { continue }
        ratios[strategy, default: [:]][seed] = zip(losses, denominators).map { $0 / $1 }
      }
    }
    return ratios
  }

  /// The seeds whose losses of a strategy can be divided by.
  static func usableSeeds(of strategy: String, in records: SuiteRecords) -> [UInt64] {
    records.seeds.filter { seed in
      records.selectedTest(strategy, seed: seed)?.allSatisfy { $0 > smallestDenominator } ?? false
    }
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
    to reference: String?, ratios: [String: [UInt64: [Double]]], in records: SuiteRecords,
    bootstraps: inout BootstrapPool
  ) -> [String: StrategyComparison.PairedDifference] {
    guard let reference, let own = ratios[reference] else { return [:] }
    var tests: [(strategy: String, estimate: Estimate, test: WilcoxonSignedRank)] = []
    for strategy in records.strategies where strategy != reference {
      let pairs = records.seeds.compactMap { seed in
        ratios[strategy]?[seed].flatMap { other in own[seed].map { (other, $0) } }
      }
      let differences = pairs.map { improvement(of: $0) - improvement(of: $1) }
      guard let estimate = Estimate(differences, &bootstraps) else { continue }
      tests.append((strategy, estimate, WilcoxonSignedRank(differences)))
    }
    let adjusted = Holm.adjust(tests.map(\.test.pValue))
    var results: [String: StrategyComparison.PairedDifference] = [:]
    for (entry, adjustedPValue) in zip(tests, adjusted) {
      results[entry.strategy] = StrategyComparison.PairedDifference(
        estimate: entry.estimate, pValue: entry.test.pValue, adjustedPValue: adjustedPValue,
        favours: entry.test.positiveRankSum > entry.test.negativeRankSum)
    }
    return results
  }

  /// Δm % of one seed from its loss ratios: 100/T Σ (1 − L/B), the losses being positive.
  static func improvement(of ratios: [Double]) -> Double {
    100 * ratios.reduce(0) { $0 + (1 - $1) } / Double(ratios.count)
  }

  static func medianStep(of strategy: String, in records: SuiteRecords) -> Double? {
    Quantiles.median(records.completedRuns(of: strategy).map(\.footer.measured.medianStepMicroseconds))
  }
}

extension StrategyComparison {
  init(
    _ label: String, in records: SuiteRecords, ratios: [UInt64: [Double]], meanRank: Double?,
    difference: PairedDifference?, referenceStep: Double?, bootstraps: inout BootstrapPool
  ) {
    let all = records.runs(of: label)
    let completed = records.completedRuns(of: label)
    self.label = label
    runs = RunCounts(
      completed: completed.count, diverged: all.count { $0.footer.status == .diverged },
      failed: all.count { $0.footer.status == .failed })
    seeds = ratios.keys.sorted()
    let bySeed = seeds.compactMap { ratios[$0] }
    improvements = bySeed.map(SuiteComparison.improvement)
    lossRatio = Estimate(bySeed.compactMap { Quantiles.mean($0) }, &bootstraps)
    improvement = Estimate(improvements, &bootstraps)
    var tasks: [TaskComparison] = []
    for (index, name) in records.tasks.enumerated() {
      tasks.append(
        TaskComparison(
          name: name, testLoss: Quantiles.mean(completed.map { $0.footer.selectedTest[index] }),
          ratio: Estimate(bySeed.map { $0[index] }, &bootstraps)))
    }
    self.tasks = tasks
    self.meanRank = meanRank
    self.difference = difference
    cost = SuiteComparison.medianStep(of: label, in: records).map { step in
      Cost(
        stepMicroseconds: step, ratio: referenceStep.flatMap { $0 > 0 ? step / $0 : nil },
        runSeconds: Quantiles.mean(completed.map(\.footer.measured.seconds)) ?? 0,
        backwardPasses: Quantiles.mean(completed.map { Double($0.footer.passes.backward) }) ?? 0,
        peakMemoryBytes: completed.map(\.footer.measured.peakMemoryBytes).max() ?? 0)
    }
  }
}
