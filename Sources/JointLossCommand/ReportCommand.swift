import ArgumentParser
import JointLossStudies
import JointLossSuites

/// `jointloss report`: tables, figures and page again, from the records.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Redraws tables, figures and report.html from a folder's records.")

  @Argument(help: ArgumentHelp("The folder of a study.", valueName: "folder"))
  var folder: String

  @Flag(help: "Print the tables only.")
  var quiet = false

  func run() throws {
    let progress = ProgressReporter(quiet: quiet)
    let store = try RunStore(existing: folder)
    let found = try records(in: store, progress)
    for error in found.damaged { progress.warn("A damaged record was set aside: \(error)") }
    if found.records.count < found.planned {
      progress.warn(
        "\(found.records.count) of the study's \(found.planned) runs are complete; the report shows those.")
    }
    _ = try StudySession.report(
      found.records, baseline: found.baseline, reference: found.reference, in: folder, progress: progress)
  }

  private struct Found {
    let records: [RunRecord]
    let damaged: [StudyError]
    /// The number of the study's runs.
    let planned: Int
    let baseline: String
    let reference: String
  }

  /// The records of the study: those of its plan, or, where it has strategies or suites that this program cannot plan,
  /// those that agree with the study file.
  private func records(in store: RunStore, _ progress: ProgressReporter) throws -> Found {
    let study = try store.study()
    let plan: RunPlan
    do throws(StudyError) {
      plan = try RunPlan(study, strategies: JointLoss.registry, suites: JointLoss.suites)
    } catch {
      return try records(of: study, in: store, notPlannedFor: error, progress)
    }
    let (records, damaged) = try store.records(of: plan)
    return Found(
      records: records, damaged: damaged, planned: plan.runs.count, baseline: plan.baseline,
      reference: plan.reference)
  }

  private func records(
    of study: StudySpecification, in store: RunStore, notPlannedFor error: StudyError,
    _ progress: ProgressReporter
  ) throws -> Found {
    let (records, damaged) = try store.records(of: study)
    guard !records.isEmpty else { throw error }
    progress.note(
      "The report is of the records that agree with the study file, since its runs cannot be planned here:\n\(error)"
    )
    let runs = records.map(\.header.specification)
    return Found(
      records: records, damaged: damaged, planned: study.runCount,
      baseline: study.label(of: study.baseline, in: runs),
      reference: study.label(of: study.reference, in: runs))
  }
}
