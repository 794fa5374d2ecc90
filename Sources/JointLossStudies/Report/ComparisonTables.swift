/// The tables of one suite, as a reader sees them.
struct ComparisonTables {
  let suite: SuiteComparison
  let reference: String

  /// What the losses are divided by, for headings.
  var yardstick: String { suite.yardstick ?? "baseline" }

  /// One row a strategy: score, rank, test against the reference and cost.
  var main: ReportTable {
    ReportTable(
      columns: [
        .init("strategy", .left), .init("loss / \(yardstick)"), .init("Δm %"), .init("rank"),
        .init("Δm − \(reference)'s"), .init("p (Holm)", .left), .init("µs/step"), .init("× \(reference)"),
        .init("diverged"),
      ],
      rows: suite.rows.map { row in
        let isYardstick = row.label == suite.yardstick
        return [
          row.label,
          isYardstick ? "1" : estimate(row.lossRatio) { NumberText.fixed($0, decimals: 3) },
          isYardstick ? "0" : points(row.improvement),
          text(row.meanRank) { NumberText.fixed($0, decimals: 2) },
          points(row.difference?.estimate),
          text(row.difference) { NumberText.pValue($0.adjustedPValue) + ($0.isSignificant ? " *" : "") },
          text(row.cost?.stepMicroseconds) { NumberText.fixed($0, decimals: $0 < 1000 ? 1 : 0) },
          text(row.cost?.ratio) { NumberText.fixed($0, decimals: 2) },
          diverged(row.runs),
        ]
      })
  }

  /// The columns of ``main`` in parts that each fit the text width of LaTeX's `article`: losses, tests, cost.
  var parts: [ReportTable] {
    [[0, 1, 2], [0, 3, 4, 5], [0, 6, 7, 8]].map { columns in main.columns(at: columns) }
  }

  /// One row a strategy and one column a task: the mean test loss.
  var taskLosses: ReportTable {
    perTask { _, task in text(task.testLoss) { NumberText.significant($0, digits: 4) } }
  }

  /// One row a strategy and one column a task: the test loss divided by the yardstick's.
  var taskRatios: ReportTable {
    perTask { row, task in
      row.label == suite.yardstick ? "1" : estimate(task.ratio) { NumberText.fixed($0, decimals: 3) }
    }
  }

  private func perTask(
    _ cell: (StrategyComparison, StrategyComparison.TaskComparison) -> String
  ) -> ReportTable {
    ReportTable(
      columns: [.init("strategy", .left)] + suite.tasks.map { .init($0) },
      rows: suite.rows.map { row in [row.label] + row.tasks.map { cell(row, $0) } })
  }

  /// One row a strategy: what its runs cost.
  var costs: ReportTable {
    ReportTable(
      columns: [
        .init("strategy", .left), .init("median µs/step"), .init("× \(reference)"),
        .init("backward passes/run"), .init("s/run"), .init("completed"),
        .init("diverged"), .init("failed"),
      ],
      rows: suite.rows.map { row in
        [
          row.label,
          text(row.cost?.stepMicroseconds) { NumberText.fixed($0, decimals: 1) },
          text(row.cost?.ratio) { NumberText.fixed($0, decimals: 2) },
          text(row.cost?.backwardPasses) { NumberText.fixed($0, decimals: 0) },
          text(row.cost?.runSeconds) { NumberText.fixed($0, decimals: 2) },
          "\(row.runs.completed)", "\(row.runs.diverged)", "\(row.runs.failed)",
        ]
      })
  }

  /// `0 of 10`, or `1 of 10, 2 failed`.
  private func diverged(_ counts: StrategyComparison.RunCounts) -> String {
    "\(counts.diverged) of \(counts.total)" + (counts.failed > 0 ? ", \(counts.failed) failed" : "")
  }

  private func text<Value>(_ value: Value?, _ format: (Value) -> String) -> String {
    value.map(format) ?? ReportTable.missing
  }

  private func points(_ estimate: Estimate?) -> String {
    let ends = [estimate?.mean, estimate?.interval?.lower, estimate?.interval?.upper]
    let largest = ends.compactMap { $0?.magnitude }.max()
    return self.estimate(estimate) { NumberText.points($0, besides: largest) }
  }

  private func estimate(_ estimate: Estimate?, _ format: (Double) -> String) -> String {
    guard let estimate else { return ReportTable.missing }
    guard let interval = estimate.interval else { return format(estimate.mean) }
    return "\(format(estimate.mean)) [\(format(interval.lower)), \(format(interval.upper))]"
  }
}
