public import JointLossWeighting

/// A fault of a strategy, with the smallest input on which it shows.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// The check that failed.
  public let check: ConformanceCheck
  /// What is wrong, in one sentence.
  public let reason: String
  /// The number that is wrong, where it is one number.
  public let value: Double?
  /// The smallest input found: few tasks, few steps, round numbers.
  public let input: ConformanceInput

  /// Check, reason and input.
  public var description: String { "\(check.rawValue): \(reason)\n\(input)" }
}

/// What the checks found of one strategy.
public struct ConformanceReport: Sendable, Hashable, CustomStringConvertible {
  /// What became of a check.
  public enum Outcome: Sendable, Hashable {
    /// It passed on so many inputs.
    case passed(inputs: Int)
    /// It failed.
    case failed(Finding)
    /// It does not apply, and why.
    case notApplicable(String)
  }

  /// A check and what became of it.
  public struct Result: Sendable, Hashable {
    /// The check.
    public let check: ConformanceCheck
    /// What became of it.
    public let outcome: Outcome
  }

  /// The strategy's name.
  public let strategy: String
  /// The parameters it was given.
  public let parameters: [String: ParameterValue]
  /// All checks, in their order.
  public let results: [Result]

  /// The faults.
  public var findings: [Finding] {
    results.compactMap { if case .failed(let finding) = $0.outcome { finding } else { nil } }
  }

  /// Whether there is no finding.
  public var passes: Bool { findings.isEmpty }

  /// The number of checks that were run and passed.
  public var passedCount: Int {
    results.count { if case .passed = $0.outcome { true } else { false } }
  }

  /// One line, and every finding under it.
  public var description: String {
    let settings = parameters.keys.sorted().map { " \($0)=\(parameters[$0].map { "\($0)" } ?? "")" }
    let head = "\(strategy)\(settings.joined()): \(passedCount) checks passed, \(findings.count) failed"
    return ([head] + findings.map { "\($0)" }).joined(separator: "\n")
  }
}
