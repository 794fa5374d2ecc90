import Testing

@testable import JointLossCommand

@Suite struct ProgressReporterTests {
  @Test func `A bar fits the terminal, whatever the run is called`() {
    let label = String(repeating: "long ", count: 40)
    let bar = ProgressReporter.bar(done: 3, total: 12, text: "0:01 elapsed  \(label)", columns: 80)
    #expect(bar.count == 79 && bar.hasPrefix("██████░") && bar.contains(" 3/12  0:01 elapsed"))
    let full = ProgressReporter.bar(done: 12, total: 12, text: "", columns: 80)
    #expect(full.hasPrefix(String(repeating: "█", count: 24) + " 12/12"))
    #expect(ProgressReporter.bar(done: 0, total: 0, text: "", columns: 0).count == 1)
  }

  // A name from somebody else's folder, or what gnuplot says, may hold what a terminal obeys.
  @Test func `Nothing that a terminal obeys is shown`() {
    #expect(ProgressReporter.printable("a\u{1B}]0;b\u{7}\nc\u{202E}d\r") == "a ]0;b \nc d ")
    let bar = ProgressReporter.bar(done: 1, total: 2, text: "a\u{1B}[2J", columns: 80)
    #expect(bar.hasSuffix(" 1/2  a [2J"))
  }
}
