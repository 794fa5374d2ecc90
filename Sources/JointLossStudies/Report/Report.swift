import JointLossWeighting

/// A comparison on paper: tables, figures and a page, written to a folder.
public enum Report {
  /// The folder of the figures, in that of the report.
  static let figures = "figures"
  /// What a report consists of, in its folder.
  static let files = ["table.md", "table.csv", "tasks.csv", "table.tex", "report.html", figures]

  /// The comparison as aligned text, to be printed.
  ///
  /// - Parameter comparison: the comparison.
  /// - Returns: for each suite its table, the sentence on significance and the notes; then how to read them.
  public static func text(_ comparison: Comparison) -> String {
    let suites = comparison.suites.map { suite in
      let table = ComparisonTables(suite: suite, reference: comparison.reference).main.plainText
      let sentences = [suite.conclusion] + suite.notes.map { "Note: \($0)" }
      return ([heading(suite).printable, "", table, ""] + sentences.map(wrapped)).joined(separator: "\n")
    }
    let conventions = conventions(comparison).map(wrapped).joined(separator: "\n")
    return (suites + [conventions]).joined(separator: "\n\n") + "\n"
  }

  /// A sentence in lines of at most 110 columns, the later ones indented.
  private static func wrapped(_ sentence: String) -> String {
    var lines: [String] = [""]
    for word in sentence.printable.split(separator: " ") {
      if lines[lines.count - 1].count + word.count + 1 > 110 { lines.append("  ") }
      let isStart = lines[lines.count - 1].allSatisfy { $0 == " " }
      lines[lines.count - 1] += (isStart ? "" : " ") + word
    }
    return lines.joined(separator: "\n")
  }

  /// Writes the tables, figures and page of a comparison.
  ///
  /// The folder receives `table.md`, `table.csv`, `tasks.csv`, `table.tex`, `report.html` and, in `figures/`, the
  /// data, the gnuplot script and the pictures (SVG and PNG) of every figure. Each file is written under another
  /// name and renamed when complete. A `study.yaml` in the folder is shown on the page. Without gnuplot, data
  /// and scripts are written all the same, and the message says how to get the pictures.
  ///
  /// - Parameters:
  ///   - comparison: the comparison.
  ///   - records: the records that it was made from.
  ///   - directory: the folder, created where it is missing.
  ///   - gnuplot: the name of the program on the search path.
  ///   - log: receives one sentence for each thing that a user must know.
  /// - Throws: ``StudyError`` with the path, if a file cannot be written, or if the records do not fit together.
  public static func write(
    _ comparison: Comparison, records: [RunRecord], to directory: String, gnuplot: String = "gnuplot",
    log: (String) -> Void
  ) throws(StudyError) {
    let folder = try OutputFolder(directory)
    try folder.write(markdown(comparison), to: "table.md")
    try folder.write(CSV.suites(comparison), to: "table.csv")
    try folder.write(CSV.tasks(comparison), to: "tasks.csv")
    try folder.write(latex(comparison), to: "table.tex")
    let groups = try SuiteRecords.grouped(
      records, baseline: comparison.baseline, reference: comparison.reference)
    let figures = Figure.all(of: comparison, groups)
    let pictures = try draw(figures, in: folder, with: Gnuplot(program: gnuplot), log: log)
    let page = HTMLPage(
      comparison: comparison, figures: figures, pictures: pictures, records: records,
      study: folder.text(of: "study.yaml"))
    try folder.write(try page.text, to: "report.html")
  }

  /// Writes the data and script of each figure and runs gnuplot: the pictures by the names of their figures.
  private static func draw(
    _ figures: [Figure], in folder: OutputFolder, with gnuplot: Gnuplot, log: (String) -> Void
  ) throws(StudyError) -> [String: String] {
    let figureFolder = try folder.folder(named: Self.figures)
    figureFolder.removeLeftovers()
    for figure in figures {
      try gnuplot.removePictures(of: figure, in: figureFolder)
      try figureFolder.write(figure.data, to: figure.name + ".dat")
      try figureFolder.write(figure.script, to: figure.name + ".gp")
    }
    var pictures: [String: String] = [:]
    for figure in figures {
      switch try gnuplot.draw(figure, in: figureFolder) {
      case .drawn(let svg): pictures[figure.name] = svg
      case .missingProgram:
        log(
          "\(gnuplot.program) is not on the PATH, so the figures are not drawn; their data and scripts are in "
            + "\(figureFolder.path). For the pictures: apt-get install gnuplot-nox, then jointloss report "
            + folder.path)
        return pictures
      case .failed(let reason):
        log("gnuplot could not draw \(figureFolder.path)/\(figure.name).gp: \(reason)")
      }
    }
    return pictures
  }

  // MARK: Markdown and LaTeX

  private static func markdown(_ comparison: Comparison) -> String {
    let suites = comparison.suites.map { suite in
      let tables = ComparisonTables(suite: suite, reference: comparison.reference)
      let notes = suite.notes.map { "- " + Markdown.escape($0) }
      return """
        ## \(Markdown.escape(heading(suite)))

        \(tables.main.markdown)

        \(Markdown.escape(suite.conclusion))
        \(notes.isEmpty ? "" : "\n" + notes.joined(separator: "\n") + "\n")
        Test loss of each task, mean over seeds:

        \(tables.taskLosses.markdown)

        Test loss of each task divided by that of \(Markdown.escape(tables.yardstick)):

        \(tables.taskRatios.markdown)
        """
    }
    let conventions = conventions(comparison).map { "- " + Markdown.escape($0) }.joined(separator: "\n")
    return (["# Comparison"] + suites + ["## How to read the tables\n\n" + conventions])
      .joined(separator: "\n\n") + "\n"
  }

  private static func latex(_ comparison: Comparison) -> String {
    let names = FileName.stems(comparison.suites.map(\.label))
    let suites = zip(comparison.suites, names).map { suite, name in
      let tables = ComparisonTables(suite: suite, reference: comparison.reference)
      let caption = ([heading(suite) + ".", suite.conclusion] + suite.notes).map(LaTeX.escape)
      return """
        \\begin{table}[t]
          \\centering
          \\footnotesize
          \\setlength{\\tabcolsep}{4pt}
          \\caption{\(caption.joined(separator: " "))}
          \\label{tab:\(name)}
        \(tables.parts.map(\.latex).joined(separator: "\n\n  \\medskip\n"))
        \\end{table}
        """
    }
    let head = ["with \\usepackage{booktabs} the rules are those of that package"] + conventions(comparison)
    let plainRules = ["top", "mid", "bottom"].map { "\\providecommand{\\\($0)rule}{\\hline}" }
    return (head.map { "% " + $0.printable } + plainRules + suites).joined(separator: "\n") + "\n"
  }

  // MARK: Shared texts

  static func heading(_ suite: SuiteComparison) -> String {
    "\(suite.label): \(NumberText.count(suite.tasks.count, "task")), "
      + NumberText.count(suite.seeds.count, "seed") + " (\(NumberText.ranges(suite.seeds)))"
  }

  static func conventions(_ comparison: Comparison) -> [String] {
    Conventions.sentences(baseline: comparison.baseline, reference: comparison.reference)
  }
}
