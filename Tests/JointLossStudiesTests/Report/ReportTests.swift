import JointLossTestSupport
import Foundation
import Testing

@testable import JointLossStudies

@Suite struct ReportTests {
  private static let figureNames = ["improvement", "loss", "weights", "conflict"].map { "un_rel-ated-\($0)" }

  private func records() throws -> [RunRecord] {
    try SyntheticRecords.study(
      suite: "un_rel'ated",
      strategies: [
        ("single-task", .init(conflict: nil)), ("equal", .init(floor: 0.09)),
        ("a<b>", .init(floor: 0.05, weight: 2, drift: 2, divergesWithSeed: 2)),
      ], tasks: ["x & y", "it's"], seeds: 4, epochs: 6)
  }

  /// Writes a report and returns what was logged.
  private func write(_ folder: TemporaryFolder, gnuplot: String = "gnuplot") async throws -> [String] {
    try await write(to: folder.path, gnuplot: gnuplot)
  }

  private func write(to folder: String, gnuplot: String = "gnuplot") async throws -> [String] {
    let records = try records()
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let messages = Messages()
    try Report.write(
      comparison, records: records, to: folder, gnuplot: gnuplot, log: { messages.texts.append($0) })
    return messages.texts
  }

  private final class Messages {
    var texts: [String] = []
  }

  private func text(_ folder: TemporaryFolder, _ name: String) throws -> String {
    try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
  }

  @Test(.enabled(if: Self.hasGnuplot), .timeLimit(.minutes(10)))
  func `With gnuplot every figure has its data, script, SVG and PNG`() async throws {
    let folder = try TemporaryFolder()
    #expect(try await write(folder) == [])
    let endings = ["dat", "gp", "png", "svg"]
    let expected = Self.figureNames.flatMap { name in endings.map { "\(name).\($0)" } }
    #expect(try folder.names(in: "figures") == expected.sorted())
    for name in Self.figureNames {
      let svg = try text(folder, "figures/\(name).svg")
      #expect(svg.contains("</svg>"))
      #expect(svg.utf8.count > 5000)
      // The PNG's signature, and the width in its header: twice the SVG's.
      let png = try Data(contentsOf: URL(filePath: "\(folder.path)/figures/\(name).png"))
      #expect(png.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
      #expect(png.count > 10_000)
      let width = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
      #expect(svg.contains("viewBox=\"0 0 \(width / 2) "))
    }
  }

  // BREAK F4: gnuplot draws what the figures keep of values at the ends of the range.
  @Test(
    .enabled(if: Self.hasGnuplot), .timeLimit(.minutes(10)),
    arguments: [1e99, 1e300, 1e308, -1e308, 1e-300, Double.leastNonzeroMagnitude])
  func `A report of a record with a value at the ends of the range is drawn`(value: Double) async throws {
    let folder = try TemporaryFolder()
    let records = try ["single-task", "equal"].flatMap { strategy in
      try [value, 2, 1].enumerated().map { seed, loss in
        try SyntheticRecords.run(
          strategy, seed: UInt64(seed), test: [strategy == "equal" ? loss : 1],
          epochs: [
            .init(epoch: 0, train: [1], validation: [1], test: [1]),
            .init(epoch: 1, train: [1], validation: [1], test: [loss], weights: [loss]),
            .init(epoch: 2, train: [1], validation: [1], test: [0.5], weights: [3]),
          ])
      }
    }
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let messages = Messages()
    try Report.write(
      comparison, records: records, to: folder.path, log: { messages.texts.append($0) })
    #expect(messages.texts == [])
    #expect(try folder.names(in: "figures").contains("toy-loss.png"))
  }

  @Test(.enabled(if: Self.hasGnuplot), .timeLimit(.minutes(10)))
  func `The page holds each picture, every table, and loads nothing`() async throws {
    let folder = try TemporaryFolder()
    try Data("seeds: 4 # <all>\n".utf8).write(to: URL(filePath: "\(folder.path)/study.yaml"))
    _ = try await write(folder)
    let page = try text(folder, "report.html")
    #expect(page.ranges(of: "<svg").count == 4)
    #expect(page.ranges(of: "<figcaption>").count == 4)
    #expect(!page.contains("Not drawn"))
    #expect(!page.contains("<?xml"))
    #expect(page.contains("seeds: 4 # &lt;all&gt;"))
    #expect(page.contains("jointloss run study.yaml"))
    #expect(page.contains("a&lt;b&gt;") && !page.contains("a<b>"))
    #expect(page.contains("x &amp; y"))
    #expect(page.contains("OpenBLAS &lt;test&gt;"))
    // The names of SVG's own vocabulary are no addresses that a browser opens.
    let opened = page.replacing("http://www.w3.org/", with: "")
    #expect(!opened.contains("http"))
    for loading in ["<script", "<link", "<img", "src=", "@import", "url(http", "<iframe"] {
      #expect(!page.contains(loading))
    }
  }

  @Test func `Without gnuplot data and scripts are there and the message says how to get the pictures`()
    async throws
  {
    let folder = try TemporaryFolder()
    let messages = try await write(folder, gnuplot: "no-such-gnuplot")
    let message = try #require(messages.first)
    #expect(messages.count == 1)
    #expect(message.contains("no-such-gnuplot is not on the PATH"))
    #expect(message.contains("apt-get install gnuplot-nox"))
    #expect(message.hasSuffix("jointloss report \(folder.path)"))
    let expected = Self.figureNames.flatMap { name in ["dat", "gp"].map { "\(name).\($0)" } }
    #expect(try folder.names(in: "figures") == expected.sorted())
    let page = try text(folder, "report.html")
    #expect(page.ranges(of: "Not drawn").count == 4)
    #expect(!page.contains("<svg"))
  }

  @Test(.enabled(if: Self.hasGnuplot), .timeLimit(.minutes(10)))
  func `A report without gnuplot leaves no picture of an earlier one`() async throws {
    let folder = try TemporaryFolder()
    _ = try await write(folder)
    _ = try await write(folder, gnuplot: "no-such-gnuplot")
    #expect(try !folder.names(in: "figures").contains { $0.hasSuffix("svg") || $0.hasSuffix("png") })
  }

  @Test(.enabled(if: Self.hasGnuplot), .timeLimit(.minutes(10)))
  func `Two reports of one folder at a time do not disturb each other`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    async let one = write(to: path)
    async let two = write(to: path)
    #expect(try await one + two == [])
    let endings = ["dat", "gp", "png", "svg"]
    let expected = Self.figureNames.flatMap { name in endings.map { "\(name).\($0)" } }
    #expect(try folder.names(in: "figures") == expected.sorted())
  }

  @Test func `A program that fails is reported with its figure and the report is written`() async throws {
    let folder = try TemporaryFolder()
    let messages = try await write(folder, gnuplot: "false")
    #expect(messages.count == 4)
    #expect(messages[0].contains("un_rel-ated-improvement.gp"))
    #expect(try text(folder, "report.html").ranges(of: "Not drawn").count == 4)
  }

  @Test func `Writing again gives the same tables and page, and no temporary file stays`() async throws {
    let folder = try TemporaryFolder()
    _ = try await write(folder, gnuplot: "no-such-gnuplot")
    let files = ["table.md", "table.csv", "tasks.csv", "table.tex", "report.html"]
    let first = try files.map { try text(folder, $0) }
    _ = try await write(folder, gnuplot: "no-such-gnuplot")
    #expect(try files.map { try text(folder, $0) } == first)
    #expect(try folder.names(in: "") == (files + ["figures"]).sorted())
  }

  @Test func `The tables in Markdown and LaTeX hold the sentence and escape the labels`() async throws {
    let folder = try TemporaryFolder()
    _ = try await write(folder, gnuplot: "no-such-gnuplot")
    let markdown = try text(folder, "table.md")
    #expect(markdown.contains("| a&lt;b&gt; |"))
    #expect(markdown.contains("at least 7 seeds are needed"))
    let latex = try text(folder, "table.tex")
    #expect(latex.contains(#"\begin{table}[t]"#) && latex.contains(#"\end{table}"#))
    #expect(latex.contains(#"un\_rel'ated"#))
    #expect(latex.contains(#"\label{tab:un_rel-ated}"#))
    #expect(latex.contains(#"a$<$b$>$ & "#))
  }

  @Test func `A folder that cannot be made or written is an error with its path`() async throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/file"
    try Data().write(to: URL(filePath: file))
    let records = try records()
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let below = #expect(throws: StudyError.self) {
      try Report.write(comparison, records: records, to: "\(file)/below", log: { _ in })
    }
    #expect(below?.file == "\(file)/below")
    #expect(below?.message == "the folder cannot be created: Not a directory")
    // A folder where a file should be.
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/out/table.csv/x", withIntermediateDirectories: true)
    let occupied = #expect(throws: StudyError.self) {
      try Report.write(comparison, records: records, to: "\(folder.path)/out", log: { _ in })
    }
    #expect(occupied?.file == "\(folder.path)/out/table.csv")
  }

  @Test func `Figures that are a link out of the folder are refused, and nothing is written there`() throws {
    let (folder, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
    let kept = "\(elsewhere.path)/un_rel-ated-loss.svg"
    try Data("mine".utf8).write(to: URL(filePath: kept))
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/figures", withDestinationPath: elsewhere.path)
    let records = try records()
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let error = #expect(throws: StudyError.self) {
      try Report.write(comparison, records: records, to: folder.path, log: { _ in })
    }
    #expect(error?.file == "\(folder.path)/figures")
    #expect(error?.message.hasPrefix("is a symbolic link") == true)
    #expect(try elsewhere.names(in: "") == ["un_rel-ated-loss.svg"])
    #expect(try Data(contentsOf: URL(filePath: kept)) == Data("mine".utf8))
  }

  @Test func `A report goes to a folder that is itself a link`() async throws {
    let folder = try TemporaryFolder()
    let real = "\(folder.path)/real"
    try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: real)
    _ = try await write(to: "\(folder.path)/link", gnuplot: "no-such-gnuplot")
    #expect(try folder.names(in: "real").contains("report.html"))
    #expect(try folder.names(in: "real/figures").count == 8)
  }

  @Test func `A program is looked for in absolute folders only`() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    func program(in name: String, permissions: Int) throws -> String {
      let path = "\(folder.path)/\(name)"
      try files.createDirectory(atPath: path, withIntermediateDirectories: false)
      #expect(
        files.createFile(atPath: "\(path)/draw", contents: nil, attributes: [.posixPermissions: permissions]))
      return path
    }
    let (first, second) = (
      try program(in: "first", permissions: 0o755), try program(in: "second", permissions: 0o755)
    )
    let unfit = try program(in: "unfit", permissions: 0o644)
    let occupied = "\(folder.path)/occupied"
    try files.createDirectory(atPath: "\(occupied)/draw", withIntermediateDirectories: true)
    // A relative path to a folder that has the program.
    let up = String(repeating: "../", count: files.currentDirectoryPath.split(separator: "/").count)
    let relative = up + first.dropFirst()
    #expect(files.isExecutableFile(atPath: "\(relative)/draw"))
    let unusable = ["", ".", "..", "first", relative, unfit, occupied, "/nowhere"]
    #expect(Gnuplot.path(of: "draw", in: unusable) == nil)
    #expect(Gnuplot.path(of: "draw", in: unusable + [first, second]) == "\(first)/draw")
    #expect(Gnuplot.path(of: "draw", in: [second, first]) == "\(second)/draw")
  }

  private static let hasGnuplot =
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
    }
}
