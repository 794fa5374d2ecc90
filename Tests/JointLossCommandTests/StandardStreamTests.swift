import Foundation
import JointLossTestSupport
import Subprocess
import Testing

/// Output that is lost and input that cannot be read end in a sentence and a status.
@Suite struct StandardStreamTests {
  private struct Outcome {
    let status: TerminationStatus
    let output: String
    let error: String
  }

  /// Runs a line of the shell in a folder that is gone afterwards.
  private func shell(_ line: String, in folder: TemporaryFolder) async throws -> Outcome {
    let result = try await run(
      .name("bash"), arguments: ["-c", "cd '\(folder.path)' && \(line)"],
      environment: .inherit.updating([
        "PATH": "\(BuiltProducts.folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      ]),
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    return Outcome(
      status: result.terminationStatus, output: result.standardOutput, error: result.standardError)
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: [
      "jointloss strategies", "jointloss strategies equal", "jointloss strategies --markdown",
      "jointloss suites",
      "jointloss suites related", "jointloss check equal", "jointloss compare --print-study",
      "jointloss --help",
      "jointloss --version", "jointloss help weigh", "experiments list", "experiments --help",
      "echo '{\"losses\":[1,2]}' | jointloss weigh equal",
    ])
  func `A full standard output is an error`(command: String) async throws {
    let folder = try TemporaryFolder()
    let full = try await shell("\(command) > /dev/full", in: folder)
    #expect(full.status == .exited(1), "\(full.status)")
    #expect(
      full.error.contains("Error: standard output cannot be written: No space left on device"),
      "\(full.error)")
    let closed = try await shell("\(command) >&-", in: folder)
    #expect(closed.status == .exited(1), "\(closed.status)")
    #expect(
      closed.error.contains("Error: standard output cannot be written: it is closed"), "\(closed.error)")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func `Tables that cannot be printed are an error, and the report is written all the same`() async throws {
    let folder = try TemporaryFolder()
    let study =
      "jointloss compare --suite linear-subspace --strategy equal --seeds 1 --epochs 1 --quiet --out out"
    for command in [study, "jointloss report out --quiet"] {
      for (target, reason) in [("> /dev/full", "No space left on device"), (">&-", "it is closed")] {
        let outcome = try await shell("\(command) \(target)", in: folder)
        #expect(outcome.status == .exited(1), "\(outcome.status)")
        #expect(outcome.error == "Error: standard output cannot be written: \(reason)\n")
        #expect(try folder.names(in: "out").contains("report.html"))
        try FileManager.default.removeItem(atPath: "\(folder.path)/out/report.html")
      }
    }
  }

  @Test(arguments: [
    ("jointloss weigh dwa < /tmp", "Is a directory"), ("jointloss weigh dwa <&-", "it is closed"),
  ])
  func `An input that cannot be read is an error`(command: String, reason: String) async throws {
    let outcome = try await shell(command, in: TemporaryFolder())
    #expect(outcome.status == .exited(1) && outcome.output.isEmpty)
    #expect(outcome.error == "Error: standard input cannot be read: \(reason)\n")
  }

  // The status of a program that the signal ends, as the shell gives it.
  @Test func `Output that nobody reads any more ends without a word`() async throws {
    let outcome = try await shell(
      "yes '{\"losses\":[1,2]}' | head -100000 | jointloss weigh equal | head -1; echo ${PIPESTATUS[2]}",
      in: TemporaryFolder())
    #expect(outcome.output.split(separator: "\n").map(String.init).last == "141" && outcome.error.isEmpty)
  }

  @Test func `Lines of any length and ending are read`() async throws {
    let long = String(repeating: " ", count: 200_000)
    let folder = try TemporaryFolder()
    try Data("{\"losses\":[1,\(long)2]}\r\n\n{\"losses\":[3,4]}\n{\"losses\":[5,6]}".utf8)
      .write(to: URL(filePath: "\(folder.path)/in"))
    let outcome = try await shell("jointloss weigh equal < in", in: folder)
    let line = #"{"applies_to":"losses","diagnostics":{},"weights":[1.0,1.0]}"# + "\n"
    #expect(
      outcome.status == .exited(0) && outcome.output == line + line + line,
      "\(outcome.output)\(outcome.error)")
  }
}
