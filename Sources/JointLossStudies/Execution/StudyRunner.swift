import Foundation
import JointLossLinearAlgebra
public import JointLossSuites
public import JointLossWeighting
import Synchronization

/// Does the runs of a plan that are not complete yet, several at a time.
public struct StudyRunner: Sendable {
  private let executor: RunExecutor

  /// Creates a runner.
  ///
  /// - Parameters:
  ///   - strategies: the strategies that exist.
  ///   - suites: the suites that exist.
  public init(strategies: StrategyRegistry, suites: SuiteRegistry) {
    executor = RunExecutor(strategies: strategies, suites: suites)
  }

  /// The number of processor cores: the jobs that make the most of this machine.
  public static var coreCount: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// The most jobs of a study: each is a thread, and has the memory of a run.
  public static let mostJobs = 1024

  /// Runs a plan; the records do not depend on the number of jobs.
  ///
  /// Complete records in the store are reused. A run that diverges or fails does not stop the others. If a
  /// record cannot be written, the study stops and keeps what is complete.
  ///
  /// - Parameters:
  ///   - plan: the runs.
  ///   - store: where complete runs are kept.
  ///   - jobs: the runs done at the same time, 1 to ``mostJobs``, each on a thread of its own.
  ///   - keepsModels: whether every run leaves its networks at their selected epochs, with inputs, targets and
  ///     predictions, in the folder `models`; a complete run without them is done again.
  ///   - checkpointInterval: how often a run that takes longer leaves what it can go on from if it is killed.
  ///   - progress: told of every event, one at a time, on any thread; it should return soon.
  /// - Returns: the records, in the order of the plan.
  /// - Throws: ``StudyError`` if there is no job or too many, or the store cannot be read or written.
  public func run(
    _ plan: RunPlan, store: RunStore, jobs: Int = StudyRunner.coreCount,
    keepsModels: Bool = false, checkpointInterval: Duration = .seconds(5),
    progress: @escaping @Sendable (StudyEvent) -> Void = { _ in }
  ) async throws(StudyError) -> [RunRecord] {
    guard (1...Self.mostJobs).contains(jobs) else {
      throw StudyError("a study has 1 to \(Self.mostJobs) jobs, not \(jobs)")
    }
    if let kept = try store.write(plan.study) {
      progress(
        .notice(
          "\(store.directory) held another study. Its runs stay there, and this study reuses those that are also its "
            + "own. The other study's study.yaml and report are now in \(kept); this one's take their place.")
      )
    }
    var complete: [Int: RunRecord] = [:]
    for (index, run) in plan.runs.enumerated() {
      switch try store.lookup(run) {
      case .missing: break
      case .complete(let record) where keepsModels && store.lacksModels(of: record): break
      case .complete(let record):
        store.removeCheckpoints(of: run)
        complete[index] = record
      case .damaged(let notice): progress(.damaged(notice))
      }
    }
    progress(.begun(total: plan.runs.count, reused: complete.count))
    let queue = RunQueue(runs: plan.runs, complete: complete, progress: progress)
    // Runs are parallel to one another; threads of the BLAS would only get in their way.
    BLASLibrary.setThreads(1)
    await work(on: queue, jobs: min(jobs, plan.runs.count - complete.count)) { run throws(StudyError) in
      let label = "\(run.suiteLabel) · \(run.strategyLabel) · seed \(run.seed)"
      let checkpoints = RunCheckpoints(try store.checkpoints(of: run), every: checkpointInterval) {
        queue.tell("\(label): \($0)")
      }
      return try record(of: run, store: store, checkpoints, keepsModels: keepsModels)
    }
    return try queue.records()
  }

  /// Threads of our own: the runs compute without pause, and the concurrency pool has no more threads than cores.
  private func work(
    on queue: RunQueue, jobs: Int,
    _ body: @escaping @Sendable (RunSpecification) throws(StudyError) -> RunRecord
  ) async {
    guard jobs > 0 else { return }
    await withCheckedContinuation { continuation in
      let group = DispatchGroup()
      for _ in 0..<jobs {
        group.enter()
        let thread = Thread {
          while let (index, run) = queue.next() {
            queue.finish(index, Result { () throws(StudyError) in try body(run) })
          }
          group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
      }
      group.notify(queue: .global()) { continuation.resume() }
    }
  }

  private func record(
    of run: RunSpecification, store: RunStore, _ checkpoints: RunCheckpoints, keepsModels: Bool
  ) throws(StudyError) -> RunRecord {
    // Another process that shares the folder may have done it meanwhile.
    if case .complete(let record) = try store.lookup(run), !keepsModels || !store.lacksModels(of: record) {
      return record
    }
    let models = keepsModels ? KeptModels() : nil
    let record = try executor.run(run, checkpoints: checkpoints, keeping: models)
    // Before the record: a run is complete with all that was asked for.
    try store.write(models?.files ?? [:], modelsOf: run)
    try store.write(record)
    store.removeCheckpoints(of: run)
    return record
  }
}

/// The runs that are left, and the records of those that are done; shared by the workers.
private final class RunQueue: Sendable {
  private struct State {
    var position = 0
    var complete: [Int: RunRecord]
    var failure: StudyError?
  }

  private let runs: [RunSpecification]
  private let progress: @Sendable (StudyEvent) -> Void
  private let state: Mutex<State>

  init(
    runs: [RunSpecification], complete: [Int: RunRecord], progress: @escaping @Sendable (StudyEvent) -> Void
  ) {
    self.runs = runs
    self.progress = progress
    state = Mutex(State(complete: complete))
  }

  /// The next run to do, or nil if none is left or the study has to stop.
  func next() -> (index: Int, run: RunSpecification)? {
    state.withLock { state in
      while state.failure == nil, state.position < runs.count {
        let index = state.position
        state.position += 1
        if state.complete[index] == nil { return (index, runs[index]) }
      }
      return nil
    }
  }

  func tell(_ notice: String) {
    state.withLock { _ in progress(.notice(notice)) }
  }

  func finish(_ index: Int, _ result: Result<RunRecord, StudyError>) {
    // Told under the lock, so that events come one at a time and in the order of their counts.
    state.withLock { state in
      switch result {
      case .success(let record):
        state.complete[index] = record
        progress(
          .finished(
            runs[index], status: record.footer.status, done: state.complete.count, total: runs.count))
      case .failure(let error):
        state.failure = state.failure ?? error
      }
    }
  }

  func records() throws(StudyError) -> [RunRecord] {
    let state = state.withLock { $0 }
    if let failure = state.failure { throw failure }
    return runs.indices.compactMap { state.complete[$0] }
  }
}
