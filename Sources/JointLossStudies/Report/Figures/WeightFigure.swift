/// Weights over epochs: one panel a strategy, a line a task.
struct WeightFigure {
  let records: SuiteRecords

  /// Draws the figure.
  ///
  /// - Parameter name: the stem of its files.
  /// - Returns: the figure, or nil where no strategy's weights change.
  func figure(named name: String) -> Figure? {
    let (changing, constant) = strategies
    guard !changing.isEmpty else { return nil }
    var file = CurveFile(
      name: name, columns: "epoch, median, lower and upper quartile over seeds of the epoch's mean weight")
    let panels = changing.compactMap { strategy in panel(of: strategy, in: &file) }
    guard !panels.isEmpty else { return nil }
    let summary = "median over \(NumberText.count(records.seeds.count, "seed")), band: quartiles"
    let script = GnuplotScript(
      name: name, title: "\(records.label): weights of the tasks",
      subtitle: summary + "; each panel has its own scale", panels: panels,
      legend: records.tasks.indices.map { .init(label: records.tasks[$0], style: Palette.task($0)) })
    let rest =
      constant.isEmpty
      ? "" : " Not shown, because their weights never change: \(NumberText.list(constant))."
    return Figure(
      suite: records.label, title: "Weights over time",
      caption: "Mean weight of each task in the steps of an epoch, \(summary). Each panel has its own scale, "
        + "logarithmic where the weights span a factor of ten or more." + rest
        + Axis.note(leftOut: file.leftOut),
      data: file.data, drawnBy: script)
  }

  /// The strategies whose weights change within a run or between runs, and those whose weights do not.
  private var strategies: (changing: [String], constant: [String]) {
    var changing: [String] = []
    var constant: [String] = []
    for strategy in records.strategies {
      let weights = Set(records.completedRuns(of: strategy).flatMap(\.epochs).compactMap(\.weights))
      if weights.count > 1 { changing.append(strategy) }
      if weights.count == 1 { constant.append(strategy) }
    }
    return (changing, constant)
  }

  private func panel(of strategy: String, in file: inout CurveFile) -> GnuplotScript.Panel? {
    var bands: [String] = []
    var lines: [String] = []
    var values: [Double] = []
    var last = 1
    for (task, taskName) in records.tasks.enumerated() {
      let curve = Curve.quartiles(of: records.completedRuns(of: strategy)) { $0.weights?[task] }
      guard
        let plot = file.add(
          curve, title: "strategy \(strategy), task \(taskName)", style: Palette.task(task))
      else { continue }
      bands.append(plot.band)
      lines.append(plot.line)
      values += curve.values
      last = max(last, curve.points.last?.epoch ?? 1)
    }
    guard !lines.isEmpty else { return nil }
    return GnuplotScript.Panel(
      title: strategy, verticalLabel: "weight",
      settings: Axis.epochs(from: 1, to: last) + Axis("y", showing: values, smallestSpan: 0.4).settings,
      plots: bands + lines)
  }
}
