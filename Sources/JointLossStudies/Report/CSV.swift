import JointLossWeighting

/// The numbers of a comparison as comma-separated values (RFC 4180), one observation a row, in full precision;
/// an empty field where there is no value.
enum CSV {
  /// One row a suite and strategy.
  ///
  /// - Parameter comparison: the comparison.
  /// - Returns: the file's text, with a line of names first.
  static func suites(_ comparison: Comparison) -> String {
    let names = [
      "suite", "strategy", "yardstick", "reference", "runs", "completed", "diverged", "failed", "seeds",
      "loss_ratio", "loss_ratio_lower", "loss_ratio_upper", "delta_m_percent", "delta_m_percent_lower",
      "delta_m_percent_upper", "mean_rank", "difference_points", "difference_points_lower",
      "difference_points_upper", "pairs", "wilcoxon_p", "holm_p", "step_microseconds", "step_ratio",
      "run_seconds", "backward_passes",
    ]
    let rows = comparison.suites.flatMap { suite in
      suite.rows.map { row in
        let labels = [suite.label, row.label, suite.yardstick ?? "", suite.reference ?? ""]
        let runs = [row.runs.total, row.runs.completed, row.runs.diverged, row.runs.failed, row.seeds.count]
        return labels + runs.map { "\($0)" }
          + estimate(row.lossRatio) + estimate(row.improvement) + [number(row.meanRank)]
          + estimate(row.difference?.estimate)
          + [
            row.difference.map { "\($0.estimate.count)" } ?? "", number(row.difference?.pValue),
            number(row.difference?.adjustedPValue), number(row.cost?.stepMicroseconds),
            number(row.cost?.ratio), number(row.cost?.runSeconds), number(row.cost?.backwardPasses),
          ]
      }
    }
    return text([names] + rows)
  }

  /// One row a suite, strategy and task.
  ///
  /// - Parameter comparison: the comparison.
  /// - Returns: the file's text, with a line of names first.
  static func tasks(_ comparison: Comparison) -> String {
    let names = [
      "suite", "strategy", "task", "completed", "test_loss", "seeds", "loss_ratio", "loss_ratio_lower",
      "loss_ratio_upper",
    ]
    let rows = comparison.suites.flatMap { suite in
      suite.rows.flatMap { row in
        row.tasks.map { task in
          [suite.label, row.label, task.name, "\(row.runs.completed)", number(task.testLoss)]
            + ["\(row.seeds.count)"] + estimate(task.ratio)
        }
      }
    }
    return text([names] + rows)
  }

  private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  private static func estimate(_ estimate: Estimate?) -> [String] {
    [estimate?.mean, estimate?.interval?.lower, estimate?.interval?.upper].map(number)
  }

  private static func text(_ rows: [[String]]) -> String {
    rows.map { row in row.map(field).joined(separator: ",") + "\n" }.joined()
  }

  /// A field, in quotes where it needs them.
  ///
  /// A spreadsheet takes a text that begins with one of `=+-@`, a tab or a carriage return for a formula and computes it:
  /// such a text gets an apostrophe before it. Plain numbers stay as they are.
  private static func field(_ text: String) -> String {
    let isFormula = text.unicodeScalars.first.map { "=+-@\t\r＝＋－＠".unicodeScalars.contains($0) } ?? false
    let isNumber = Double(text) != nil && text.utf8.allSatisfy { "0123456789+-.e".utf8.contains($0) }
    let safe = (isFormula && !isNumber ? "'" + text : text).printable
    let needsQuotes = safe.unicodeScalars.contains { ",\";".unicodeScalars.contains($0) }
    return needsQuotes ? "\"" + safe.mappingScalars { $0 == "\"" ? "\"\"" : String($0) } + "\"" : safe
  }
}
