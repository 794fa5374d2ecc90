import Foundation
import Testing

/// `Tests/KnownFaults.md` names, for each fault of another system, tests that are there.
@Suite struct KnownFaultsTests {
  /// The faults that people have reported, and those found in code.
  private static let numbers = (1...30).map { "\($0)" } + (1...8).map { "C\($0)" }

  private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  /// A row of the table: what a fault is called, and its last cell.
  private struct Row {
    let number: String
    let evidence: String

    /// The tests that the row names, and the files, without suffix, that they are said to be in.
    var named: [(test: String, file: String)] {
      evidence.matches(of: /`([^`]+)` \((\w+)\)/).map { (String($0.1), String($0.2)) }
    }

    /// Whether the last cell names tests and nothing else, or says why there need be none.
    var isComplete: Bool {
      if evidence.hasPrefix("Cannot happen: ") { return true }
      let list = named.map { "`\($0.test)` (\($0.file))" }
      return !list.isEmpty && evidence == list.joined(separator: "; ")
    }
  }

  private static func rows(of table: String) -> [Row] {
    table.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, !cells[1].isEmpty, !cells[1].hasPrefix(":") else { return nil }
      return Row(number: cells[1], evidence: cells[2].isEmpty || cells[3].isEmpty ? "" : cells[4])
    }
  }

  /// The names of the test functions of a file's text.
  private static func testFunctions(of text: String) -> Set<String> {
    Set(
      text.components(separatedBy: "@Test").dropFirst().compactMap { chunk in
        chunk.firstMatch(of: /func `([^`]+)`\(/).map { String($0.1) }
      })
  }

  /// What is wrong with a table: numbers that are missing or out of place, rows without evidence, tests that do not
  /// exist.
  private static func problems(of table: String) throws -> [String] {
    let rows = rows(of: table)
    var files: [String: Set<String>] = [:]
    let paths = try FileManager.default.subpathsOfDirectory(atPath: tests.path(percentEncoded: false))
    for path in paths where path.hasSuffix(".swift") {
      let file = tests.appending(path: path)
      files[file.deletingPathExtension().lastPathComponent, default: []].formUnion(
        testFunctions(of: try String(contentsOf: file, encoding: .utf8)))
    }
    var problems = rows.map(\.number) == numbers ? [] : ["numbers \(rows.map(\.number))"]
    problems += rows.filter { !$0.isComplete }.map { "row \($0.number)" }
    for row in rows {
      problems += row.named.filter { files[$0.file]?.contains($0.test) != true }.map {
        "\(row.number): \($0.test) (\($0.file))"
      }
    }
    return problems
  }

  private static func table() throws -> String {
    try String(contentsOf: tests.appending(path: "KnownFaults.md"), encoding: .utf8)
  }

  @Test func `Every fault has tests that exist, or a reason`() throws {
    #expect(try Self.problems(of: Self.table()) == [])
    #expect(Self.rows(of: try Self.table()).flatMap(\.named).count > 60)
  }

  @Test(arguments: [
    // A test of another name, in another file, or that is no test.
    (
      "`Projections are summed, not averaged`", "`Projections are added`",
      "7: Projections are added (PCGradTests)"
    ),
    (
      "`Losses of exactly zero stop at the clamp` (UncertaintyWeightingTests)",
      "`Losses of exactly zero stop at the clamp` (GradNormTests)",
      "13: Losses of exactly zero stop at the clamp (GradNormTests)"
    ),
    ("`GradVac stays finite for nearly opposed gradients` (", "GradVac stays finite (", "row C4"),
    ("| Cannot happen: ", "| ", "row 30"),
    ("| 12 | The", "| 13 | The", "numbers"),
    ("| 30 | A finite", "A finite", "numbers"),
    ("| Micro-batches are", "| | Micro-batches are", "numbers"),
    ("Two strategies gave identical curves, and nobody could say why.", "", "row 23"),
  ])
  func `A table with a wrong row is found out`(text: String, replacement: String, problem: String) throws {
    let table = try Self.table()
    #expect(table.contains(text))
    let problems = try Self.problems(of: table.replacing(text, with: replacement))
    #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
  }

  @Test func `Only functions that are tests count`() {
    let text = """
      private func `no test`() {}
      @Test(arguments: [1, 2])
      func `one`(argument: Int) {}
      @Test func `two`() {}
      func `helper`() {}
      """
    #expect(Self.testFunctions(of: text) == ["one", "two"])
  }
}
