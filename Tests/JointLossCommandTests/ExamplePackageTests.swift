import Foundation
import JointLossTestSupport
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
  }

  @Test func `The README shows its strategy and its main, to the letter`() throws {
    let readme = try String(contentsOf: Self.repository.appending(path: "README.md"), encoding: .utf8)
    for file in ["MyWeighting.swift", "main.swift"] {
      let source = try String(contentsOfFile: "\(Self.package)/Sources/mine/\(file)", encoding: .utf8)
      #expect(readme.contains("```swift\n\(source)```"), "\(file)")
    }
  }
}
