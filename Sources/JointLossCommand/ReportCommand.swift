import ArgumentParser
import JointLossStudies
import JointLossSuites

/// `jointloss report`: tables, figures and page again, from the records.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Redraws tables, figures and report.html from a folder's records.")

  @Argument(help: ArgumentHelp("The folder of a study.", valueName: "folder"))
  var folder: String

  @Flag(help: "Print the tables only.")
  var quiet = false

  func run() async throws {
    let progress = ProgressReporter(quiet: quiet)
    let store = try RunStore(existing: folder)
    let plan = try RunPlan(store.study(), strategies: JointLoss.registry, suites: .builtIn)
    let (records, damaged) = try store.records(of: plan)
    for error in damaged { progress.warn("A damaged record was set aside: \(error)") }
    if records.count < plan.runs.count {
      progress.warn(
        "\(records.count) of the study's \(plan.runs.count) runs are complete; the report shows those.")
    }
    _ = try await StudySession.report(records, of: plan, in: folder, progress: progress)
  }
}
