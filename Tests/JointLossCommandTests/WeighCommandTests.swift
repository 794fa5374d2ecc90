import Foundation
import JointLossTestSupport
import Testing

/// `jointloss weigh` as a process.
@Suite struct WeighCommandTests {
  @Test func `Good lines end in status 0`() async throws {
    let outcome = try await WeighProcess.run(
      ["equal", "--set", "reduction=mean"], input: #"{"losses":[1,2]}"# + "\n" + #"{"losses":[3,4]}"#)
    #expect(outcome.succeeded)
    let line = #"{"applies_to":"losses","diagnostics":{},"weights":[0.5,0.5]}"# + "\n"
    #expect(outcome.output == line + line)
    #expect(outcome.error.isEmpty)
  }

  @Test func `A bad line among good ones ends in another status, after all lines`() async throws {
    let outcome = try await WeighProcess.run(
      ["uncertainty", "--set", "uncertainty.form=doubled"],
      input: #"{"losses":[1,2]}"# + "\nnonsense\n" + #"{"losses":[1,2]}"# + "\n")
    #expect(!outcome.succeeded)
    let lines = outcome.output.split(separator: "\n")
    try #require(lines.count == 3)
    #expect(lines[0].contains(#""weights":[1.0,1.0]"#))
    #expect(lines[1].contains(#""line":2"#))
    #expect(lines[2].contains(#""weights""#))
  }

  @Test(arguments: [
    (["gradnrm"], "did you mean gradnorm"),
    (["gradnorm", "--set", "alpa=1"], "did you mean alpha"),
    (["gradnorm", "--set", "dwa.temperature=1"], "the strategy here is gradnorm"),
    (["gradnorm", "--set", "alpha"], "alpha"),
    (["pcgrad", "--seed", "-1"], "seed"),
  ])
  func `Bad arguments are refused before a line is read`(arguments: [String], message: String) async throws {
    let outcome = try await WeighProcess.run(arguments, input: "")
    #expect(!outcome.succeeded && outcome.output.isEmpty)
    #expect(outcome.error.contains(message), "\(outcome.error)")
  }

  @Test(.timeLimit(.minutes(1))) func `Each answer comes before the next line is sent`() async throws {
    let process = Process()
    process.executableURL = URL(filePath: BuiltProducts.folder).appending(path: "jointloss")
    process.arguments = ["weigh", "dwa"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    for _ in 0..<3 {
      try input.fileHandleForWriting.write(contentsOf: Data((#"{"losses":[1,2]}"# + "\n").utf8))
      let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      #expect(answer.hasSuffix("}\n"))
    }
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
