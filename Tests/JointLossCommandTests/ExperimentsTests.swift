import Foundation
import JointLossStudies
import JointLossSuites
import JointLossTestSupport
import JointLossWeighting
import Testing

/// The program `experiments`, and its study files.
@Suite struct ExperimentsTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `Every study file can be planned, is listed and has a page`() async throws {
    let configs = Self.repository.appending(path: "experiments/configs")
    let files = try FileManager.default.contentsOfDirectory(at: configs, includingPropertiesForKeys: nil)
    let list = try await Command("experiments", ["list"])
    #expect(!files.isEmpty)
    for file in files {
      let study = try StudySpecification(contentsOf: file.path(percentEncoded: false))
      #expect(try !RunPlan(study, strategies: .builtIn, suites: .builtIn).runs.isEmpty)
      let name = file.deletingPathExtension().lastPathComponent
      #expect(list.output.contains(name))
      let page = Self.repository.appending(path: "papers/\(name).md").path(percentEncoded: false)
      #expect(FileManager.default.fileExists(atPath: page), "\(page)")
    }
  }

  @Test func `An unknown experiment is refused with the nearest name`() async throws {
    let command = try await Command("experiments", ["run", "related-vs-unrelatd"])
    #expect(!command.succeeded)
    #expect(command.error.contains("did you mean related-vs-unrelated"), "\(command.error)")
  }
}
