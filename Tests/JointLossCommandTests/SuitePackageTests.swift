import Foundation
import JointLossTestSupport
import Testing

/// The package of `Examples/my-suite`, built and run as its reader would.
@Suite struct SuitePackageTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let package = repository.appending(path: "Examples/my-suite").path(percentEncoded: false)

  @Test(.timeLimit(.minutes(15)))
  func `Its tests pass, and every subcommand of its program knows the suite`() async throws {
    let place = ["--package-path", Self.package]
    let tests = try await Command("swift", ["test", "--disable-xctest"] + place)
    try #require(tests.succeeded, "\(tests.output)\(tests.error)")
    let binaries = try await Command("swift", ["build", "--show-bin-path"] + place)
    let folder = binaries.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let results = try TemporaryFolder()

    let list = try await Command("mine", ["suites"], in: folder)
    #expect(list.output.contains("my-suite") && list.output.contains("related"))
    let page = try await Command("mine", ["suites", "my-suite"], in: folder)
    #expect(page.output.contains("its own model") && page.output.contains("noise"), "\(page.output)")

    let study =
      ["compare", "--suite", "my-suite", "--seeds", "2", "--epochs", "2"]
      + ["--set", "my-suite.noise=0.2"]
      + ["single-task", "equal", "pcgrad", "nash-mtl"].flatMap { ["--strategy", $0] }
    let compared = "\(results.path)/compared"
    let comparison = try await Command("mine", study + ["--out", compared], in: folder)
    try #require(comparison.succeeded, "\(comparison.error)")
    #expect(comparison.output.contains("my-suite(noise=0.2)"))
    #expect(RecordFile.count(in: compared) == 8)

    let file = "\(results.path)/study.yaml"
    let printed = try await Command("mine", study + ["--print-study"], in: folder)
    try printed.output.write(toFile: file, atomically: true, encoding: .utf8)
    let run = try await Command("mine", ["run", file, "--out", compared], in: folder)
    #expect(run.succeeded && run.output == comparison.output, "\(run.error)")
    // A key of a network, beside a model that is none.
    try (printed.output + "trunk: [8]\n").write(toFile: file, atomically: true, encoding: .utf8)
    let refused = try await Command("mine", ["run", file, "--out", compared], in: folder)
    #expect(
      !refused.succeeded && refused.error.contains("the suite has a model of its own"), "\(refused.error)")

    // The report, by the program that knows the suite and by the stock one, which has the records alone.
    for (program, place) in [("mine", folder), ("jointloss", BuiltProducts.folder)] {
      let report = try await Command(program, ["report", compared], in: place)
      #expect(report.succeeded && report.output == comparison.output, "\(report.error)")
      #expect(report.error.contains("no suite is named “my-suite”") == (program == "jointloss"))
    }
  }

  @Test(arguments: ["MySuite.swift", "main.swift"])
  func `The README shows its suite to the letter`(file: String) throws {
    let readme = try String(contentsOf: Self.repository.appending(path: "README.md"), encoding: .utf8)
    let source = try String(contentsOfFile: "\(Self.package)/Sources/mine/\(file)", encoding: .utf8)
    #expect(readme.contains("```swift\n\(source)```"))
  }
}
