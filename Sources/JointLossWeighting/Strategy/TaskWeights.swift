/// What a strategy answers in one step: a weight a task, and in the place of these a direction or an update where it is
/// a rule that gives one.
///
/// What the weights apply to is said once, in the strategy's description: ``StrategyDescription/weighs``.
public struct TaskWeights: Sendable, Codable, Hashable {
  /// Where weights apply, or what a strategy gives in their place.
  public enum Application: String, Sendable, Codable, CaseIterable {
    /// On the losses: shared parameters and heads follow the gradient of `Σ w_t L_t`.
    case losses
    /// On the shared gradient only: each head follows its own unweighted loss.
    case sharedGradient = "shared_gradient"
    /// Nowhere: the rule gives the direction of the shared parameters itself, which need not be a combination of
    /// this step's task gradients; or, over ``GradientScope/representation``, the cotangent of that, which is taken
    /// back to the shared parameters. Each head follows its own loss times ``TaskWeights/headWeights``.
    case direction
    /// Nowhere: the rule gives what is subtracted from the shared parameters, divided by the learning rate, and so
    /// takes the place of the optimizer there. Each head follows its own loss times ``TaskWeights/headWeights``, by
    /// the optimizer.
    case update

    /// Whether the rule itself gives the P values of a direction or an update: a weight that is changed afterwards
    /// would change nothing.
    package var isGiven: Bool { self == .direction || self == .update }

    /// What the weights apply to, or what the rule gives.
    package var phrase: String {
      switch self {
      case .losses: "losses"
      case .sharedGradient: "shared gradient"
      case .direction: "a direction"
      case .update: "an update"
      }
    }
  }

  /// What is beside the weights.
  private enum Given: Sendable, Codable, Hashable {
    case nothing
    case direction([Double], headWeights: [Double]?)
    case update([Double], headWeights: [Double]?)
  }

  /// One weight a task, on the raw task gradients; beside a direction or an update, what the rule weighs its own
  /// gradients by.
  public var values: [Double]
  /// What a solver proved of them; nil for a rule that solves nothing in this step.
  public var certificate: SolverCertificate?
  /// Where the rule had to depart from its formula in this step; nil for a rule that never does.
  public var interventions: Interventions?
  private let given: Given

  /// Creates weights.
  ///
  /// - Parameters:
  ///   - values: one weight a task.
  ///   - certificate: what a solver proved of them.
  ///   - interventions: where the rule had to depart from its formula.
  public init(
    _ values: [Double], certificate: SolverCertificate? = nil, interventions: Interventions? = nil
  ) {
    (self.values, self.certificate, self.interventions) = (values, certificate, interventions)
    given = .nothing
  }

  /// Creates a direction.
  ///
  /// - Parameters:
  ///   - direction: the P values that take the place of the shared gradient, or of that on the representation, in the
  ///     order of the Jacobian's columns.
  ///   - values: what the rule weighs its own gradients by, one a task.
  ///   - headWeights: what each head's loss is multiplied by; nil for 1 each.
  ///   - interventions: where the rule had to depart from its formula.
  public init(
    direction: [Double], values: [Double], headWeights: [Double]? = nil, interventions: Interventions? = nil
  ) {
    (self.values, self.interventions) = (values, interventions)
    given = .direction(direction, headWeights: headWeights)
  }

  /// Creates an update.
  ///
  /// - Parameters:
  ///   - update: the P values that the shared parameters lose for each unit of the learning rate, in the order of the
  ///     Jacobian's columns.
  ///   - values: what the rule weighs its own gradients by, one a task.
  ///   - headWeights: what each head's loss is multiplied by; nil for 1 each.
  public init(update: [Double], values: [Double], headWeights: [Double]? = nil) {
    self.values = values
    given = .update(update, headWeights: headWeights)
  }

  /// The direction, where the rule gives one.
  public var direction: [Double]? {
    if case .direction(let elements, _) = given { elements } else { nil }
  }

  /// The update, where the rule gives one.
  public var update: [Double]? {
    if case .update(let elements, _) = given { elements } else { nil }
  }

  /// What each head's loss is multiplied by under a direction or an update; nil for 1 each.
  public var headWeights: [Double]? {
    switch given {
    case .nothing: nil
    case .direction(_, let headWeights), .update(_, let headWeights): headWeights
    }
  }

  /// The direction or the update, where the rule gives one.
  package var elements: [Double]? {
    switch given {
    case .nothing: nil
    case .direction(let elements, _), .update(let elements, _): elements
    }
  }

  /// Whether this is what a description says: weights for losses and the shared gradient, else what they name.
  package func isAnswer(of application: Application) -> Bool {
    switch given {
    case .nothing: !application.isGiven
    case .direction: application == .direction
    case .update: application == .update
    }
  }

  /// What it is, in words.
  package var phrase: String {
    switch given {
    case .nothing: "weights"
    case .direction: TaskWeights.Application.direction.phrase
    case .update: TaskWeights.Application.update.phrase
    }
  }
}
