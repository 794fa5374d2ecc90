import Foundation
import JointLossTestSupport
import Testing

@testable import JointLossStudies

@Suite struct LaTeXWidthTests {
  private static let program = [
    "/usr/bin/pdflatex", "/usr/local/bin/pdflatex", "/Library/TeX/texbin/pdflatex",
  ]
  .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: Self.program != nil, "pdflatex is not installed"), .timeLimit(.minutes(10)))
  func `The tables fit the text width of article`() async throws {
    let folder = try TemporaryFolder()
    let behaviours: [(String, SyntheticRecords.Behaviour)] = [
      ("single-task", .init(conflict: nil, step: 1234)), ("equal", .init(floor: 0.3)),
      ("Δm é", .init(floor: 0.9)),
      ("revised-uncertainty (rate = 0.01)", .init(floor: 0.05, step: 123_456)),
    ]
    let records = try SyntheticRecords.study(
      suite: "un_related", strategies: behaviours, tasks: ["a", "b"], seeds: 10, epochs: 6)
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    try Report.write(
      comparison, records: records, to: folder.path, gnuplot: "no-such-gnuplot", log: { _ in })
    let log = try log(of: #"\input{table.tex}"#, in: folder)
    let overfull = log.split(separator: "\n").filter { $0.contains("Overfull") }
    #expect(overfull == [])
    #expect(log.contains("Output written on page.pdf"))
  }

  @Test(.enabled(if: Self.program != nil, "pdflatex is not installed"), .timeLimit(.minutes(10)))
  func `A label that looks like an argument of a line break is text`() throws {
    let folder = try TemporaryFolder()
    let rules = ["top", "mid", "bottom"].map { "\\providecommand{\\\($0)rule}{\\hline}" }
    func height(of labels: [String]) throws -> String {
      let table = ReportTable(
        columns: [.init(labels[0], .left), .init("n")], rows: labels.dropFirst().map { [$0, "1"] })
      let document = """
        \(rules.joined())
        \\setbox0\\hbox{\(table.latex)}
        \\typeout{HEIGHT \\the\\ht0 \\the\\dp0}
        \\box0
        """
      let log = try log(of: document, in: folder)
      return String(try #require(log.split(separator: "\n").first { $0.hasPrefix("HEIGHT") }))
    }
    // The same letters in the opposite order are no argument, and set a table of the same height.
    let hostile = ["[5cm]", " [5cm]", "  [y", "[5cm] ", " [5cm]"]
    #expect(try height(of: hostile) == height(of: hostile.map { String($0.reversed()) }))
  }

  /// The log of a document, which must be set without an error.
  private func log(of body: String, in folder: TemporaryFolder) throws -> String {
    let document = """
      \\documentclass{article}
      \\begin{document}
      \(body)
      \\end{document}
      """
    try Data(document.utf8).write(to: URL(filePath: "\(folder.path)/page.tex"))
    let run = Process()
    run.executableURL = URL(filePath: try #require(Self.program))
    run.arguments = ["-interaction=nonstopmode", "-no-shell-escape", "page.tex"]
    run.currentDirectoryURL = URL(filePath: folder.path)
    run.standardOutput = FileHandle.nullDevice
    try run.run()
    run.waitUntilExit()
    let log = try String(contentsOfFile: "\(folder.path)/page.log", encoding: .isoLatin1)
    #expect(run.terminationStatus == 0, "\(log)")
    return log
  }
}
