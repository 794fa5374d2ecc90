import Foundation
import JointLossWeighting
import Testing

/// The README's table of strategies is the one that `jointloss strategies --markdown` prints.
@Suite struct StrategyTableTests {
  @Test func `The README holds the table of the descriptors`() async throws {
    let table = try await Command("jointloss", ["strategies", "--markdown"]).output
    let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "README.md")
    let text = try String(contentsOf: readme, encoding: .utf8)
    #expect(table.split(separator: "\n").count == StrategyRegistry.builtIn.names.count + 2)
    #expect(text.contains(table), "run `jointloss strategies --markdown` and paste")
  }
}
