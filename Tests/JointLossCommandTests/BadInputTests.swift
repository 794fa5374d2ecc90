import Foundation
import JointLossStudies
import JointLossTestSupport
import Testing

/// Input that cannot be served ends in a sentence and a status, never in a trap.
@Suite struct BadInputTests {
  @Test(arguments: [
    (["compare", "--strategy", "pcgard"], "did you mean pcgrad"),
    (["compare", "--suite", "relatd"], "did you mean related"),
    (["compare", "--seeds", "0"], "seeds"),
    (["compare", "--seeds", "many"], "many"),
    (["compare", "--epochs", "0"], "epochs"),
    (["compare", "--jobs", "0"], "jobs is 1 to 1024, not 0"),
    (["compare", "--jobs", "100000"], "jobs is 1 to 1024, not 100000"),
    (["compare", "--learning-rate", "1e-50"], "learning-rate: is 1e-50, which is 0.0"),
    (["compare", "--set", "gradnorm.learning-rate=1e308"], "in (0, 1e+100), not 1e+308"),
    (["compare", "--learning-rate", "-1"], "learning-rate"),
    (["compare", "--learning-rate", "nan"], "learning-rate"),
    (["compare", "--set", "gradnorm.alpha=-1"], "gradnorm.alpha is a number ≥ 0, not -1"),
    (["compare", "--set", "gradnorm.alpha=high"], "not high"),
    (["compare", "--set", "gradnorm.alhpa=1"], "did you mean alpha"),
    (["compare", "--set", "gradnrom.alpha=1"], "did you mean gradnorm"),
    (["compare", "--set", "alpha=1"], "NAME.alpha=1"),
    (["compare", "--set", "gradnorm.alpha=1", "--set", "gradnorm.alpha=2"], "given twice"),
    (["compare", "--suite", "feature-bank", "--set", "feature-bank.tasks=0"], "feature-bank.tasks"),
    (["compare", "--suite", "related", "--suite", "related"], "related"),
    (["compare", "--strategy", "fixed", "--set", "fixed.weights=1,2"], "4 tasks"),
    (["compare", "--out", "/proc/nothing/here"], "/proc/nothing/here"),
    (["compare", "--out", ""], "--out"),
    (["run", "/nowhere/study.yaml"], "/nowhere/study.yaml"),
    (["report", "/nowhere"], "/nowhere"),
    (
      ["compare", "--suite", "related", "--set", "related.samples=63"],
      "batch-size: on related(samples=63): a batch of 64 samples is larger than the training data of 63"
    ),
    (["strategies", "gradnrom"], "did you mean gradnorm"),
    (["suites", "unrelatd"], "did you mean unrelated"),
  ])
  func `Bad arguments are refused with what was wrong`(arguments: [String], message: String) async throws {
    let command = try await Command("jointloss", arguments)
    #expect(!command.succeeded && command.output.isEmpty, "\(arguments)")
    #expect(command.error.contains(message), "\(arguments): \(command.error)")
  }

  @Test(arguments: [
    (["compare", "--set", "alpha=1"], "Usage: jointloss compare"),
    (
      ["compare", "--set", "equal.reduction=sum", "--set", "equal.reduction=mean"], "Usage: jointloss compare"
    ),
    (["check", "equal", "--set", "dwa.alpha=1"], "Usage: jointloss check"),
  ])
  func `Bad arguments are answered with the usage of their subcommand`(arguments: [String], usage: String)
    async throws
  {
    let command = try await Command("jointloss", arguments)
    #expect(!command.succeeded && command.error.contains(usage), "\(command.error)")
  }

  @Test func `The version is that of the records`() async throws {
    let command = try await Command("jointloss", ["--version"])
    #expect(command.succeeded && command.output == "\(JointLossVersion.current)\n")
  }

  @Test func `Data beyond the memory of any machine fail with the bytes, and the study ends`() async throws {
    let folder = try TemporaryFolder()
    let bank = ["samples": 1_000_000, "inputs": 10_000, "outputs": 10_000, "tasks": 10]
    let settings = bank.sorted { $0.key < $1.key }.flatMap {
      ["--set", "gradnorm-tanh.\($0.key)=\($0.value)"]
    }
    let command = try await Command(
      "jointloss",
      ["compare", "--suite", "gradnorm-tanh", "--strategy", "equal", "--seeds", "1", "--out", folder.path]
        + settings)
    // No run completed.
    #expect(!command.succeeded && command.output.contains("did not complete"))
    #expect(command.error.contains("\(folder.path): no run of the study completed"), "\(command.error)")
    try FileManager.default.removeItem(atPath: "\(folder.path)/report.html")
    let report = try await Command("jointloss", ["report", folder.path])
    #expect(!report.succeeded && report.output == command.output)
    #expect(report.error.contains("\(folder.path): no run of the study completed"), "\(report.error)")
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/report.html"))
    let records = try RecordFile.comparable(in: folder.path)
    #expect(records.count == 2)
    for lines in records.values {
      #expect(lines.last?.contains("\"status\":\"failed\"") == true)
      #expect(
        lines.last?.contains("for 10 tasks needs at least 1328.8 GB, and this machine has") == true,
        "\(lines)")
    }
  }

  @Test func `A study file's problems are all named with their lines`() async throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/study.yaml"
    let text = """
      suites: [related]
      strategies:
        - equal
        - {name: gradnorm, set: {alpha: -1}}
      seeds: 0
      epocs: 3
      """
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let command = try await Command("jointloss", ["run", file])
    #expect(!command.succeeded)
    #expect(command.error.contains("\(file):5"), "\(command.error)")
    #expect(command.error.contains("\(file):6"), "\(command.error)")
    #expect(command.error.contains("did you mean epochs"), "\(command.error)")
  }
}
