import ArgumentParser
import Foundation
import JointLossStudies
import JointLossSuites

/// `jointloss run`: a study from a file.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs the study that a file describes.",
    discussion: """
      `jointloss compare --print-study` prints a study file to start from. Results go to a folder named after \
      the file; run again, complete runs are not repeated.
      """)

  @Argument(help: ArgumentHelp("The study file, in YAML.", valueName: "study.yaml"))
  var file: String

  @OptionGroup var options: StudyOptions

  func run() async throws {
    let study = try StudySpecification(contentsOf: file)
    let plan = try RunPlan(study, strategies: JointLoss.registry, suites: JointLoss.suites)
    let folder = URL(filePath: file).deletingPathExtension().lastPathComponent
    try await StudySession(plan: plan, options: options, defaultFolder: folder).run()
  }
}
