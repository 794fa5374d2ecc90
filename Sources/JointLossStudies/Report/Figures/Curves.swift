import JointLossWeighting

/// A quantity over epochs, summarised over the runs of a strategy.
struct Curve {
  /// One epoch: the middle of the line, and the band around it.
  struct Point {
    let epoch: Int
    let middle: Double
    let lower: Double
    let upper: Double
  }

  let points: [Point]
  /// The values of runs that no figure can show: they enter no point.
  let leftOut: Int

  var values: [Double] { points.flatMap { [$0.middle, $0.lower, $0.upper] } }

  /// The median over runs, and the quartiles as a band.
  ///
  /// - Parameters:
  ///   - runs: the runs.
  ///   - value: the quantity in an epoch; an epoch of a run without one that a figure can show is left out.
  /// - Returns: the curve, its points in the order of epochs.
  static func quartiles(of runs: [RunRecord], _ value: (RunRecord.Epoch) -> Double?) -> Curve {
    let shown = runs.map { run in
      Dictionary(grouping: run.epochs, by: \.epoch).compactMapValues { epochs in
        epochs.first.flatMap(value).flatMap { Axis.canShow($0) ? $0 : nil }
      }
    }
    return summarise(shown, leftOut: count(of: runs, value)) { epoch, values in
      let sorted = values.sorted()
      return Point(
        epoch: epoch, middle: Quantiles.quantile(0.5, ofSorted: sorted),
        lower: Quantiles.quantile(0.25, ofSorted: sorted), upper: Quantiles.quantile(0.75, ofSorted: sorted))
    }
  }

  /// The mean over runs, and its standard error on either side as a band.
  ///
  /// Each run is averaged over windows of epochs first, for a rate of few pairs jumps from epoch to epoch; epoch 0
  /// stands for itself.
  ///
  /// - Parameters:
  ///   - runs: the runs.
  ///   - window: the epochs in a window, at least 1.
  ///   - value: the quantity in an epoch; an epoch of a run without one that a figure can show is left out.
  /// - Returns: the curve, with a point at the middle of each window.
  static func standardErrors(
    of runs: [RunRecord], window: Int, _ value: (RunRecord.Epoch) -> Double?
  ) -> Curve {
    let averaged = runs.map { run in
      let last = run.epochs.last?.epoch ?? 0
      return Dictionary(grouping: run.epochs) { epoch in
        epoch.epoch == 0 ? 0 : min(last, (epoch.epoch - 1) / window * window + 1 + window / 2)
      }.compactMapValues { Quantiles.mean($0.compactMap(value).filter(Axis.canShow)) }
    }
    return summarise(averaged, leftOut: count(of: runs, value)) { epoch, values in
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let error = values.count > 1 ? (squares / (count * (count - 1))).squareRoot() : 0
      return Point(epoch: epoch, middle: mean, lower: mean - error, upper: mean + error)
    }
  }

  private static func summarise(
    _ runs: [[Int: Double]], leftOut: Int, _ point: (Int, [Double]) -> Point
  ) -> Curve {
    let epochs = Set(runs.flatMap(\.keys)).sorted()
    return Curve(
      points: epochs.map { epoch in point(epoch, runs.compactMap { $0[epoch] }) }, leftOut: leftOut)
  }

  private static func count(of runs: [RunRecord], _ value: (RunRecord.Epoch) -> Double?) -> Int {
    runs.flatMap(\.epochs).compactMap(value).count { !Axis.canShow($0) }
  }

  /// A block of gnuplot data: epoch, middle, lower and upper end.
  ///
  /// - Parameter name: what the block holds.
  /// - Returns: the lines, with a comment first and two blank lines last.
  func block(_ name: String) -> String {
    let rows = points.map { point in
      "\(point.epoch) "
        + [point.middle, point.lower, point.upper].map(GnuplotScript.number).joined(separator: " ")
    }
    return (["# \(name.printable)"] + rows).joined(separator: "\n") + "\n\n\n"
  }
}

/// Curves in one data file, with the plot commands that draw them.
struct CurveFile {
  let name: String
  /// The content, block by block.
  private(set) var data: String
  /// The values that no figure can show.
  private(set) var leftOut = 0
  private var count = 0

  init(name: String, columns: String) {
    self.name = name
    data = "# columns: \(columns)\n"
  }

  /// Appends a curve.
  ///
  /// - Parameters:
  ///   - curve: the curve.
  ///   - title: what it is, for the comment in the file.
  ///   - style: how it is drawn.
  /// - Returns: the elements of a `plot` command, the band first; nil for a curve without a point.
  mutating func add(_ curve: Curve, title: String, style: LineStyle) -> (band: String, line: String)? {
    leftOut += curve.leftOut
    guard !curve.points.isEmpty else { return nil }
    data += curve.block("index \(count): \(title)")
    defer { count += 1 }
    let source = "'\(name).dat' index \(count)"
    return (
      "\(source) using 1:3:4 with filledcurves \(style.band) notitle",
      "\(source) using 1:2 with \(curve.points.count == 1 ? "points pointtype 7" : "lines") "
        + (curve.points.count == 1 ? "linecolor rgb '#\(style.color)'" : style.line) + " notitle"
    )
  }
}
