/// A fault of a model, with the smallest input on which it shows.
public struct ModelFinding: Sendable, Hashable, CustomStringConvertible {
  /// The check that failed.
  public let check: ModelCheck
  /// What is wrong, in one sentence with the values.
  public let reason: String
  /// How wrong: the relative error, or the difference that should be 0; nil where it is not a number.
  public let value: Double?
  /// The smallest input on which it shows: fewest samples, then evaluation before training.
  public let input: ModelInput

  /// Check, reason and input.
  public var description: String { "\(check.rawValue): \(reason)\n\(input)" }
}

/// What the checks found of one model.
public struct ModelReport: Sendable, Hashable, CustomStringConvertible {
  /// What became of a check.
  public enum Outcome: Sendable, Hashable {
    /// It passed on so many inputs.
    case passed(inputs: Int)
    /// It failed.
    case failed(ModelFinding)
    /// It was not run, and why.
    case notApplicable(String)
  }

  /// A check and what became of it.
  public struct Result: Sendable, Hashable {
    /// The check.
    public let check: ModelCheck
    /// What became of it.
    public let outcome: Outcome
  }

  /// The model's type.
  public let model: String
  /// All checks, in their order.
  public let results: [Result]

  /// The faults.
  public var findings: [ModelFinding] {
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
    let head = "\(model): \(passedCount) checks passed, \(findings.count) failed"
    return ([head] + findings.map { "\($0)" }).joined(separator: "\n")
  }
}
