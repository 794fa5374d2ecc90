/// A figure of a report: what gnuplot needs to draw it, and the words around it.
struct Figure: Sendable {
  /// The label of the suite it belongs to.
  let suite: String
  /// The stem of its files.
  let name: String
  /// What it shows, in a few words.
  let title: String
  /// What a reader needs to read it, in one or two sentences.
  let caption: String
  /// The content of `name.dat`: blocks of columns, each with a comment that names them.
  let data: String
  /// The content of `name.gp`.
  let script: String
  /// The width of the picture, in pixels.
  let width: Int

  init(suite: String, title: String, caption: String, data: String, drawnBy script: GnuplotScript) {
    self.suite = suite
    name = script.name
    self.title = title
    self.caption = caption
    self.data = data
    self.script = script.text
    width = script.size.width
  }

  /// The figures of a comparison, suite by suite; a figure without data is left out.
  ///
  /// - Parameters:
  ///   - comparison: the comparison.
  ///   - groups: the records of its suites, in the same order.
  /// - Returns: the figures.
  static func all(of comparison: Comparison, _ groups: [SuiteRecords]) -> [Figure] {
    let stems = FileName.stems(groups.map(\.label))
    let everyStrategy = comparison.suites.flatMap { $0.rows.map(\.label) }
    let palette = Palette(
      strategies: everyStrategy, baseline: comparison.baseline, reference: comparison.reference)
    return zip(comparison.suites, zip(groups, stems)).flatMap { suite, source in
      let (records, stem) = source
      return [
        ImprovementFigure(suite: suite, reference: comparison.reference, palette: palette)
          .figure(named: stem + "-improvement"),
        LossFigure(records: records, palette: palette).figure(named: stem + "-loss"),
        WeightFigure(records: records).figure(named: stem + "-weights"),
        ConflictFigure(records: records, palette: palette).figure(named: stem + "-conflict"),
      ].compactMap { $0 }
    }
  }
}

/// A line of a figure: colour, dashes and width, in gnuplot's words.
struct LineStyle: Sendable, Hashable {
  /// Red, green and blue in hexadecimal, without prefix.
  let color: String
  let dash: String
  let width: Double

  var line: String { "linecolor rgb '#\(color)' dashtype \(dash) linewidth \(width)" }
  /// A band around the line: the colour at 85 % transparency.
  var band: String { "fillcolor rgb '#\(color)' fillstyle transparent solid 0.15 noborder" }
}

/// The colours of strategies and tasks, told apart by readers with any colour vision.
///
/// M. Okabe and K. Ito, *Color universal design*, 2008, without its yellow, which a white page swallows. The
/// baseline is grey and dashed, the reference black; a strategy has the same line in every figure of a report.
struct Palette: Sendable {
  private static let colors = ["0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9"]
  private static let dashes = ["1", "'-'", "'.'", "'-.'"]
  private let styles: [String: LineStyle]

  init(strategies: [String], baseline: String, reference: String) {
    var styles: [String: LineStyle] = [:]
    var next = 0
    for strategy in strategies where styles[strategy] == nil {
      if strategy == baseline {
        styles[strategy] = LineStyle(color: "808080", dash: "'--'", width: 2.5)
      } else if strategy == reference {
        styles[strategy] = LineStyle(color: "000000", dash: "1", width: 2.5)
      } else {
        styles[strategy] = Self.cyclic(next)
        next += 1
      }
    }
    self.styles = styles
  }

  func style(of strategy: String) -> LineStyle { styles[strategy] ?? Self.cyclic(0) }

  static func task(_ index: Int) -> LineStyle { cyclic(index) }

  private static func cyclic(_ index: Int) -> LineStyle {
    LineStyle(
      color: colors[index % colors.count], dash: dashes[index / colors.count % dashes.count], width: 2)
  }
}
