/// The share of task pairs whose gradients conflict, over epochs, for every strategy alike.
struct ConflictFigure {
  let records: SuiteRecords
  let palette: Palette

  /// The points of a curve beyond which epochs are averaged.
  private static let mostPoints = 50

  private var longest: Int {
    records.strategies.flatMap { records.completedRuns(of: $0) }.compactMap(\.epochs.last?.epoch).max() ?? 1
  }

  /// Draws the figure.
  ///
  /// - Parameter name: the stem of its files.
  /// - Returns: the figure, or nil where no run has conflict rates: a single task, or separate networks only.
  func figure(named name: String) -> Figure? {
    let window = max(1, longest / Self.mostPoints + (longest % Self.mostPoints == 0 ? 0 : 1))
    var file = CurveFile(
      name: name,
      columns:
        "epoch, mean over seeds of the conflict rate in percent, less and plus its standard error, which is "
        + "not drawn for fewer than \(Estimate.fewestForInterval) seeds")
    var bands: [String] = []
    var lines: [String] = []
    var legend: [GnuplotScript.Entry] = []
    var most = 0.0
    for strategy in records.strategies {
      let runs = records.completedRuns(of: strategy)
      let curve = Curve.standardErrors(of: runs, window: window) { epoch in
        epoch.conflictRate.map { 100 * $0 }
      }
      let style = palette.style(of: strategy)
      guard let plot = file.add(curve, title: "strategy \(strategy)", style: style) else { continue }
      // The standard error is an interval too, and as little worth for few seeds.
      if runs.count >= Estimate.fewestForInterval { bands.append(plot.band) }
      lines.append(plot.line)
      legend.append(.init(label: strategy, style: style))

      most = max(most, curve.values.max() ?? 0)
    }
    guard !lines.isEmpty else { return nil }
    // Whole tens above the highest value, so that the axis always starts at 0 and never passes 100.
    let top = min(100, max(10, 10 * (most / 10).rounded(.up)))
    let panel = GnuplotScript.Panel(
      verticalLabel: "pairs with a negative cosine (%)",
      settings: Axis.epochs(from: 0, to: longest)
        + ["set yrange [0:\(GnuplotScript.number(top))]"],
      plots: bands + lines)
    let windows = window > 1 ? " and windows of \(window) epochs" : ""
    let summary =
      "mean over \(NumberText.count(records.seeds.count, "seed"))\(windows)"
      + (bands.isEmpty ? "" : ", band: standard error")
    let script = GnuplotScript(
      name: name, title: "\(records.label): conflict between task gradients",
      subtitle: summary, panels: [panel],
      legend: legend, panelSize: (560, 320))
    return Figure(
      suite: records.label, title: "Conflict between task gradients",
      caption:
        "Share of task pairs whose gradients of the shared parameters have a negative cosine, on a fixed "
        + "probe batch at the end of each epoch, \(summary).\(Axis.note(leftOut: file.leftOut))",
      data: file.data, drawnBy: script)
  }
}
