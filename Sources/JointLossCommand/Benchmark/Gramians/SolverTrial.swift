import JointLossWeighting

/// What a rule makes of random Gramians, held against the gradients themselves.
struct SolverTrial: Encodable {
  /// What can be wrong with an answer.
  enum Fault: Equatable {
    case error(String)
    case notFinite
    /// What was found, and by how much it is more than the rounding of the Gramian and the ridge explain.
    case contradicted(String)
  }

  /// What contradicts an answer; nil for nothing.
  typealias Judge = @Sendable (Answer) throws(Answer.Unjudged) -> String?

  /// The rules with a solver, and how their answers are judged.
  static let rules: [(name: String, judge: Judge)] = [
    ("mgda", { answer throws(Answer.Unjudged) in try answer.minNormContradiction() }),
    ("upgrad", { answer throws(Answer.Unjudged) in try answer.projectionContradiction(ofEach: true) }),
    ("dualproj", { answer throws(Answer.Unjudged) in try answer.projectionContradiction(ofEach: false) }),
    ("cagrad", { answer throws(Answer.Unjudged) in try answer.gainContradiction(radius: 0.4) }),
    ("nash-mtl", { $0.fairnessContradiction(alpha: 1) }),
    ("fairgrad", { $0.fairnessContradiction(alpha: 2) }),
    ("imtl-g", { _ in nil }),
    ("config", { _ in nil }),
    ("aligned-mtl", { _ in nil }),
  ]

  /// The rule.
  let name: String
  private let judge: Judge
  private(set) var count = 0
  private(set) var errors = 0
  private(set) var notFinite = 0
  private(set) var contradicted = 0
  /// The answers whose reference has not come to an end.
  private(set) var unjudged = 0
  /// The answers whose certificate is above the tolerance.
  private(set) var unproven = 0
  /// The answers that took a ridge.
  private(set) var ridged = 0
  private(set) var worstResidual = 0.0
  private(set) var largestRidge = 0.0
  /// The first faults, each with its Gramian.
  private(set) var faults: [String] = []
  private static let faultLimit = 3

  /// All errors, weights that are not finite and contradicted answers.
  var faultCount: Int { errors + notFinite + contradicted }

  private enum CodingKeys: String, CodingKey {
    case name = "strategy", count = "gramians", errors, notFinite, contradicted, unjudged,
      unproven, ridged, worstResidual, largestRidge, faults
  }

  /// Creates a tally of nothing.
  ///
  /// - Parameter rule: one of ``rules``.
  init(_ rule: (name: String, judge: Judge)) { (name, judge) = rule }

  /// Lets the rule weigh a Gramian, and judges and counts what it gives.
  ///
  /// - Parameters:
  ///   - random: the gradients and their Gramian.
  ///   - number: the number of the Gramian among those drawn.
  /// - Throws: `WeightingError` if the rule cannot be created.
  mutating func add(_ random: RandomGramian, number: Int) throws {
    let strategy = try StrategyRegistry.builtIn.make(name, taskCount: random.rows.count)
    var observation = StepObservation(losses: [Double](repeating: 1, count: random.rows.count))
    observation.gramian = random.gramian
    count += 1
    guard let fault = fault(of: strategy, observation, random) else { return }
    let words: String
    switch fault {
    case .error(let message):
      errors += 1
      words = "error: \(message)"
    case .notFinite:
      notFinite += 1
      words = "a weight that is not finite"
    case .contradicted(let finding):
      contradicted += 1
      words = finding
    }
    if faults.count < Self.faultLimit {
      faults.append("\(name), Gramian \(number) (\(random.summary)): \(words)")
    }
  }

  private mutating func fault<Strategy: WeightingStrategy>(
    of strategy: Strategy, _ observation: StepObservation, _ random: RandomGramian
  ) -> Fault? {
    let weights: TaskWeights
    do {
      var weigher = try Weigher(strategy, taskCount: random.rows.count)
      weights = try weigher.answer(observing: observation)
    } catch { return .error(error.message) }
    if let certificate = weights.certificate {
      guard certificate.defect == nil else { return .notFinite }
      worstResidual = max(worstResidual, certificate.residual)
      largestRidge = max(largestRidge, certificate.ridge)
      if certificate.ridge > 0 { ridged += 1 }
      if certificate.residual > SolverCertificate.tolerance { unproven += 1 }
    }
    guard weights.values.allSatisfy(\.isFinite) else { return .notFinite }
    let answer = Answer(random, weights: weights.values, certificate: weights.certificate)
    do {
      return try judge(answer).map { .contradicted($0) }
    } catch {
      unjudged += 1
      return nil
    }
  }
}
