import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Synchronization
import Testing

@testable import JointLossStudies

/// Runs that go on from a checkpoint have the record of runs that were not interrupted.
@Suite struct RunCheckpointTests {
  private final class Notices: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private let executor: RunExecutor

  init() throws { executor = try RunExecutor(strategies: Local.strategies(), suites: Local.suites()) }

  private func plan(seeds: Int = 1) throws -> RunPlan {
    var study = Local.study(["equal", "uncertainty", "gradnorm", "dwa", "pcgrad"].map { .init($0) })
    study.seeds = .count(seeds)
    study.epochs = 8
    return try Local.plan(study)
  }

  /// A run with a checkpoint after every epoch in a folder, where a killed one may have left some.
  private func run(
    _ run: RunSpecification, in folder: String, every interval: Duration = .zero
  ) throws -> (record: RunRecord, notices: [String]) {
    let notices = Notices()
    var record = try executor.run(
      run, checkpoints: RunCheckpoints(folder, every: interval) { notices.add($0) })
    record.footer.measured = RunRecord.Measured(seconds: 0, medianStepMicroseconds: 0)
    return (record, notices.all)
  }

  @Test func `From the last checkpoint, the one before, a damaged one or none, the record is the same`()
    throws
  {
    for specification in try plan().runs {
      let folder = try TemporaryFolder()
      let whole = try run(specification, in: folder.path)
      #expect(whole.notices.isEmpty && whole.record.epochs.count == 9)
      // After epochs 0 to 7: the last epoch needs none.
      #expect(try folder.names(in: ".") == ["7", "8"])
      let last = try run(specification, in: folder.path, every: .seconds(1000))
      #expect(last.record == whole.record && last.notices == ["goes on from epoch 7"])

      let file = URL(filePath: "\(folder.path)/8/epochs.json")
      var damaged = try Data(contentsOf: file)
      damaged[damaged.count / 2] ^= 1
      try damaged.write(to: file)
      let earlier = try run(specification, in: folder.path, every: .seconds(1000))
      #expect(earlier.record == whole.record && earlier.notices.count == 2)
      #expect(earlier.notices[0].contains("a damaged checkpoint is not used"))
      #expect(earlier.notices[0].contains("/8: epochs.json was cut short or changed"))
      #expect(earlier.notices[1] == "goes on from epoch 6")

      for name in ["network0.json", "network0.safetensors"] {
        try Data("{}".utf8).write(to: URL(filePath: "\(folder.path)/7/\(name)"))
      }
      let anew = try run(specification, in: folder.path, every: .seconds(1000))
      #expect(anew.record == whole.record && anew.notices.count == 1)
      #expect(anew.notices[0].contains("the run begins anew"))
    }
  }

  @Test func `A checkpoint of another run is not gone on from`() throws {
    let runs = try plan().runs
    let folder = try TemporaryFolder()
    let gradnorm = try #require(runs.first { $0.strategy == "gradnorm" })
    let dwa = try #require(runs.first { $0.strategy == "dwa" })
    let own = try run(dwa, in: try TemporaryFolder().path)
    _ = try run(gradnorm, in: folder.path)
    let other = try run(dwa, in: folder.path, every: .seconds(1000))
    #expect(other.record == own.record)
    #expect(other.notices.first?.contains("the strategy gradnorm, this trainer of dwa") == true)
  }

  @Test func `A whole checkpoint of another version is not gone on from`() throws {
    let folder = try TemporaryFolder()
    let specification = try plan().runs[0]
    let whole = try run(specification, in: folder.path)
    let goesOn = try run(specification, in: folder.path, every: .seconds(1000))
    #expect(goesOn.notices == ["goes on from epoch 7"])
    for number in [7, 8] {
      let file = URL(filePath: "\(folder.path)/\(number)/epochs.json")
      var object = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      var versions = try #require(object["versions"] as? [String: String])
      #expect(versions.updateValue("another", forKey: "blas") == RunRecord.Versions.current.blas)
      object["checksum"] = nil
      object["versions"] = versions
      try SealedJSON.seal(JSONSerialization.data(withJSONObject: object)).write(to: file)
    }
    let anew = try run(specification, in: folder.path, every: .seconds(1000))
    #expect(anew.notices == ["the checkpoint is of another version, and the run begins anew"])
    #expect(anew.record == whole.record)
  }

  @Test func `Where one network's part is of another run, none of the networks goes on`() throws {
    let apart = try plan(seeds: 2).runs.filter { $0.strategy == "apart" }
    let (own, other) = try (#require(apart.first), #require(apart.last))
    let (folder, others) = try (TemporaryFolder(), TemporaryFolder())
    let whole = try run(own, in: folder.path)
    _ = try run(other, in: others.path)
    for name in ["network1.json", "network1.safetensors"] {
      for number in [7, 8] {
        let foreign = try Data(contentsOf: URL(filePath: "\(others.path)/\(number)/\(name)"))
        try foreign.write(to: URL(filePath: "\(folder.path)/\(number)/\(name)"))
      }
    }
    let anew = try run(own, in: folder.path, every: .seconds(1000))
    #expect(anew.notices.count == 1 && anew.notices[0].contains("the run begins anew"), "\(anew.notices)")
    #expect(anew.record == whole.record)
  }

  @Test func `A checkpoint that cannot be written is told, and the run goes on`() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(filePath: "\(folder.path)/file"))
    let result = try run(try plan().runs[0], in: "\(folder.path)/file/run")
    #expect(result.record.footer.status == .completed)
    #expect(result.notices.count == 8 && result.notices[0].contains("no checkpoint was written"))
  }

  @Test func `A study removes the checkpoints of complete runs, also those left by a killed process`()
    async throws
  {
    let folder = try TemporaryFolder()
    let runner = try StudyRunner(strategies: Local.strategies(), suites: Local.suites())
    let (plan, store) = try (plan(), RunStore(folder.path))
    _ = try await runner.run(plan, store: store, jobs: 2, checkpointInterval: .zero)
    #expect(try folder.names().allSatisfy { $0.hasSuffix(".jsonl") } && folder.names().count == 6)
    let left = try store.checkpoints(of: plan.runs[0])
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    #expect(try folder.names().count == 7)
    _ = try await runner.run(plan, store: store, jobs: 2)
    #expect(try folder.names().count == 6)
  }
}
