/// The sentence under a suite's table: which differences to the reference are significant.
struct Conclusion {
  let suite: String
  let reference: String
  let isTested: Bool
  let rows: [StrategyComparison]

  private struct Tested {
    let row: StrategyComparison
    let difference: StrategyComparison.PairedDifference
    var pairs: Int { difference.estimate.count }
  }

  private var tested: [Tested] {
    rows.compactMap { row in row.difference.map { Tested(row: row, difference: $0) } }
  }

  var sentence: String {
    guard isTested else {
      return "On \(suite), no run of \(reference) completed: there is nothing to test the strategies against."
    }
    let tested = tested
    guard let smallest = tested.map(\.difference.adjustedPValue).min(),
      let fewest = tested.map(\.pairs).min(), let most = tested.map(\.pairs).max()
    else {
      return "On \(suite), no strategy can be tested against \(reference): no seed has a Δm of both."
    }
    let significant = tested.filter(\.difference.isSignificant)
    if !significant.isEmpty {
      return significance(significant, of: tested.count, sharedPairs: fewest == most ? most : nil)
    }
    guard Self.smallestAdjusted(pairs: most, tests: tested.count) < SuiteComparison.level else {
      return tooFewSeeds(pairs: most, tests: tested.count)
    }
    let seeds = fewest == most ? "\(most)" : "\(fewest) to \(most)"
    return "On \(suite), no strategy differs significantly from \(reference) over \(seeds) seeds "
      + "(smallest adjusted p \(NumberText.pEquation(smallest)))."
  }

  /// Names the strategies that differ; where not all have the same number of pairs, each with its own.
  private func significance(_ significant: [Tested], of tests: Int, sharedPairs: Int?) -> String {
    func list(_ isBetter: Bool?, _ heading: String) -> String? {
      let entries = significant.filter { $0.difference.isBetter == isBetter }
      guard !entries.isEmpty else { return nil }
      let texts = entries.map { entry in
        let seeds = sharedPairs == nil ? " over \(NumberText.count(entry.pairs, "seed"))" : ""
        let details =
          [
            Self.size(of: entry.difference) + seeds,
            "p " + NumberText.pEquation(entry.difference.adjustedPValue),
          ].joined(separator: ", ") + Self.incompleteRuns(of: entry.row)
        return "\(entry.row.label) (\(details))"
      }
      return "significantly \(heading): " + NumberText.list(texts)
    }
    let parts = [
      list(true, "better"), list(false, "worse"), list(nil, "different, neither better nor worse"),
    ]
    .compactMap { $0 }.joined(separator: "; ")
    let seeds = sharedPairs.map { " over \(NumberText.count($0, "seed"))" } ?? ""
    let rest =
      significant.count < tests
      ? "no other difference is significant" : "every difference is significant"
    return "On \(suite), compared with \(reference)\(seeds), \(parts); \(rest)."
  }

  /// The mean difference; where the ranks of the test point another way, what disagrees.
  private static func size(of difference: StrategyComparison.PairedDifference) -> String {
    let mean = "\(NumberText.points(difference.estimate.mean)) points of Δm"
    guard difference.isBetter == nil else { return mean }
    guard difference.estimate.mean * difference.median < 0 else {
      return "the mean, \(mean), and the test's ranks disagree"
    }
    return "the mean, \(mean), and the median, \(NumberText.points(difference.median)), disagree"
  }

  private static func incompleteRuns(of row: StrategyComparison) -> String {
    let parts = [(row.runs.diverged, "diverged"), (row.runs.failed, "failed")].filter { $0.0 > 0 }
    guard !parts.isEmpty else { return "" }
    let counts = NumberText.list(parts.map { "\($0.0) \($0.1)" })
    return "; of its \(NumberText.count(row.runs.total, "run")) \(counts)"
  }

  private func tooFewSeeds(pairs: Int, tests: Int) -> String {
    var needed = pairs + 1
    while Self.smallestAdjusted(pairs: needed, tests: tests) >= SuiteComparison.level { needed += 1 }
    let smallest = NumberText.significant(WilcoxonSignedRank.smallestPValue(count: pairs))
    let corrected = NumberText.significant(Self.smallestAdjusted(pairs: pairs, tests: tests))
    return "On \(suite), no difference from \(reference) can be significant: with "
      + "\(NumberText.count(pairs, "seed")) Wilcoxon's p is at least \(smallest), and at least \(corrected) "
      + "after Holm's correction over \(NumberText.count(tests, "strategy", "strategies")); "
      + "at least \(needed) seeds are needed."
  }

  /// The smallest adjusted p that any strategy can reach.
  private static func smallestAdjusted(pairs: Int, tests: Int) -> Double {
    min(1, Double(tests) * WilcoxonSignedRank.smallestPValue(count: pairs))
  }
}
