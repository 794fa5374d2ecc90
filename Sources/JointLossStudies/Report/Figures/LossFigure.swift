/// Test loss over epochs: one panel a task, a line a strategy.
struct LossFigure {
  let records: SuiteRecords
  let palette: Palette

  /// Draws the figure.
  ///
  /// - Parameter name: the stem of its files.
  /// - Returns: the figure, or nil where no run completed.
  func figure(named name: String) -> Figure? {
    let strategies = records.strategies.filter { !records.completedRuns(of: $0).isEmpty }
    guard !strategies.isEmpty else { return nil }
    var file = CurveFile(
      name: name, columns: "epoch, median, lower and upper quartile over seeds of the test loss")
    let panels: [GnuplotScript.Panel] = records.tasks.indices.compactMap { task in
      var bands: [String] = []
      var lines: [String] = []
      var values: [Double] = []
      var last = 1
      for strategy in strategies {
        let curve = Curve.quartiles(of: records.completedRuns(of: strategy)) { $0.test[task] }
        guard
          let plot = file.add(
            curve, title: "task \(records.tasks[task]), strategy \(strategy)",
            style: palette.style(of: strategy))
        else { continue }
        bands.append(plot.band)
        lines.append(plot.line)
        values += curve.values
        last = max(last, curve.points.last?.epoch ?? 1)
      }
      guard !lines.isEmpty else { return nil }
      return GnuplotScript.Panel(
        title: records.tasks[task], verticalLabel: "test loss",
        settings: Axis.epochs(from: 0, to: last) + Axis("y", showing: values).settings,
        plots: bands + lines)
    }
    guard !panels.isEmpty else { return nil }
    let summary = "median over \(NumberText.count(records.seeds.count, "seed")), band: quartiles"
    let script = GnuplotScript(
      name: name, title: "\(records.label): test loss of each task", subtitle: summary, panels: panels,
      legend: strategies.map { .init(label: $0, style: palette.style(of: $0)) })
    return Figure(
      suite: records.label, title: "Test loss of each task",
      caption:
        "Test loss over epochs, \(summary). Epoch 0 is the untrained network. Loss axes are logarithmic "
        + "where the values span a factor of ten or more. Runs that did not complete are left out.\(Axis.note(leftOut: file.leftOut))",
      data: file.data, drawnBy: script)
  }
}
