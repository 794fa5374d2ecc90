import Foundation
import JointLossSuites
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

/// A folder of a program that has other strategies and suites than this one.
@Suite struct ForeignStudyTests {
  private let folder: TemporaryFolder
  private let store: RunStore

  init() throws {
    folder = try TemporaryFolder()
    store = try RunStore(folder.path)
  }

  private func run(_ study: StudySpecification) async throws -> [RunRecord] {
    let runner = try StudyRunner(strategies: Local.strategies(), suites: Local.suites())
    return try await runner.run(Local.plan(study), store: store, jobs: 2)
  }

  @Test func `The records that agree with the study file are those of its plan, without any registry`()
    async throws
  {
    var study = Local.study([
      .init("equal"), .init("breaking", parameters: ["step": .number(100)]),
      .init("breaking", label: "mine", parameters: ["step": .number(99)]),
    ])
    study.epochs = 2
    study.learningRate = 0.02
    let records = try await run(study)
    #expect(throws: StudyError.self) { try RunPlan(store.study(), strategies: .builtIn, suites: .builtIn) }
    let found = try store.records(of: store.study())
    #expect(found.damaged.isEmpty)
    #expect(Set(found.records) == Set(records) && found.records.count == 8)
    #expect(try store.study().runCount == 8)
  }

  @Test func `Runs of another study in the folder are left out`() async throws {
    var other = Local.study([
      .init("equal"), .init("breaking", parameters: ["step": .number(50)]),
      .init("breaking", label: "theirs"),
    ])
    other.epochs = 1
    _ = try await run(other)
    other.epochs = 2
    other.suites = [.init("local", parameters: ["noise": .number(0.2)])]
    _ = try await run(other)
    other.suites = [.init("local")]
    other.seeds = .list([7])
    _ = try await run(other)
    var study = Local.study([.init("equal"), .init("breaking", parameters: ["step": .number(100)])])
    study.epochs = 2
    let records = try await run(study)
    #expect(Set(try store.records(of: store.study()).records) == Set(records))
  }

  @Test func `The baseline and the reference are found by label, or by the name that one label has`() throws {
    func run(_ strategy: String, _ label: String) throws -> RunSpecification {
      let none = try ParameterValues([:], of: "", against: [])
      return RunSpecification(
        format: 1, suiteLabel: "local", suite: "local", suiteParameters: none, strategyLabel: label,
        strategy: strategy, strategyParameters: none, seed: 0, trunk: [4], activation: .tanh,
        optimizer: .adam(learningRate: 0.01), batchSize: 8, epochs: 2)
    }
    let runs = [try run("apart", "alone"), try run("equal", "a"), try run("equal", "b")]
    let study = StudySpecification()
    #expect(study.label(of: "apart", in: runs) == "alone")
    #expect(study.label(of: "a", in: runs) == "a")
    #expect(study.label(of: "equal", in: runs) == "equal")
  }

  @Test func `A damaged record is set aside`() async throws {
    let records = try await run(Local.study())
    let path = try store.path(of: records[0].header.specification)
    try Data(contentsOf: URL(filePath: path)).dropLast(10).write(to: URL(filePath: path))
    let found = try store.records(of: store.study())
    #expect(found.records.count == records.count - 1 && found.damaged.map(\.file) == [path])
  }

  @Test func `A second study keeps the report of the first under the name of its study`() async throws {
    let study = Local.study()
    let records = try await run(study)
    let first = try Comparison(records: records, baseline: "apart", reference: "equal")
    try Report.write(
      first, records: records, to: folder.path, gnuplot: "no-such-gnuplot", log: { _ in })
    let files = try Dictionary(
      uniqueKeysWithValues: (Report.files + ["study.yaml"]).filter { $0 != "figures" }.map { name in
        (name, try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8))
      })
    let figures = try folder.names(in: "figures")
    #expect(Set(Report.files + ["study.yaml", "runs"]) == Set(try folder.names(in: "")))

    var second = study
    second.epochs = 1
    let kept = try #require(try store.write(Local.plan(second).study))
    let names = try FileManager.default.contentsOfDirectory(atPath: kept)
    #expect(Set(names) == Set(Report.files + ["study.yaml"]))
    for (name, text) in files {
      #expect(try String(contentsOfFile: "\(kept)/\(name)", encoding: .utf8) == text, "\(name)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(kept)/figures").sorted() == figures)
    #expect(try folder.names(in: "") == ["earlier", "runs", "study.yaml"])

    // The same again moves nothing; back at the first, the second's is kept beside it.
    #expect(try store.write(Local.plan(second).study) == nil)
    let other = try #require(try store.write(Local.plan(study).study))
    #expect(other != kept && FileManager.default.fileExists(atPath: "\(kept)/report.html"))
    // And once more: what is kept is replaced by what is newer.
    try Report.write(
      first, records: records, to: folder.path, gnuplot: "no-such-gnuplot", log: { _ in })
    #expect(try store.write(Local.plan(second).study) == kept)
  }
}
