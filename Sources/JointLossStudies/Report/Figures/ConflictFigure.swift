/// The share of task pairs whose gradients conflict, over epochs, for every strategy alike.
struct ConflictFigure {
  let records: SuiteRecords
  let palette: Palette

  /// Draws the figure.
  ///
  /// - Parameter name: the stem of its files.
  /// - Returns: the figure, or nil where no run has conflict rates: a single task, or separate networks only.
  func figure(named name: String) -> Figure? {
    var file = CurveFile(
      name: name,
      columns: "epoch, mean over seeds of the conflict rate in percent, less and plus its standard error")
    var bands: [String] = []
    var lines: [String] = []
    var legend: [GnuplotScript.Entry] = []
    var last = 1
    var most = 0.0
    for strategy in records.strategies {
      let curve = Curve.standardErrors(of: records.completedRuns(of: strategy)) { epoch in
        epoch.conflictRate.map { 100 * $0 }
      }
      guard let end = curve.points.last else { continue }
      let style = palette.style(of: strategy)
      let plot = file.add(curve, title: "strategy \(strategy)", style: style)
      bands.append(plot.band)
      lines.append(plot.line)
      legend.append(.init(label: strategy, style: style))
      last = max(last, end.epoch)
      most = max(most, curve.values.max() ?? 0)
    }
    guard !lines.isEmpty else { return nil }
    // Whole tens above the highest value, so that the axis always starts at 0 and never passes 100.
    let top = min(100, max(10, 10 * (most / 10).rounded(.up)))
    let panel = GnuplotScript.Panel(
      verticalLabel: "conflicting pairs (%)",
      settings: Axis.epochs(from: 0, to: last)
        + ["set yrange [0:\(GnuplotScript.number(top))]"],
      plots: bands + lines)
    let summary = "mean over \(NumberText.count(records.seeds.count, "seed")), band: standard error"
    let script = GnuplotScript(
      name: name, title: "\(records.label): conflict between task gradients",
      subtitle: "pairs of tasks with a negative cosine on the probe batch; " + summary, panels: [panel],
      legend: legend, panelSize: (560, 320))
    return Figure(
      suite: records.label, title: "Conflict between task gradients",
      caption:
        "Share of task pairs whose gradients of the shared parameters have a negative cosine, on a fixed "
        + "probe batch at the end of each epoch, \(summary).",
      data: file.data, drawnBy: script)
  }
}
