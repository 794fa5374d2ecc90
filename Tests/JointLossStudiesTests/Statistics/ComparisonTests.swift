import Testing

@testable import JointLossStudies

/// A study of three strategies, two tasks and three seeds whose numbers are worked out by hand.
@Suite struct ComparisonTests {
  private let single = [[1.0, 2], [2, 4], [4, 1]]
  // Ratios (½, 1), (1, ¾), (1¼, 1): Δm 25, 12½, −12½.
  private let equal = [[0.5, 2], [2, 3], [5, 1]]
  // Ratios (½, ½), (½, ¾), (½, 1): Δm 50, 37½, 25.
  private let better = [[0.5, 1], [1, 3], [2, 1]]

  /// The note under every table of three seeds.
  private static let fewSeeds =
    "Intervals are missing: they need at least 5 seeds, since the bootstrap of fewer is little more than the range of "
    + "the values and covers the mean far less often than 95 %."

  private func records() throws -> [RunRecord] {
    try SyntheticRecords.runs("single", single, step: 30) + SyntheticRecords.runs("equal", equal, step: 10)
      + SyntheticRecords.runs("better", better, step: 25)
  }

  private func suite(_ records: [RunRecord]) throws -> SuiteComparison {
    let comparison = try Comparison(records: records, baseline: "single", reference: "equal")
    return try #require(comparison.suites.first)
  }

  private func row(_ label: String, _ records: [RunRecord]) throws -> StrategyComparison {
    try #require(try suite(records).rows.first { $0.label == label })
  }

  @Test func `Rows are the baseline, the reference, then the others by name, whatever the order of records`()
    throws
  {
    let records = try records()
    let suite = try suite(records)
    #expect(suite.rows.map(\.label) == ["single", "equal", "better"])
    #expect(suite.yardstick == "single")
    #expect(suite.seeds == [0, 1, 2])
    #expect(suite.notes == [Self.fewSeeds])
    #expect(try self.suite(records.reversed()) == suite)
  }

  @Test func `Loss ratio and Δm are the hand-computed means, and a gain is positive`() throws {
    let better = try row("better", records())
    #expect(better.improvements == [50, 37.5, 25])
    #expect(better.improvement?.mean == 37.5)
    #expect(better.lossRatio?.mean == 0.625)
    #expect(better.tasks.map { $0.ratio?.mean } == [0.5, 0.75])
    #expect(better.tasks.compactMap(\.testLoss).map { 3 * $0 } == [3.5, 5])
    let equal = try row("equal", records())
    #expect(equal.improvements == [25, 12.5, -12.5])
    #expect(abs((equal.lossRatio?.mean ?? 0) - 2.75 / 3) < 1e-15)
    let single = try row("single", records())
    #expect(single.improvements == [0, 0, 0])
    #expect(single.lossRatio?.mean == 1)
  }

  // The three seeds twice: there are intervals from five seeds on.
  @Test func `Intervals are the bootstrap's over the seeds' values`() throws {
    let records =
      try SyntheticRecords.runs("single", single + single) + SyntheticRecords.runs("equal", equal + equal)
      + SyntheticRecords.runs("better", better + better)
    let better = try row("better", records)
    let bootstrap = Bootstrap(sampleSize: 6)
    #expect(better.improvement?.interval == bootstrap.interval(ofMean: [50, 37.5, 25, 50, 37.5, 25]))
    #expect(better.lossRatio?.interval == bootstrap.interval(ofMean: [0.5, 0.625, 0.75, 0.5, 0.625, 0.75]))
    #expect(better.difference?.estimate.interval == bootstrap.interval(ofMean: [25, 25, 37.5, 25, 25, 37.5]))
  }

  // Differences of better: 25, 25, 37½, all positive: p = 2/2³. Of single: −25, −12½, 12½, ranks 3, 1½, 1½:
  // W₊ = 1½, and three of the eight sums 0, 1½, 1½, 3, 3, 4½, 4½, 6 are not larger: p = 6/8. Holm: 2 × ¼, ¾.
  @Test func `The paired test against the reference is the hand-computed one`() throws {
    let better = try #require(try row("better", records()).difference)
    #expect(abs(better.estimate.mean - 87.5 / 3) < 1e-12)
    #expect(better.pValue == 0.25)
    #expect(better.adjustedPValue == 0.5)
    #expect(better.favours)
    let single = try #require(try row("single", records()).difference)
    #expect(abs(single.estimate.mean + 25.0 / 3) < 1e-12)
    #expect(single.pValue == 0.75)
    #expect(single.adjustedPValue == 0.75)
    #expect(!single.favours)
    #expect(try row("equal", records()).difference == nil)
  }

  // Ranks by seed and task of (single, equal, better): (3, 1½, 1½), (2½, 2½, 1), (2½, 2½, 1), (3, 1½, 1½),
  // (2, 3, 1), (2, 2, 2).
  @Test func `Mean ranks are over seeds and tasks, with ties shared`() throws {
    let ranks = try suite(records()).rows.compactMap(\.meanRank)
    let sums: [Double] = [15, 13, 8]
    #expect(ranks == sums.map { $0 / 6 })
  }

  @Test func `Cost is the median step and its ratio to the reference's`() throws {
    let cost = try #require(try row("better", records()).cost)
    #expect(cost.stepMicroseconds == 25)
    #expect(cost.ratio == 2.5)
    #expect(cost.runSeconds == 0.5)
  }

  // Negative control of the pairing: the same losses of the baseline under other seeds.
  @Test func `Swapping two seeds of the baseline changes Δm and the test`() throws {
    let swapped =
      try SyntheticRecords.runs("single", [single[2], single[1], single[0]])
      + SyntheticRecords.runs("equal", equal) + SyntheticRecords.runs("better", better)
    // Ratios of better: (⅛, 1), (½, ¾), (2, ½).
    #expect(try row("better", swapped).improvements == [43.75, 37.5, -25])
    let difference = try #require(try row("better", swapped).difference)
    #expect(difference != (try row("better", records()).difference))
  }

  @Test func `A worse strategy gets a negative Δm and difference`() throws {
    let worse = try SyntheticRecords.runs("worse", [[2, 4], [4, 8], [10, 2]])
    let row = try row("worse", records() + worse)
    #expect(row.improvements == [-100, -100, -125])
    #expect((row.difference?.estimate.mean ?? 0) < 0)
    #expect(row.difference?.favours == false)
  }

  // MARK: Missing and broken runs

  @Test func `A diverged run leaves means and test, ranks last, and is named in a note`() throws {
    let broken =
      try SyntheticRecords.runs("broken", [[0.5, 1], [1, 3], [2, 1]]).filter {
        $0.header.specification.seed != 1
      } + [SyntheticRecords.run("broken", seed: 1, test: [0, 0], status: .diverged)]
    let records = try records() + broken
    let row = try row("broken", records)
    #expect(row.runs == .init(completed: 2, diverged: 1, failed: 0))
    #expect(row.seeds == [0, 2])
    #expect(row.improvements == [50, 25])
    #expect(row.difference?.estimate.count == 2)
    #expect(row.difference?.pValue == 0.5)
    // Of four, by seed and task: 2 (three losses of ½) and 1½; last twice; 1½ and 2½ (four losses of 1).
    let ranks: [Double] = [2, 1.5, 4, 4, 1.5, 2.5]
    #expect(row.meanRank == ranks.reduce(0, +) / 6)
    let notes = try suite(records).notes
    #expect(notes.count == 2 && notes[1] == Self.fewSeeds)
    #expect(notes[0].contains("broken: 1 of 3 runs did not complete: seed 1 diverged (step 7, task t0"))
    #expect(notes[0].contains("rank last"))
  }

  @Test func `Seeds without a run of the baseline are left out and said`() throws {
    let records = try records().filter { record in
      let run = record.header.specification
      return run.strategyLabel != "single" || run.seed != 1
    }
    #expect(try row("better", records).improvements == [50, 25])
    #expect(try row("better", records).runs.completed == 3)
    #expect(
      try suite(records).notes == [
        "single has no completed run for seed 1: left out of loss ratios, Δm and tests.",
        "single was not run with seed 1.", Self.fewSeeds,
        "Mean ranks are over seeds 0, 2, which every strategy was run with.",
      ])
  }

  @Test func `Without a baseline the reference takes its place`() throws {
    let records = try records().filter { $0.header.specification.strategyLabel != "single" }
    let suite = try suite(records)
    #expect(suite.yardstick == "equal")
    // Ratios to equal: (1, ½), (½, 1), (⅖, 1): Δm 25, 25, 30.
    #expect(try row("better", records).improvements.map { ($0 * 1e9).rounded() / 1e9 } == [25, 25, 30])
    #expect(suite.notes[0].hasPrefix("No run of single completed: equal takes its place"))
  }

  @Test func `Without the reference there are ratios but no tests, and the sentence says so`() throws {
    let records = try records().filter { $0.header.specification.strategyLabel != "equal" }
    let suite = try suite(records)
    #expect(suite.reference == nil)
    #expect(suite.rows.allSatisfy { $0.difference == nil && $0.improvement != nil && $0.cost?.ratio == nil })
    #expect(
      suite.conclusion
        == "On toy, no run of equal completed: there is nothing to test the strategies against.")
  }

  @Test func `Without both, ranks and costs remain`() throws {
    let suite = try suite(try SyntheticRecords.runs("better", better))
    #expect(suite.yardstick == nil)
    #expect(suite.rows[0].improvement == nil)
    #expect(suite.rows[0].meanRank == 1)
    #expect(suite.rows[0].cost != nil)
    #expect(suite.notes.count == 1)
  }

  @Test func `A baseline loss of 0 leaves its seed out and is said`() throws {
    let zero = try SyntheticRecords.runs("single", [[1, 2], [2, 0], [4, 1]])
    let records = try zero + SyntheticRecords.runs("equal", equal)
    #expect(try row("equal", records).improvements == [25, -12.5])
    #expect(try suite(records).notes[0].hasPrefix("A test loss of single is not positive for seed 1"))
  }

  @Test func `Records that do not fit together are errors that name them`() throws {
    func message(_ records: [RunRecord]) -> String? {
      do throws(StudyError) {
        _ = try Comparison(records: records, baseline: "single", reference: "equal")
        return nil
      } catch {
        return error.message
      }
    }
    #expect(message([]) == "there are no run records to compare")
    let records = try records()
    let twice = try #require(message(records + [records[4]]))
    #expect(twice.hasPrefix("two runs have the same strategy equal, seed 1 of suite toy"))
    let renamed = try SyntheticRecords.run("other", seed: 0, test: [1, 2], tasks: ["t1", "t0"])
    let mixed = try #require(message(records + [renamed]))
    #expect(mixed.hasPrefix("the run of strategy other, seed 0 of suite toy has other tasks"))
    var short = records[0]
    short.footer.selectedTest = [1]
    #expect(message([short])?.contains("no finite test loss for each of its 2 tasks") == true)
  }

  @Test func `Runs of different length are said to be no fair comparison`() throws {
    let longer = try SyntheticRecords.run("longer", seed: 0, test: [1, 2], epochCount: 9)
    #expect(try suite(records() + [longer]).notes.last?.hasPrefix("The runs differ in") == true)
  }
}
