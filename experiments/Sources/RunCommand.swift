import ArgumentParser
import Foundation
import JointLossCommand
import JointLossStudies
import JointLossSuites
import JointLossWeighting

/// `experiments run`: one replication, from its study file to its conclusion.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs one experiment.")

  @Argument(help: "The name of an experiment; see `experiments list`.")
  var name: String

  @OptionGroup var options: StudyOptions

  func validate() throws {
    _ = try replication()
  }

  private func replication() throws -> any Replication.Type {
    guard let replication = Experiments.all.first(where: { $0.name == name }) else {
      let hint = NearestNames.hint(for: name, among: Experiments.all.map { $0.name }, what: "names")
      throw ValidationError("no experiment is named “\(name)”: \(hint)")
    }
    return replication
  }

  func run() async throws {
    let replication = try replication()
    // Experiments exist in a clone alone, so their files are found from this one.
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appending(path: "configs/\(name).yaml").path(percentEncoded: false)
    let plan = try RunPlan(StudySpecification(contentsOf: file), strategies: .builtIn, suites: .builtIn)
    let results = try await StudySession(
      plan: plan, options: options, defaultFolder: "experiments/out/\(name)"
    ).run()
    try StandardOutput.write("\n" + replication.conclusion(results.comparison, results.records))
  }
}
