import JointLossConformance
import JointLossStudies
import JointLossSuites
import JointLossWeighting
import Testing

@testable import mine

@Suite struct MySuiteTests {
  @Test func `Four strategies are compared on it`() throws {
    var study = StudySpecification()
    study.suites = [.init("my-suite", parameters: ["noise": .number(0.2)])]
    study.strategies = ["single-task", "equal", "pcgrad", "nash-mtl"].map { .init($0) }
    study.seeds = .count(2)
    let suites = try SuiteRegistry.builtIn.adding([MySuite.self])
    let plan = try RunPlan(study, strategies: .builtIn, suites: suites)
    let executor = RunExecutor(strategies: .builtIn, suites: suites)
    let records = try plan.runs.map { try executor.run($0) }
    for record in records {
      let name = record.header.specification.strategy
      #expect(record.footer.status == .completed, "\(name)")
      // Training halves the test loss of both tasks.
      let (before, after) = (try #require(record.epochs.first), try #require(record.epochs.last))
      #expect(
        zip(before.test, after.test).allSatisfy { $0 > 2 * $1 }, "\(name): \(before.test) → \(after.test)")
    }
    let comparison = try Comparison(
      records: records, baseline: plan.baseline, reference: plan.reference)
    #expect(comparison.suites.map(\.label) == ["my-suite(noise=0.2)"])
    #expect(comparison.suites[0].rows.count == 4)
  }

  @Test(arguments: [[0, 1], [0], [1]]) func `Its model conforms`(share: [Int]) {
    let suite = MySuite()
    let report = ModelConformance.check(SineModel(tasks: share.map { suite.taskSpecifications[$0] }))
    #expect(report.passes, "\(report)")
  }

  @Test func `Noise below zero is refused`() throws {
    let suites = try SuiteRegistry.builtIn.adding([MySuite.self])
    #expect(throws: SuiteError("my-suite.noise is a number ≥ 0, not -1")) {
      try suites.make("my-suite", parameters: ["noise": .number(-1)])
    }
  }
}
