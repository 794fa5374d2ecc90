/// The weights of one step, and where they apply.
public struct TaskWeights: Sendable, Codable, Hashable {
  /// Where weights apply.
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
    /// takes the place of the optimiser there. Each head follows its own loss times ``TaskWeights/headWeights``, by
    /// the optimiser.
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

  /// One weight a task, on the raw task gradients; beside a direction or an update, what the rule weighs its own
  /// gradients by.
  public var values: [Double]
  /// Where the weights apply.
  public var appliesTo: Application
  /// What a solver proved of them; nil for a rule that solves nothing in this step.
  public var certificate: SolverCertificate?
  /// Where the rule had to depart from its formula in this step; nil for a rule that never does.
  public var interventions: Interventions?
  /// The P values that take the place of the shared gradient, or of that on the representation, in the order of the
  /// Jacobian's columns; there exactly where `appliesTo` is ``Application/direction``.
  public private(set) var direction: [Double]?
  /// The P values that the shared parameters lose for each unit of the learning rate, in the order of the Jacobian's
  /// columns; there exactly where `appliesTo` is ``Application/update``.
  public private(set) var update: [Double]?
  /// What each head's loss is multiplied by under a direction or an update; nil for 1 each.
  public private(set) var headWeights: [Double]?

  /// Creates weights.
  ///
  /// - Parameters:
  ///   - values: one weight a task.
  ///   - appliesTo: where they apply.
  ///   - certificate: what a solver proved of them.
  ///   - interventions: where the rule had to depart from its formula.
  public init(
    _ values: [Double], appliesTo: Application, certificate: SolverCertificate? = nil,
    interventions: Interventions? = nil
  ) {
    self.values = values
    self.appliesTo = appliesTo
    self.certificate = certificate
    self.interventions = interventions
  }

  /// Creates a direction.
  ///
  /// - Parameters:
  ///   - direction: the P values that take the place of the shared gradient, or of that on the representation.
  ///   - values: what the rule weighs its own gradients by, one a task.
  ///   - headWeights: what each head's loss is multiplied by; nil for 1 each.
  ///   - interventions: where the rule had to depart from its formula.
  public init(
    direction: [Double], values: [Double], headWeights: [Double]? = nil, interventions: Interventions? = nil
  ) {
    self.init(values, appliesTo: .direction, interventions: interventions)
    self.direction = direction
    self.headWeights = headWeights
  }

  /// Creates an update.
  ///
  /// - Parameters:
  ///   - update: the P values that the shared parameters lose for each unit of the learning rate.
  ///   - values: what the rule weighs its own gradients by, one a task.
  ///   - headWeights: what each head's loss is multiplied by; nil for 1 each.
  public init(update: [Double], values: [Double], headWeights: [Double]? = nil) {
    self.init(values, appliesTo: .update)
    self.update = update
    self.headWeights = headWeights
  }

  /// The direction or the update, where the rule gives one.
  package var given: [Double]? { direction ?? update }
}
