import JointLossStudies

/// The strategies of the first comparison over the relatedness dial of the feature bank.
enum RelatedVersusUnrelated: Replication {
  static let name = "related-vs-unrelated"
  static let question =
    "Does the gain of each strategy over single-task training follow the tasks' relatedness?"
  static let minutes = 2

  static func conclusion(_ comparison: Comparison, _ records: [RunRecord]) -> String {
    let labels = comparison.suites.first?.rows.map(\.label) ?? []
    let table = ReportTable(
      columns: [.init("Δm % (95 % interval)", .left)] + comparison.suites.map { .init($0.label) },
      rows: labels.map { label in
        [label]
          + comparison.suites.map { suite in
            suite.rows.first { $0.label == label }?.improvement.map(Self.text) ?? ReportTable.missing
          }
      })
    let rates = comparison.suites.map { suite in
      let rate = conflictRate(of: comparison.reference, on: suite.label, in: records)
      return
        "\(suite.label): \(rate.map { NumberText.fixed(100 * $0, decimals: 0) + " %" } ?? ReportTable.missing)"
    }
    return """
      \(table.plainText)

      Task pairs in conflict under \(comparison.reference), on the probe batch, mean over epochs and seeds:
      \(rates.joined(separator: ", ")).
      """
  }

  /// The mean share of task pairs with a negative cosine, over the trained epochs of all seeds.
  private static func conflictRate(of strategy: String, on suite: String, in records: [RunRecord]) -> Double?
  {
    let runs = records.filter {
      $0.header.specification.strategyLabel == strategy && $0.header.specification.suiteLabel == suite
    }
    return Quantiles.mean(runs.flatMap { $0.epochs.dropFirst().compactMap(\.conflictRate) })
  }

  private static func text(_ estimate: Estimate) -> String {
    let mean = NumberText.signed(estimate.mean, decimals: 1)
    guard let interval = estimate.interval else { return mean }
    let ends = (interval.lower, interval.upper)
    return "\(mean) [\(NumberText.signed(ends.0, decimals: 1)), \(NumberText.signed(ends.1, decimals: 1))]"
  }
}
