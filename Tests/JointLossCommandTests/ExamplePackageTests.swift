import Foundation
import JointLossStudies
import JointLossSuites
import JointLossTestSupport
import JointLossWeighting
import Testing

/// The plugin package of `Examples/my-weighting`, built and run as its reader would.
@Suite struct ExamplePackageTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let package = repository.appending(path: "Examples/my-weighting")
    .path(percentEncoded: false)

  @Test(.timeLimit(.minutes(15)))
  func `Its tests pass, and its program compares the new strategy`() async throws {
    let place = ["--package-path", Self.package]
    let tests = try await Command("swift", ["test", "--disable-xctest"] + place)
    try #require(tests.succeeded, "\(tests.output)\(tests.error)")
    let binaries = try await Command("swift", ["build", "--show-bin-path"] + place)
    let results = try TemporaryFolder()
    let comparison = try await Command(
      "mine",
      [
        "compare", "--strategy", "my-weighting", "--strategy", "equal", "--seeds", "2", "--epochs", "2",
        "--out",
        results.path,
      ], in: binaries.output.trimmingCharacters(in: .whitespacesAndNewlines))
    try #require(comparison.succeeded, "\(comparison.error)")
    #expect(comparison.output.contains("my-weighting"))
    #expect(RecordFile.count(in: results.path) == 12)
    try await stockProgramRedraws(results.path, printed: comparison.output)
    try await trainsOnItsOwn(in: binaries.output.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// The report of a folder whose strategy the stock program does not know, from the records: the same in every file.
  private func stockProgramRedraws(_ folder: String, printed: String) async throws {
    let files = ["table.md", "table.csv", "tasks.csv", "table.tex", "report.html"]
    func texts() throws -> [String] {
      try files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
    }
    let drawn = try texts()
    for file in files { try FileManager.default.removeItem(atPath: "\(folder)/\(file)") }
    let report = try await Command("jointloss", ["report", folder])
    #expect(report.succeeded && report.output == printed, "\(report.error)")
    #expect(report.error.contains("no strategy is named “my-weighting”"), "\(report.error)")
    #expect(try texts() == drawn)
  }

  /// The loop on arrays, and the model of one's own under every strategy; built by then.
  private func trainsOnItsOwn(in folder: String) async throws {
    let loop = try await Command("training-loop", [], in: folder)
    try #require(loop.succeeded, "\(loop.error)")
    let epochs = loop.output.split(separator: "\n").map { Self.numbers(in: $0.drop { $0 != "[" }) }
    #expect(epochs.count == 20 && epochs.allSatisfy { $0.count == 2 })
    let first = try #require(epochs.first)
    let last = try #require(epochs.last)
    #expect(zip(first, last).allSatisfy { $0 > 2 * $1 })

    // Nash-MTL's weights solve G w = 1/w in each component.
    let own = try await Command("own-loop", [], in: folder)
    try #require(own.succeeded, "\(own.error)")
    let weights = own.output.split(separator: "\n").map { Self.numbers(in: $0) }
    for (found, products) in zip(weights, [[[2.0, -1], [-1, 3]], [[1, 0.5], [0.5, 2]]]) {
      try #require(found.count == 2)
      for task in 0..<2 {
        let product = products[task][0] * found[0] + products[task][1] * found[1]
        #expect(abs(product * found[task] - 1) <= 1e-9, "\(found)")
      }
    }
    #expect(weights.count == 2)

    let model = try await Command("own-model", [], in: folder)
    try #require(model.succeeded, "\(model.error)")
    let lines = model.output.split(separator: "\n")
    let joint = StrategyRegistry.builtIn.types.map { $0.about }.filter { $0.arrangement == .joint }
    #expect(lines.map { String($0.prefix { $0 != ":" }) } == joint.map(\.name))
    for line in lines {
      let losses = Self.numbers(in: line.drop { $0 != ":" })
      try #require(losses.count == 4, "\(line)")
      #expect(losses[2] < losses[0] / 2 && losses[3] < losses[1] / 2, "\(line)")
    }
  }

  private static func numbers(in text: Substring) -> [Double] {
    text.split { !("0"..."9" ~= $0 || "-.e".contains($0)) }.compactMap { Double($0) }
  }

  @Test(arguments: [
    "mine/MyWeighting.swift", "mine/main.swift", "training-loop/main.swift", "own-loop/main.swift",
    "own-model/SineModel.swift",
  ])
  func `The README shows its programs to the letter`(file: String) throws {
    let readme = try String(contentsOf: Self.repository.appending(path: "README.md"), encoding: .utf8)
    let source = try String(contentsOfFile: "\(Self.package)/Sources/\(file)", encoding: .utf8)
    #expect(readme.contains("```swift\n\(source)```"))
  }

  @Test func `The README's study file can be planned`() throws {
    let readme = try String(contentsOf: Self.repository.appending(path: "README.md"), encoding: .utf8)
    let blocks = readme.components(separatedBy: "```yaml\n").dropFirst()
    let yaml = try #require(blocks.first?.components(separatedBy: "```").first)
    let study = try StudySpecification(yaml: yaml, file: "README.md")
    #expect(try !RunPlan(study, strategies: .builtIn, suites: .builtIn).runs.isEmpty)
  }
}
