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
    let document = #"""
      \documentclass{article}
      \begin{document}
      \input{table.tex}
      \end{document}
      """#
    try Data(document.utf8).write(to: URL(filePath: "\(folder.path)/page.tex"))
    let run = Process()
    run.executableURL = URL(filePath: try #require(Self.program))
    run.arguments = ["-interaction=nonstopmode", "-no-shell-escape", "page.tex"]
    run.currentDirectoryURL = URL(filePath: folder.path)
    run.standardOutput = FileHandle.nullDevice
    try run.run()
    run.waitUntilExit()
    #expect(run.terminationStatus == 0)
    let log = try String(contentsOfFile: "\(folder.path)/page.log", encoding: .isoLatin1)
    let overfull = log.split(separator: "\n").filter { $0.contains("Overfull") }
    #expect(overfull == [])
    #expect(log.contains("Output written on page.pdf"))
  }
}
