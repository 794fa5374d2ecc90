import Foundation
import JointLossTestSupport
import Testing

/// `jointloss compare`, `run` and `report` as processes.
@Suite struct CompareCommandTests {
  private static let small = [
    "compare", "--suite", "related", "--strategy", "equal", "--strategy", "pcgrad", "--seeds", "2",
    "--epochs",
    "2", "--jobs", "2",
  ]

  @Test func `A comparison leaves records, tables, figures and a page, and says where`() async throws {
    let folder = try TemporaryFolder()
    let out = "\(folder.path)/results"
    let command = try await Command("jointloss", Self.small + ["--out", out])
    try #require(command.succeeded, "\(command.error)")
    #expect(command.output.contains("related: 4 tasks, 2 seeds (0, 1)"))
    #expect(command.error.contains("\(out): report.html"))
    // The baseline that every loss is divided by was not asked for, so it is added and said.
    #expect(command.error.contains("single-task"))
    #expect(command.error.contains("6 of 6 runs"))
    #expect(RecordFile.count(in: out) == 6)
    for file in ["study.yaml", "table.md", "table.csv", "table.tex", "report.html"] {
      #expect(FileManager.default.fileExists(atPath: "\(out)/\(file)"), "\(file)")
    }
    let figures = try FileManager.default.contentsOfDirectory(atPath: "\(out)/figures")
    #expect(figures.filter { $0.hasSuffix(".svg") }.count == 4)
    #expect(figures.filter { $0.hasSuffix(".png") }.count == 4)
  }

  @Test func `Run again, a comparison repeats nothing; report draws the same from the records`() async throws
  {
    let folder = try TemporaryFolder()
    let arguments = Self.small + ["--out", folder.path]
    let first = try await Command("jointloss", arguments)
    try #require(first.succeeded, "\(first.error)")
    let second = try await Command("jointloss", arguments)
    #expect(second.error.contains("6 of 6 runs are complete from before"))
    // The tables include the measured times: equal only if no run was repeated.
    #expect(second.output == first.output)

    let table = try String(contentsOfFile: "\(folder.path)/table.md", encoding: .utf8)
    try FileManager.default.removeItem(atPath: "\(folder.path)/table.md")
    let report = try await Command("jointloss", ["report", folder.path, "--quiet"])
    #expect(report.succeeded && report.output == first.output && report.error.isEmpty, "\(report.error)")
    #expect(try String(contentsOfFile: "\(folder.path)/table.md", encoding: .utf8) == table)
  }

  @Test func `The printed study, run from a file, is the same study`() async throws {
    let folder = try TemporaryFolder()
    let settings = [
      "--set", "related.samples=100", "--set", "pcgrad.order=ascending", "--learning-rate", "0.01",
    ]
    let printed = try await Command("jointloss", Self.small + settings + ["--print-study"])
    try #require(printed.succeeded, "\(printed.error)")
    let file = "\(folder.path)/mine.yaml"
    try printed.output.write(toFile: file, atomically: true, encoding: .utf8)
    let (flags, study) = ("\(folder.path)/flags", "\(folder.path)/study")
    let compared = try await Command("jointloss", Self.small + settings + ["--out", flags, "--quiet"])
    let run = try await Command("jointloss", ["run", file, "--out", study, "--quiet"])
    #expect(compared.succeeded && run.succeeded, "\(compared.error)\(run.error)")
    #expect(run.error.isEmpty)
    #expect(try RecordFile.comparable(in: flags) == RecordFile.comparable(in: study))
  }

  @Test func `Without gnuplot the pictures are missing, and the message says how to get them`() async throws {
    let folder = try TemporaryFolder()
    let command = try await Command("jointloss", Self.small + ["--out", folder.path], searchPath: "/nowhere")
    #expect(command.succeeded)
    #expect(command.error.contains("apt-get install gnuplot-nox"), "\(command.error)")
    let figures = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/figures")
    #expect(figures.filter { $0.hasSuffix(".gp") }.count == 4)
    #expect(figures.filter { $0.hasSuffix(".png") }.isEmpty)

    // A relative search path does not mean the folder of the figures.
    let ran = "\(folder.path)/ran"
    #expect(
      FileManager.default.createFile(
        atPath: "\(folder.path)/figures/gnuplot", contents: Data("#!/bin/sh\n: > '\(ran)'\n".utf8),
        attributes: [.posixPermissions: 0o755]))
    for searchPath in [".", ":/nowhere", "figures", "/nowhere:"] {
      let report = try await Command("jointloss", ["report", folder.path], searchPath: searchPath)
      #expect(report.succeeded && report.error.contains("gnuplot is not on the PATH"), "\(report.error)")
      #expect(!FileManager.default.fileExists(atPath: ran), "\(searchPath)")
    }
  }

  @Test func `A damaged record is reported, kept aside and done again`() async throws {
    let folder = try TemporaryFolder()
    let arguments = Self.small + ["--out", folder.path]
    let first = try await Command("jointloss", arguments)
    try #require(first.succeeded, "\(first.error)")
    let before = try RecordFile.comparable(in: folder.path)
    let name = try #require(before.keys.min())
    let file = try FileHandle(forWritingTo: URL(filePath: "\(folder.path)/runs/\(name)"))
    try file.truncate(atOffset: 700)
    try file.close()
    let second = try await Command("jointloss", arguments + ["--quiet"])
    #expect(second.succeeded)
    #expect(second.error.contains(name) && second.error.contains("damaged"), "\(second.error)")
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/runs/damaged/\(name)"))
    #expect(try RecordFile.comparable(in: folder.path) == before)
  }
}
