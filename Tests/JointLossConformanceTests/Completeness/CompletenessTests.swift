import Foundation
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Every registered strategy is documented, compared with values from elsewhere, listed, and checked by the kit.
@Suite struct CompletenessTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The text of the Swift files in a folder and below, by file name.
  private static func texts(in folder: String) throws -> [String: String] {
    let place = repository.appending(path: folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: place.path(percentEncoded: false))
      .filter { $0.hasSuffix(".swift") }.map { place.appending(path: $0) }
    return Dictionary(
      uniqueKeysWithValues: try files.map {
        ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
      })
  }

  private static func repositoryAsItIs() throws -> Completeness {
    try Completeness(
      sources: texts(in: "Sources/JointLossWeighting/Strategies"),
      tests: texts(in: "Tests/JointLossWeightingTests"),
      readme: String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8),
      golden: GoldenCollection.entries(),
      checked: Set(RegistryTests.cases.filter(\.parameters.isEmpty).map(\.name)))
  }

  // MARK: The registry

  @Test
  func `Every strategy says what it does, by which formula and at what cost`()
    throws
  {
    let repository = try Self.repositoryAsItIs()
    #expect(StrategyRegistry.builtIn.types.flatMap { repository.undocumented($0) } == [])
  }

  @Test func `Every strategy is compared with a golden file or a closed form`() throws {
    let repository = try Self.repositoryAsItIs()
    #expect(StrategyRegistry.builtIn.names.flatMap { repository.untested($0) } == [])
    #expect(Set(repository.closedForms.keys).isSubset(of: StrategyRegistry.builtIn.names), "a stale entry")
  }

  @Test func `Every strategy has its row in the README`() throws {
    let repository = try Self.repositoryAsItIs()
    #expect(StrategyRegistry.builtIn.types.flatMap { repository.unlisted($0) } == [])
  }

  @Test func `Every strategy is run through the kit`() throws {
    let repository = try Self.repositoryAsItIs()
    #expect(StrategyRegistry.builtIn.names.flatMap { repository.unchecked($0) } == [])
  }

  // MARK: Negative controls

  /// A strategy that is in no file, no test, no table and no run.
  private struct MadeUp: WeightingStrategy {
    static let about = StrategyDescription(
      "made-up", "made up", citation: Citation("Nobody, Nowhere", link: "https://example.org/x"),
      formula: "w_t = 1", weighs: .losses, cost: "nothing", differences: ["It does not exist."])
    func weights(for step: Step<NoGradients>) -> TaskWeights {
      TaskWeights(step.losses.map { _ in 1 })
    }
  }

  @Test func `A strategy without comment, test, row and run is found by each check`() throws {
    let repository = try Self.repositoryAsItIs()
    #expect(repository.undocumented(MadeUp.self) == ["there is no file MadeUp.swift"])
    #expect(
      repository.untested("made-up")
        == ["made-up: no golden file is compared with, and no test of a closed form is listed"])
    #expect(repository.unlisted(MadeUp.self).count == 1)
    #expect(repository.unchecked("made-up").count == 1)
  }

  @Test func `A comment without a summary is found, and so is one that belongs to nothing`() throws {
    var repository = try Self.repositoryAsItIs()
    let comment = ["/// Weighs nothing.", "///", "///     w_t = 1"]
    func faults(_ comment: [String], gap: String = "") -> [String] {
      repository.sources["MadeUp.swift"] =
        comment.joined(separator: "\n") + "\n\(gap)public struct MadeUp: WeightingStrategy {\n}\n"
      return repository.undocumented(MadeUp.self)
    }
    #expect(faults(comment) == [])
    #expect(faults(["/// Weighs"] + comment).count == 1)
    #expect(faults(comment, gap: "\n") == ["MadeUp has no comment"])
    #expect(faults([]) == ["MadeUp has no comment"])
  }

  @Test func `A description without formula or cost is found`() throws {
    struct Bare: WeightingStrategy {
      static let about = StrategyDescription("bare", "bare", formula: "", weighs: .losses, cost: "")
      func weights(for step: Step<NoGradients>) -> TaskWeights { TaskWeights(step.losses) }
    }
    var repository = try Self.repositoryAsItIs()
    repository.sources["Bare.swift"] = "/// Weighs nothing.\npublic struct Bare: WeightingStrategy {\n}\n"
    #expect(repository.undocumented(Bare.self) == ["Bare has no formula", "Bare has no cost"])
  }

  @Test func `A test that is missing, is skipped, or compares nothing of the strategy is no evidence`() throws
  {
    var repository = try Self.repositoryAsItIs()
    repository.closedForms["made-up"] = ValueTest("MadeUpTests", "It is right")
    func faults(_ test: String) -> [String] {
      repository.tests["MadeUpTests.swift"] = "@Suite struct MadeUpTests {\n\(test)\n}\n"
      return repository.untested("made-up")
    }
    let body = "    let got = try weights(\"made-up\", [1])\n    #expect(got == [1])\n  }"
    #expect(faults("  @Test func `It is right`() throws {\n\(body)") == [])
    #expect(faults("  @Test(arguments: [1, 2])\n  func `It is right`(a: Int) throws {\n\(body)") == [])
    // The name in quotes somewhere in the file was once enough.
    #expect(
      faults("  @Test func `Another`() throws {\n\(body)") == [
        "made-up: MadeUpTests has no test “It is right”"
      ])
    #expect(
      faults("  @Test func `Another`() throws {\n\(body)\n  func `It is right`() throws {\n\(body)")
        == ["made-up: “It is right” is no test that always runs"])
    #expect(faults("  @Test(.disabled())\n  func `It is right`() throws {\n\(body)").count == 1)
    #expect(
      faults(
        "  @Test func `It is right`() throws {\n    #expect(try weights(\"other\") == [1])\n  }\n\(body)")
        == ["made-up: “It is right” does not name made-up"])
    for nothing in ["_ = got", "#expect(!got.isEmpty)", "// #expect(got == [1])"] {
      #expect(
        faults(
          "  @Test func `It is right`() throws {\n    let got = weights(\"made-up\")\n    \(nothing)\n  }")
          == ["made-up: “It is right” compares no numbers"])
    }
    repository.closedForms["made-up"] = ValueTest("NoTests", "It is right")
    #expect(repository.untested("made-up") == ["made-up: there is no suite NoTests"])
  }

  @Test func `A golden file of which nothing is compared is no evidence`() throws {
    var repository = try Self.repositoryAsItIs()
    let mgda = repository.golden.filter { $0.mapping.name == "mgda" }
    #expect(repository.untested("mgda") == [] && mgda.count > 1)
    func expectNoEvidence(_ change: (GoldenCollection.Entry) -> GoldenMapping) {
      repository.golden = mgda.map { entry in
        var entry = entry
        entry.mapping = change(entry)
        return entry
      }
      #expect(repository.untested("mgda").count == 1)
    }
    expectNoEvidence { $0.mapping.comparing([]) }
    expectNoEvidence { $0.mapping.comparing(["no vector of this name"]) }
    expectNoEvidence { entry in
      let all = entry.file.cases.map { ($0.name, "left out") }
      return entry.mapping.comparing(entry.mapping.compare, except: Dictionary(all) { one, _ in one })
    }
    repository.golden = mgda
    repository.tests["GoldenTests.swift"] = "@Suite struct GoldenTests {\n}\n"
    #expect(
      repository.untested("mgda") == ["mgda: GoldenTests has no test “\(ValueTest.golden.function)”"])
  }

  @Test func `A row that says something else, or comes twice, is found`() throws {
    var repository = try Self.repositoryAsItIs()
    let row = "| `made-up` | [made up](https://example.org/x) | losses | losses | free | nothing |"
    repository.readme += "\n\(row)"
    #expect(repository.unlisted(MadeUp.self) == [])
    repository.readme += "\n\(row)"
    #expect(repository.unlisted(MadeUp.self).count == 1)
    repository.readme = row.replacing("losses", with: "gramian")
    #expect(repository.unlisted(MadeUp.self).count == 1)
  }
}
