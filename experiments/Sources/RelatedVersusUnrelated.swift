import JointLossStudies

/// The strategies of the first comparison over the relatedness dial of the feature bank.
enum RelatedVersusUnrelated: Replication {
  static let name = "related-vs-unrelated"
  static let question =
    "Does the gain of each strategy over single-task training follow the tasks' relatedness?"
  static let minutes = 2

  static func conclusion(_ comparison: Comparison) -> String {
    let labels = comparison.suites.first?.rows.map(\.label) ?? []
    let table = ReportTable(
      columns: [.init("Δm % (95 % interval)", .left)] + comparison.suites.map { .init($0.label) },
      rows: labels.map { label in
        [label]
          + comparison.suites.map { suite in
            suite.rows.first { $0.label == label }?.improvement.map(Self.text) ?? ReportTable.missing
          }
      })
    return table.plainText
  }

  private static func text(_ estimate: Estimate) -> String {
    let mean = NumberText.signed(estimate.mean, decimals: 1)
    guard let interval = estimate.interval else { return mean }
    let ends = (interval.lower, interval.upper)
    return "\(mean) [\(NumberText.signed(ends.0, decimals: 1)), \(NumberText.signed(ends.1, decimals: 1))]"
  }
}
