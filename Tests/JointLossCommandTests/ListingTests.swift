import JointLossSuites
import JointLossWeighting
import Testing

/// `jointloss strategies` and `jointloss suites` say all that the descriptions say.
@Suite struct ListingTests {
  @Test func `Every strategy is listed, and alone with formula, source and parameters`() async throws {
    let list = try await Command("jointloss", ["strategies"])
    for type in StrategyRegistry.builtIn.types {
      let about = type.about
      #expect(list.output.contains(about.name))
      let page = try await Command("jointloss", ["strategies", about.name])
      #expect(page.succeeded)
      let expected =
        about.formula.split(separator: "\n").map(String.init) + about.differences
        + [about.title, about.cost]
        + [
          about.promises.weightSum == .free
            ? "no fixed sum" : "sum to \(about.promises.weightSum.rawValue)"
        ]
        + [about.citation?.text, about.citation?.link].compactMap { $0 }
        + type.parameters.flatMap { [$0.name, $0.domain, $0.summary, "\($0.defaultValue)"] }
      for text in expected { #expect(page.output.contains(text), "\(about.name): \(text)") }
      // A claim is of one factor for all losses: it may not read as if each could have its own.
      #expect(
        !page.output.contains("does not matter") && !page.output.contains("no matter"), "\(about.name)")
      #expect(
        page.output.contains("all losses multiplied by the same factor")
          == (about.promises.scaleDegree != nil)
          && page.output.contains("this says nothing of one loss multiplied alone")
            == (about.promises.scaleDegree != nil)
      )
    }
  }

  @Test func `Every suite is listed, and alone with generator and parameters`() async throws {
    let list = try await Command("jointloss", ["suites"])
    for type in SuiteRegistry.builtIn.types {
      let about = type.about
      #expect(list.output.contains(about.name))
      let page = try await Command("jointloss", ["suites", about.name])
      #expect(page.succeeded)
      let expected =
        about.formula.split(separator: "\n").map(String.init) + [about.summary]
        + type.parameters.flatMap { [$0.name, $0.domain, $0.summary, "\($0.defaultValue)"] }
      for text in expected { #expect(page.output.contains(text), "\(about.name): \(text)") }
    }
  }
}
