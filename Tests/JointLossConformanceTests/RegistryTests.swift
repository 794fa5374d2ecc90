import JointLossConformance
import JointLossWeighting
import Testing

@Suite struct RegisteredStrategyTests {
  @Test(arguments: StrategyRegistry.builtIn.names)
  func `Every registered strategy passes`(name: String) throws {
    let report = Conformance.check(type: try StrategyRegistry.builtIn.type(named: name))
    #expect(report.strategy == name)
    #expect(report.passes, "\(report)")
  }
}
