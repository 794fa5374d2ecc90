import Foundation
import Testing

@testable import JointLossStudies

/// Studies whose numbers were once wrong: test losses as another program wrote them down, with the right values.
@Suite struct FaultyStudyTests {
  private struct File: Decodable {
    let losses: [String: [[Double]?]]
    private enum CodingKeys: String, CodingKey { case losses = "test_losses" }
  }

  /// The comparison of a file's runs; where a seed has no losses, the run diverged.
  private func comparison(_ name: String) throws -> Comparison {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Faults/\(name).json")
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    let records = try file.losses.flatMap { strategy, seeds in
      try seeds.enumerated().map { seed, losses in
        try SyntheticRecords.run(
          strategy, seed: UInt64(seed), test: losses ?? [0], status: losses == nil ? .diverged : .completed)
      }
    }
    return try Comparison(records: records, baseline: "single-task", reference: "equal")
  }

  private func row(_ label: String, of comparison: Comparison) throws -> StrategyComparison {
    try #require(comparison.suites.first?.rows.first { $0.label == label })
  }

  // scipy.stats.wilcoxon of the 20 differences: p = 0.000708 (exact).
  @Test func `Where mean and median disagree a strategy is not called better`() throws {
    let comparison = try comparison("F5-sign")
    let difference = try #require(try row("uncertainty", of: comparison).difference)
    #expect(abs(difference.pValue - 0.000708) < 1e-6)
    #expect(abs(difference.estimate.mean + 3.96) < 0.01 && abs(difference.median - 1.085) < 1e-9)
    #expect(
      comparison.suites[0].conclusion == """
        On toy, compared with equal over 20 seeds, significantly different, neither better nor worse: uncertainty \
        (the mean, −4.0 points of Δm, and the median, +1.1, disagree, p = 0.001); no other difference is significant.
        """)
  }

  @Test func `Differences that are equal up to rounding are ties`() throws {
    let difference = try #require(try row("uncertainty", of: comparison("F6-ties")).difference)
    #expect(difference.pValue == 18.0 / 256)
    #expect(difference.adjustedPValue == 0.140625)
  }

  @Test func `Losses around 1e-13 are numbers as any others`() throws {
    let comparison = try comparison("F7-tiny-baseline")
    let equal = try row("equal", of: comparison)
    #expect(
      abs((equal.lossRatio?.mean ?? 0) - 2) < 1e-12 && abs((equal.improvement?.mean ?? 0) + 100) < 1e-10)
    let uncertainty = try row("uncertainty", of: comparison)
    #expect(abs((uncertainty.lossRatio?.mean ?? 0) - 1.35) < 1e-12)
    #expect(comparison.suites[0].notes == [])
    #expect(comparison.suites[0].conclusion.contains("significantly better: single-task"))
  }

  @Test func `Each strategy has the number of its own pairs, and its diverged runs are said`() throws {
    let conclusion = try comparison("F8-pairs").suites[0].conclusion
    #expect(
      conclusion == """
        On toy, compared with equal, significantly better: dwa (+10.4 points of Δm over 10 seeds, p = 0.004; of its 20 \
        runs 10 diverged) and uncertainty (+10.9 points of Δm over 20 seeds, p < 0.001); no other difference is \
        significant.
        """)
  }

  @Test func `Losses rank equal that differ by rounding`() throws {
    #expect(Ranks.average([1, 1 + 1e-9, 2, 1e-13, 1.0000001e-13]) == [3.5, 3.5, 5, 1.5, 1.5])
    #expect(Ranks.average([.infinity, 1, .infinity, 0, -1]) == [4.5, 3, 4.5, 2, 1])
  }

  // MARK: What is missing, and why

  @Test func `Where a baseline loss of 0 leaves no seed, the sentence does not say that no run completed`()
    throws
  {
    let records =
      try SyntheticRecords.runs("single-task", [[0], [0]]) + SyntheticRecords.runs("equal", [[1], [2]])
      + SyntheticRecords.runs("dwa", [[1], [2]])
    let suite = try Comparison(records: records, baseline: "single-task", reference: "equal").suites[0]
    #expect(suite.conclusion == "On toy, no strategy can be tested against equal: no seed has a Δm of both.")
    #expect(suite.notes[0].hasPrefix("A test loss of single-task is not positive for seeds 0, 1"))
  }

  @Test func `A loss beyond 1e100 times the baseline's is left out and said`() throws {
    let records =
      try SyntheticRecords.runs("single-task", [[1e-13], [1]])
      + SyntheticRecords.runs("equal", [[1e-13], [1]])
      + SyntheticRecords.runs("dwa", [[1e300], [1]])
    let suite = try Comparison(records: records, baseline: "single-task", reference: "equal").suites[0]
    #expect(suite.rows[2].seeds == [1])
    #expect(
      suite.notes.contains(
        "dwa: a test loss is more than 1e+100 times that of single-task for seed 0: left out of loss ratios, Δm and tests."
      ))
  }

  // The cubes of the deviations would be infinite, and an infinity less another is no number.
  @Test func `The interval of large values is that of small ones, scaled`() throws {
    let values = [1.0, 2, 4, 8, 16, 5]
    let bootstrap = Bootstrap(sampleSize: values.count)
    let small = try #require(bootstrap.interval(ofMean: values))
    let scale = Double(sign: .plus, exponent: 500, significand: 1)
    let large = try #require(bootstrap.interval(ofMean: values.map { scale * $0 }))
    #expect(large == ConfidenceInterval(lower: scale * small.lower, upper: scale * small.upper))
  }

  @Test(arguments: [4, 5]) func `Fewer than 5 seeds have no interval in any form, and a note says why`(
    seeds: Int
  ) throws {
    let losses = (0..<seeds).map { Double($0 + 1) }
    let records =
      try SyntheticRecords.runs("single-task", losses.map { [$0] })
      + SyntheticRecords.runs("equal", losses.map { [0.9 * $0 + 0.01] })
      + SyntheticRecords.runs("dwa", losses.map { [0.8 * $0 + 0.02] })
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let suite = comparison.suites[0]
    let has = seeds >= 5
    for row in suite.rows {
      let estimates = [row.lossRatio, row.improvement, row.difference?.estimate] + row.tasks.map(\.ratio)
      #expect(estimates.allSatisfy { $0.map { ($0.interval != nil) == has } ?? true })
    }
    #expect(
      suite.notes.contains { $0.hasPrefix("Intervals are missing: they need at least 5 seeds") } == !has)
    let table = ComparisonTables(suite: suite, reference: "equal").main
    for text in [table.plainText, table.markdown, table.latex] { #expect(text.contains("[") == has) }
    let csv = CSV.suites(comparison).split(separator: "\n")[2].split(
      separator: ",", omittingEmptySubsequences: false)
    #expect(csv[10...11].allSatisfy { $0.isEmpty != has })
    let groups = try SuiteRecords.grouped(records, baseline: "single-task", reference: "equal")
    let figure = try #require(Figure.all(of: comparison, groups).first { $0.name == "toy-improvement" })
    #expect(figure.script.contains("xerrorbars") == has && figure.script.contains("interval") == has)
    #expect(figure.caption.contains("interval") == has)
  }
}
