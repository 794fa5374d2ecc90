import ArgumentParser
import JointLossConformance
import JointLossStudies
import JointLossWeighting

/// `jointloss check`: whether strategies do what any strategy must, and what they claim.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks a strategy, or all, and prints the smallest input on which a check fails.",
    discussion: """
      Every strategy must have finite weights, keep its whole state in what it encodes, refuse bad evidence and so \
      on; what else it promises (a sum of weights, no conflict, a scale law …) is checked too. The exit status is 1 if \
      anything is found.
      """)

  @Argument(help: "A strategy's name.")
  var name: String?

  @Flag(help: "Check every strategy, with the default parameters.")
  var all = false

  @Option(name: .customLong("set"), help: "A parameter of the strategy: PARAMETER=VALUE. May be repeated.")
  var settings: [ParameterSetting] = []

  @Option(help: "The seed of the inputs and of the strategy's random stream.")
  var seed: UInt64 = 0

  func validate() throws {
    guard (name == nil) == all else { throw ValidationError("Give a strategy's name, or --all.") }
    guard !all || settings.isEmpty else { throw ValidationError("--set needs a strategy's name.") }
    if let name { _ = try settings.values(for: name) }
  }

  func run() throws {
    let reports: [ConformanceReport]
    if let name {
      let report = Conformance.check(
        type: try JointLoss.registry.type(named: name), parameters: try settings.values(for: name), seed: seed
      )
      try StandardOutput.write(Self.table(of: report))
      reports = [report]
    } else {
      reports = JointLoss.registry.types.map { Conformance.check(type: $0, seed: seed) }
      try StandardOutput.write(Self.table(of: reports))
    }
    let findings = reports.flatMap { report in report.findings.map { "\(report.strategy), \($0)" } }
    guard findings.isEmpty else {
      try StandardOutput.write("\n" + findings.joined(separator: "\n\n"))
      throw ExitCode.failure
    }
  }

  /// One row a check.
  private static func table(of report: ConformanceReport) -> String {
    ReportTable(
      columns: ["check", "result", "what passes"].map { .init($0, .left) },
      rows: report.results.map { [$0.check.rawValue, text(of: $0.outcome), $0.check.summary] }
    ).plainText
  }

  /// One row a strategy.
  private static func table(of reports: [ConformanceReport]) -> String {
    ReportTable(
      columns: [.init("strategy", .left), .init("passed", .right), .init("failed", .left)],
      rows: reports.map { report in
        [
          report.strategy, "\(report.passedCount)",
          report.passes ? "–" : report.findings.map(\.check.rawValue).joined(separator: ", "),
        ]
      }
    ).plainText
  }

  private static func text(of outcome: ConformanceReport.Outcome) -> String {
    switch outcome {
    case .passed(let inputs): "passed (\(inputs) \(inputs == 1 ? "input" : "inputs"))"
    case .failed: "FAILED"
    case .notApplicable(let why): why
    }
  }
}
