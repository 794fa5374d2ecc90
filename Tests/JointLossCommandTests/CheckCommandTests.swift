import JointLossConformance
import JointLossWeighting
import Testing

/// `jointloss check` reports every check; its exit status is the kit's verdict.
@Suite struct CheckCommandTests {
  @Test func `A strategy has a row for every check`() async throws {
    let check = try await Command("jointloss", ["check", "mgda", "--set", "sum=tasks"])
    #expect(check.succeeded)
    for name in ConformanceCheck.allCases.map(\.rawValue) { #expect(check.output.contains("\n\(name) ")) }
    #expect(!check.output.contains("FAILED"))
  }

  @Test func `All strategies have a row each`() async throws {
    let check = try await Command("jointloss", ["check", "--all"])
    #expect(check.succeeded, "\(check.output)")
    for name in StrategyRegistry.builtIn.names { #expect(check.output.contains("\n\(name) ")) }
  }

  @Test(arguments: [
    ([], "--all"), (["mgda", "--all"], "--all"), (["mgad"], "did you mean mgda"),
    (["--all", "--set", "c=1"], "--set"), (["cagrad+evry"], "did you mean every"),
  ])
  func `A wrong call is explained`(arguments: [String], hint: String) async throws {
    let check = try await Command("jointloss", ["check"] + arguments)
    #expect(!check.succeeded)
    #expect(check.error.contains(hint), "\(check.error)")
  }

  @Test func `A parameter that a strategy cannot have is a finding with exit status 1`() async throws {
    let check = try await Command("jointloss", ["check", "cagrad", "--set", "c=-1"])
    #expect(!check.succeeded)
    #expect(check.output.contains("creation") && check.output.contains("cagrad.c is a number"))
  }
}
