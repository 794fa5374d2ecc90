import Foundation
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Every registered strategy is documented, compared with values from elsewhere, and checked by the kit.
@Suite struct CompletenessTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func swiftFiles(in folder: String) throws -> [URL] {
    let place = repository.appending(path: folder)
    return try FileManager.default.subpathsOfDirectory(atPath: place.path(percentEncoded: false))
      .filter { $0.hasSuffix(".swift") }.map { place.appending(path: $0) }
  }

  /// The source file of a type, and its text.
  private static func source(of type: any WeightingStrategy.Type) throws -> String {
    let name = "\(type).swift"
    let file = try #require(
      swiftFiles(in: "Sources/JointLossWeighting/Strategies").first { $0.lastPathComponent == name },
      "no file \(name)")
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test(arguments: StrategyRegistry.builtIn.names)
  func `Its source file says what it is, where it comes from, what it costs and where we differ`(
    name: String
  ) throws {
    let type = try StrategyRegistry.builtIn.type(named: name)
    let text = try Self.source(of: type)
    let lines = text.split(separator: "\n").map(String.init)
    let declaration = try #require(lines.firstIndex { $0.hasPrefix("public struct \(type):") })
    let comment = lines[..<declaration].reversed().prefix { $0.hasPrefix("///") }.joined(separator: "\n")
    if let link = type.descriptor.citation?.link { #expect(comment.contains(link)) }
    #expect(comment.contains("///     "), "no formula")
    #expect(comment.contains("Cost:"))
    #expect(!type.descriptor.formula.isEmpty)
  }

  @Test(arguments: StrategyRegistry.builtIn.names)
  func `It is compared with a golden file or a closed form`(name: String) throws {
    let golden = Set(
      try GoldenCollection.entries().filter { !$0.mapping.compare.isEmpty }.map(\.mapping.name))
    let tests = try Self.swiftFiles(in: "Tests/JointLossWeightingTests")
      .filter { !["SingleTaskTests.swift"].contains($0.lastPathComponent) }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    #expect(golden.contains(name) || tests.contains { $0.contains("\"\(name)\"") })
  }

  @Test func `It is run through the kit`() {
    let checked = Set(RegistryTests.cases.filter(\.parameters.isEmpty).map(\.name))
    #expect(checked.isSuperset(of: StrategyRegistry.builtIn.names))
  }
}
