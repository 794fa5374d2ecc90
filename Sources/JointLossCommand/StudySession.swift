import Foundation
package import JointLossStudies
import JointLossSuites

/// A study from its plan to the printed tables: what `compare`, `run` and the experiments have in common.
package struct StudySession {
  private let plan: RunPlan
  private let options: StudyOptions
  private let folder: String

  /// Creates a session.
  ///
  /// - Parameters:
  ///   - plan: the runs.
  ///   - options: jobs, folder and quiet.
  ///   - defaultFolder: the folder where the options name none.
  package init(plan: RunPlan, options: StudyOptions, defaultFolder: String) {
    self.plan = plan
    self.options = options
    folder = options.out ?? defaultFolder
  }

  /// Does what is left of the study, writes its report and prints its tables.
  ///
  /// - Returns: the comparison, and the records behind it.
  /// - Throws: `StudyError` if the folder cannot be written or no run completed; ``StreamError`` if the tables cannot
  ///   be printed.
  @discardableResult
  package func run() async throws -> (comparison: Comparison, records: [RunRecord]) {
    let progress = ProgressReporter(quiet: options.quiet)
    let store = try RunStore(folder)
    for notice in plan.notices { progress.note(notice) }
    let runner = StudyRunner(strategies: JointLoss.registry, suites: JointLoss.suites)
    let records = try await runner.run(
      plan, store: store, jobs: options.jobs, keepsModels: options.keepModels,
      checkpointInterval: .seconds(options.checkpointEvery),
      progress: progress.receive)
    let comparison = try Self.report(
      records, baseline: plan.baseline, reference: plan.reference, in: folder, progress: progress)
    return (comparison, records)
  }

  /// Draws the report of records and prints its tables.
  ///
  /// - Throws: `StudyError` if a file cannot be written, or, once the report is there, if no run completed;
  ///   ``StreamError`` if the tables cannot be printed.
  static func report(
    _ records: [RunRecord], baseline: String, reference: String, in folder: String, progress: ProgressReporter
  ) throws -> Comparison {
    let comparison = try Comparison(records: records, baseline: baseline, reference: reference)
    // The tables are on screen before gnuplot takes its seconds; where they cannot be, the report is written all the
    // same.
    let printing = Result { try StandardOutput.write(Report.text(comparison)) }
    progress.note("Drawing the figures …")
    var problems: [String] = []
    try Report.write(comparison, records: records, to: folder) { problems.append($0) }
    for problem in problems { progress.warn(problem) }
    progress.note("Everything is in \(folder): report.html shows it all.")
    try printing.get()
    guard records.contains(where: { $0.footer.status == .completed }) else {
      throw StudyError("no run of the study completed: the notes say why", file: folder)
    }
    return comparison
  }
}

extension ProgressReporter {
  /// Shows an event of a running study.
  fileprivate func receive(_ event: StudyEvent) {
    switch event {
    case .notice(let text): note(text)
    case .damaged(let error): warn("A damaged record is done again: \(error)")
    case .begun(let total, let reused): begin(total: total, reused: reused)
    case .finished(let run, let status, let done, _):
      update(done: done, label: "\(run.suiteLabel) · \(run.strategyLabel) · seed \(run.seed)")
      if status != .completed {
        note("\(run.strategyLabel) on \(run.suiteLabel), seed \(run.seed): \(status.rawValue)")
      }
    }
  }
}
