/// The sentence under a suite's table: which differences to the reference are significant.
struct Conclusion {
  let suite: String
  let reference: String
  let isTested: Bool
  let rows: [StrategyComparison]

  private typealias Tested = (label: String, difference: StrategyComparison.PairedDifference)

  private var tested: [Tested] {
    rows.compactMap { row in row.difference.map { (row.label, $0) } }
  }

  var sentence: String {
    guard isTested else {
      return "On \(suite), no run of \(reference) completed: there is nothing to test the strategies against."
    }
    let tested = tested
    guard let smallest = tested.map(\.difference.adjustedPValue).min(),
      let pairs = tested.map(\.difference.estimate.count).max()
    else { return "On \(suite), no strategy has a completed run in a seed of \(reference)'s." }
    let significant = tested.filter(\.difference.isSignificant)
    if !significant.isEmpty { return significance(significant, of: tested.count, pairs: pairs) }
    guard Self.smallestAdjusted(pairs: pairs, tests: tested.count) < SuiteComparison.level else {
      return tooFewSeeds(pairs: pairs, tests: tested.count)
    }
    return "On \(suite), no strategy differs significantly from \(reference) over \(pairs) seeds "
      + "(smallest adjusted p \(NumberText.pEquation(smallest)))."
  }

  private func significance(_ significant: [Tested], of tests: Int, pairs: Int) -> String {
    func list(_ favours: Bool) -> String? {
      let entries = significant.filter { $0.difference.favours == favours }
      guard !entries.isEmpty else { return nil }
      let texts = entries.map { entry in
        let points = NumberText.points(entry.difference.estimate.mean)
        return
          "\(entry.label) (\(points) points of Δm, p \(NumberText.pEquation(entry.difference.adjustedPValue)))"
      }
      return (favours ? "better: " : "worse: ") + NumberText.list(texts)
    }
    let parts = [list(true), list(false)].compactMap { $0 }.joined(separator: "; significantly ")
    let rest =
      significant.count < tests
      ? "no other difference is significant" : "every difference is significant"
    return "On \(suite), compared with \(reference) over \(pairs) seeds, significantly \(parts); \(rest)."
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
