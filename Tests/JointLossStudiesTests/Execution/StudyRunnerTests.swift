import JointLossTestSupport
import Foundation
import JointLossLinearAlgebra
import JointLossWeighting
import Synchronization
import Testing

@testable import JointLossStudies

@Suite struct StudyRunnerTests {
  private let runner: StudyRunner

  init() throws { runner = try StudyRunner(strategies: Local.strategies(), suites: Local.suites()) }

  /// The events of a run of a study, as lines.
  private final class Log: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ event: StudyEvent) {
      lines.withLock { lines in
        switch event {
        case .notice(let text): lines.append("notice \(text)")
        case .damaged(let error): lines.append("damaged \(error.line ?? 0)")
        case .begun(let total, let reused): lines.append("begun \(total) \(reused)")
        case .finished(let run, let status, let done, let total):
          lines.append("\(run.strategyLabel) \(run.seed) \(status.rawValue) \(done)/\(total)")
        }
      }
    }
  }

  private func withoutMeasured(_ records: [RunRecord]) -> [RunRecord] {
    records.map { record in
      var record = record
      record.footer.measured = RunRecord.Measured(
        seconds: 0, medianStepMicroseconds: 0)
      return record
    }
  }

  @Test func `Events count the runs, and records come in the plan's order`() async throws {
    let (folder, log) = (try TemporaryFolder(), Log())
    let plan = try Local.plan(Local.study())
    let records = try await runner.run(plan, store: RunStore(folder.path), jobs: 1) { log.add($0) }
    #expect(
      log.all == [
        "begun 4 0", "apart 0 completed 1/4", "equal 0 completed 2/4", "apart 1 completed 3/4",
        "equal 1 completed 4/4",
      ])
    #expect(records.map(\.header.specification) == plan.runs)
    #expect(try RunStore(folder.path).records(of: plan).records == records)
    #expect(try RunStore(existing: folder.path).study() == plan.study)
  }

  @Test func `Records do not depend on the number of jobs`() async throws {
    let folders = [try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder()]
    var study = Local.study([.init("equal"), .init("pcgrad")])
    study.seeds = .count(3)
    let plan = try Local.plan(study)
    var results: [[RunRecord]] = []
    for (folder, jobs) in zip(folders, [1, 2, 7]) {
      results.append(withoutMeasured(try await runner.run(plan, store: RunStore(folder.path), jobs: jobs)))
    }
    #expect(results[0].count == 9)
    #expect(results[0] == results[1] && results[0] == results[2])
    // The files are the same too, byte by byte but for `measured`.
    for name in try folders[0].names() {
      let texts = try folders.map { folder in
        try String(contentsOfFile: "\(folder.path)/runs/\(name)", encoding: .utf8)
          .replacing(/"measured":{[^}]*}/, with: "")
      }
      #expect(texts[0] == texts[1] && texts[0] == texts[2])
    }
  }

  @Test func `Only the runs that are missing or damaged are done again, to the same bits`() async throws {
    let (folder, log) = (try TemporaryFolder(), Log())
    let store = try RunStore(folder.path)
    let plan = try Local.plan(Local.study())
    let first = try await runner.run(plan, store: store, jobs: 2)

    try FileManager.default.removeItem(atPath: store.path(of: plan.runs[1]))
    let damaged = try store.path(of: plan.runs[2])
    let content = try Data(contentsOf: URL(fileURLWithPath: damaged))
    try content.dropLast(10).write(to: URL(fileURLWithPath: damaged))

    let second = try await runner.run(plan, store: store, jobs: 1) { log.add($0) }
    #expect(
      log.all == ["damaged 6", "begun 4 2", "equal 0 completed 3/4", "apart 1 completed 4/4"])
    #expect(withoutMeasured(first) == withoutMeasured(second))
    // The records that were whole are the very ones of the first time.
    #expect(first[0] == second[0] && first[3] == second[3])
    #expect(try folder.names(in: "runs/damaged").count == 1)
  }

  @Test func `Failed runs do not stop the study, and are not repeated`() async throws {
    let (folder, log) = (try TemporaryFolder(), Log())
    let store = try RunStore(folder.path)
    var study = Local.study([
      .init("breaking"), .init("breaking", parameters: ["how": .text("error")]), .init("equal"),
    ])
    study.seeds = .list([5])
    let plan = try Local.plan(study)
    let first = try await runner.run(plan, store: store, jobs: 1) { log.add($0) }
    #expect(first.map(\.footer.status) == [.completed, .failed, .failed, .completed])
    let second = try await runner.run(plan, store: store, jobs: 1) { log.add($0) }
    #expect(first == second)
    #expect(
      log.all == [
        "begun 4 0", "apart 5 completed 1/4", "breaking 5 failed 2/4",
        "breaking(how=error) 5 failed 3/4", "equal 5 completed 4/4", "begun 4 4",
      ])
  }

  @Test func `Another study in the folder reuses the runs it shares and leaves the others alone`()
    async throws
  {
    let (folder, log) = (try TemporaryFolder(), Log())
    let store = try RunStore(folder.path)
    let small = try Local.plan(Local.study())
    let first = try await runner.run(small, store: store, jobs: 2)
    var study = Local.study([.init("equal"), .init("pcgrad")])
    study.seeds = .list([1])
    let other = try Local.plan(study)
    let kept = "\(folder.path)/earlier/\(StableHash.digits(of: small.study.yaml))"
    let records = try await runner.run(other, store: store, jobs: 1) { log.add($0) }
    #expect(
      log.all == [
        "notice \(folder.path) held another study. Its runs stay there, and this study reuses those that are also its "
          + "own. The other study's study.yaml and report are now in \(kept); this one's take their place.",
        "begun 3 2", "pcgrad 1 completed 3/3",
      ])
    #expect(records.map(\.header.specification) == other.runs)
    #expect(try store.records(of: small).records == first)
  }

  @Test func `A folder that can no longer be written stops the study and keeps what is complete`()
    async throws
  {
    let folder = try TemporaryFolder()
    let store = try RunStore(folder.path)
    let plan = try Local.plan(Local.study())
    let (runs, kept) = ("\(folder.path)/runs", "\(folder.path)/kept")
    let finished = Mutex(0)
    await #expect {
      try await runner.run(plan, store: store, jobs: 1) { event in
        guard case .finished(_, _, let done, _) = event else { return }
        finished.withLock { $0 = done }
        guard done == 2 else { return }
        try? FileManager.default.moveItem(atPath: runs, toPath: kept)
        try? Data().write(to: URL(fileURLWithPath: runs))
      }
    } throws: { error in
      (error as? StudyError)?.file == (try store.path(of: plan.runs[2]))
        && "\(error)".contains(": cannot be written: ")
    }
    #expect(finished.withLock { $0 } == 2)
    try FileManager.default.removeItem(atPath: runs)
    try FileManager.default.moveItem(atPath: kept, toPath: runs)
    let complete = try store.records(of: plan)
    #expect(complete.records.count == 2 && complete.damaged.isEmpty)
    #expect(try await runner.run(plan, store: store, jobs: 2).count == 4)
  }

  @Test func `Two runners in one folder leave whole records`() async throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(folder.path)
    let plan = try Local.plan(Local.study([.init("equal"), .init("pcgrad")]))
    async let one = runner.run(plan, store: store, jobs: 2)
    async let two = runner.run(plan, store: store, jobs: 2)
    let (first, second) = try await (one, two)
    #expect(withoutMeasured(first) == withoutMeasured(second))
    #expect(withoutMeasured(try store.records(of: plan).records) == withoutMeasured(first))
    #expect(try folder.names().count == plan.runs.count)
  }

  @Test func `A study without jobs is an error`() async throws {
    let folder = try TemporaryFolder()
    await #expect(throws: StudyError("a study has 1 to 1024 jobs, not 0")) {
      try await runner.run(Local.plan(Local.study()), store: RunStore(folder.path), jobs: 0)
    }
  }

  @Test func `The default study completes every run`() async throws {
    let folder = try TemporaryFolder()
    var study = StudySpecification()
    study.seeds = .count(1)
    study.epochs = 2
    let records = try await runner.run(Local.plan(study), store: RunStore(folder.path), jobs: 2)
    #expect(records.count == 12)
    for record in records {
      let specification = record.header.specification
      #expect(
        record.footer.status == .completed,
        "\(specification.strategy) on \(specification.suite): \(record.footer.message ?? "")")
      #expect(record.epochs[2].train != record.epochs[1].train)
    }
  }
}
