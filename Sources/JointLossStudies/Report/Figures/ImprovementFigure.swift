/// Δm of every strategy with its interval, and of every seed behind it.
struct ImprovementFigure {
  let suite: SuiteComparison
  let reference: String
  let palette: Palette

  /// Draws the figure.
  ///
  /// - Parameter name: the stem of its files.
  /// - Returns: the figure, or nil where there is no Δm: no yardstick, or no other strategy.
  func figure(named name: String) -> Figure? {
    guard let yardstick = suite.yardstick else { return nil }
    let candidates = suite.rows.filter { $0.label != yardstick && $0.improvement != nil }
    let rows = candidates.filter { row in
      let estimate = row.improvement
      return [estimate?.mean, estimate?.interval?.lower, estimate?.interval?.upper].compactMap { $0 }
        .allSatisfy(Axis.canShow)
    }
    let absent = candidates.filter { row in !rows.contains { $0.label == row.label } }.map(\.label)
    let leftOut = rows.flatMap(\.improvements).count { !Axis.canShow($0) }
    guard !rows.isEmpty else { return nil }
    let values = rows.flatMap { row in
      row.improvements.filter(Axis.canShow)
        + [row.improvement?.interval?.lower, row.improvement?.interval?.upper].compactMap { $0 }
    }
    let height = max(150, 44 * rows.count)
    let longest = rows.map(\.label.count).max() ?? 0
    let script = GnuplotScript(
      name: name, title: "\(suite.label): Δm relative to \(yardstick)",
      subtitle: summary(of: rows), panels: [panel(rows, values: values, yardstick: yardstick, file: name)],
      legend: [],
      panelSize: (560, height), leftMargin: 40 + 9 * min(longest, GnuplotScript.longestText))
    return Figure(
      suite: suite.label, title: "Δm relative to \(yardstick)",
      caption:
        "Mean relative gain over \(yardstick) in percent: positive is better. \(legend(of: rows)) The dashed "
        + "line is the mean of \(reference)."
        + (absent.isEmpty
          ? "" : " Not drawn, for Δm or its interval is too large: \(NumberText.list(absent)).")
        + Axis.note(leftOut: leftOut),
      data: data(rows), drawnBy: script)
  }

  private func legend(of rows: [StrategyComparison]) -> String {
    hasInterval(rows)
      ? "Points and bars: mean over seeds and its 95 % bootstrap interval; small circles: single seeds."
      : "Points: mean over seeds; small circles: single seeds."
  }

  private func summary(of rows: [StrategyComparison]) -> String {
    "\(NumberText.count(suite.seeds.count, "seed")); mean\(hasInterval(rows) ? " and 95 % bootstrap interval" : ""), "
      + "circles: single seeds"
  }

  /// Whether any strategy has seeds enough for an interval.
  private func hasInterval(_ rows: [StrategyComparison]) -> Bool {
    rows.contains { $0.improvement?.interval != nil }
  }

  private func data(_ rows: [StrategyComparison]) -> String {
    var means =
      "# index 0: strategies from the top; columns: height, mean, lower and upper end of the interval, where there "
      + "is one\n"
    var seeds = "# index 1: single seeds; columns: height, Δm % of a seed\n"
    for (index, row) in rows.enumerated() {
      guard let estimate = row.improvement else { continue }
      let ends = estimate.interval.map { [$0.lower, $0.upper] } ?? []
      let numbers = ([estimate.mean] + ends).map(GnuplotScript.number).joined(separator: " ")
      means += "\(rows.count - index) \(numbers)\n"
      seeds += row.improvements.filter(Axis.canShow).map {
        "\(rows.count - index) \(GnuplotScript.number($0))\n"
      }.joined()
    }
    return means + "\n\n" + seeds
  }

  private func panel(
    _ rows: [StrategyComparison], values: [Double], yardstick: String, file: String
  ) -> GnuplotScript.Panel {
    let (least, most) = (min(0, values.min() ?? 0), max(0, values.max() ?? 0))
    let margin = max(0.06 * (most - least), 0.1)
    // The label of a tic is a format, in which % begins a conversion: a label of our own is not.
    let names = rows.enumerated().map { index, row in
      "set label \(10 + index) \(GnuplotScript.quote(row.label)) at graph -0.015,first \(rows.count - index) right"
    }
    var settings =
      [
        "set xrange [\(GnuplotScript.number(least - margin)):\(GnuplotScript.number(most + margin))]",
        "set yrange [0.4:\(rows.count).6]", "set ytics 1", "set format y ''",
        "set xlabel 'Δm (%), positive is better' offset 0,0.3",
        "set arrow 1 from 0,graph 0 to 0,graph 1 nohead back linecolor rgb '#808080' linewidth 1.5",
        "set label 3 \(GnuplotScript.quote(yardstick)) at 0,graph 1.04 center font 'Helvetica,13' "
          + "textcolor rgb '#606060'",
      ] + names
    if let mean = rows.first(where: { $0.label == reference })?.improvement?.mean,
      Axis.canShow(mean)
    {
      let x = GnuplotScript.number(mean)
      settings.append(
        "set arrow 2 from \(x),graph 0 to \(x),graph 1 nohead back dashtype '-' linecolor rgb '#000000' "
          + "linewidth 1")
    }
    let plots = rows.enumerated().flatMap { index, row in
      let style = palette.style(of: row.label)
      let height = rows.count - index
      return [
        "'\(file).dat' index 1 using ($1 == \(height) ? $2 : 1/0):($1 - 0.2) with points pointtype 6 "
          + "pointsize 0.6 linecolor rgb '#90\(style.color)' notitle",
        "'\(file).dat' index 0 every ::\(index)::\(index) using "
          + (row.improvement?.interval == nil ? "2:1 with points" : "2:1:3:4 with xerrorbars")
          + " pointtype 7 "
          + "pointsize 1 linecolor rgb '#\(style.color)' linewidth 2.5 notitle",
      ]
    }
    return GnuplotScript.Panel(settings: settings, plots: plots)
  }
}
