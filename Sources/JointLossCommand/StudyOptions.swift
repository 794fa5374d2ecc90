package import ArgumentParser
import Foundation
import JointLossStudies

/// The flags shared by everything that runs a study.
package struct StudyOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Runs at a time; one BLAS thread each.", valueName: "count"))
  package var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: ArgumentHelp("The folder for records, tables, figures and report.html.", valueName: "folder"))
  package var out: String?

  @Option(
    help: ArgumentHelp(
      "How often a long run leaves a checkpoint, from which it goes on if it is killed.", valueName: "seconds"
    ))
  package var checkpointEvery = 5.0

  @Flag(
    help: """
      Keep each run's networks at the selected epoch (safetensors), with inputs, targets and predictions of every \
      split (NumPy), in the folder's models/. Complete runs without them are done again.
      """)
  package var keepModels = false

  @Flag(help: "Show no progress; print the tables only.")
  package var quiet = false

  package init() {}

  package func validate() throws {
    guard (1...StudyRunner.mostJobs).contains(jobs) else {
      throw ValidationError("--jobs is 1 to \(StudyRunner.mostJobs), not \(jobs).")
    }
    guard checkpointEvery >= 0, checkpointEvery <= 1e9 else {
      throw ValidationError("--checkpoint-every is 0 to 1e9 seconds, not \(checkpointEvery).")
    }
    if let out, out.isEmpty { throw ValidationError("--out needs the name of a folder.") }
  }
}
