public import JointLossWeighting

/// Checks what any weighting strategy must satisfy, and what it promises of itself.
///
/// Nothing here needs a test library: a check returns findings. In a test of a strategy's own package,
/// `#expect(report.passes, "\(report)")` does.
///
/// Three things are not checked because they cannot go wrong. Weights depend on no gradients but those which
/// the strategy's `Gradients` name: the compiler sees to it for the kinds of JointLossWeighting, and
/// ``ConformanceCheck/declaredEvidence`` for a kind of the author's own. The weights of a step do not depend on later
/// steps, which do not exist yet when they are asked for. A step of another number of tasks is refused by the weigher.
public enum Conformance {
  /// Runs all checks on a strategy.
  ///
  /// - Parameters:
  ///   - type: the strategy.
  ///   - parameters: values for some of its parameters, the promises checked being those of
  ///     ``WeightingStrategy/promises``. Parameters with one number a task leave only that number of tasks.
  ///   - seed: the seed of the inputs and of the strategy's random stream.
  /// - Returns: for each check whether it passed, and the smallest input on which it did not.
  public static func check(
    type: any WeightingStrategy.Type, parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) -> ConformanceReport {
    report(on: type, parameters: parameters, seed: seed)
  }

  private static func report<Strategy: WeightingStrategy>(
    on type: Strategy.Type, parameters: [String: ParameterValue], seed: UInt64
  ) -> ConformanceReport {
    let subject = Subject<Strategy>(parameters: parameters, seed: seed)
    let results = ConformanceCheck.allCases.map { check in
      ConformanceReport.Result(check: check, outcome: outcome(of: check, on: subject, seed: seed))
    }
    return ConformanceReport(strategy: Strategy.about.name, parameters: parameters, results: results)
  }

  private static func outcome<Strategy: WeightingStrategy>(
    of check: ConformanceCheck, on subject: Subject<Strategy>, seed: UInt64
  ) -> ConformanceReport.Outcome {
    guard let promises = subject.promises else {
      return check == .creation ? failure(of: check, on: subject, seed: seed) : .notApplicable("not created")
    }
    guard check.applies(to: promises) else { return .notApplicable("not claimed") }
    return failure(of: check, on: subject, seed: seed)
  }

  private static func failure<Strategy: WeightingStrategy>(
    of check: ConformanceCheck, on subject: Subject<Strategy>, seed: UInt64
  ) -> ConformanceReport.Outcome {
    let inputs = InputSampler(seed: seed).inputs(of: check).filter {
      subject.admits($0.taskCount) && (check != .taskOrder || subject.isHeldToTaskOrder(on: $0))
    }
    for input in inputs {
      guard let failure = subject.failure(of: check, on: input) else { continue }
      let smallest = input.shrunk { subject.failure(of: check, on: $0) != nil }
      let reported = subject.failure(of: check, on: smallest) ?? failure
      return .failed(
        Finding(check: check, reason: reported.reason, value: reported.value, input: smallest))
    }
    return .passed(inputs: inputs.count)
  }
}

extension Subject {
  /// What a check finds wrong on an input.
  func failure(of check: ConformanceCheck, on input: ConformanceInput) -> Failure? {
    switch check {
    case .creation: creationFailure(input)
    case .finiteWeights: finiteWeightsFailure(input)
    case .weightCount: weightCountFailure(input)
    case .application: applicationFailure(input)
    case .certificate: certificateFailure(input)
    case .singleTask: singleTaskFailure(input)
    case .determinism: determinismFailure(input)
    case .isolation: isolationFailure(input)
    case .resume: resumeFailure(input)
    case .stateSize: stateSizeFailure(input)
    case .errorKeepsState: errorFailure(input)
    case .nonFiniteEvidence: nonFiniteEvidenceFailure(input)
    case .declaredEvidence: declaredEvidenceFailure(input)
    case .skippedGradients: skippedGradientsFailure(input)
    case .taskOrder: taskOrderFailure(input)
    case .memory: memoryFailure(input)
    case .weightSum: weightSumFailure(input)
    case .sign: signFailure(input)
    case .scaleLaw: scaleLawFailure(input)
    case .nonConflict: nonConflictFailure(input)
    }
  }
}
