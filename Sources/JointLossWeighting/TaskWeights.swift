/// The weights of one step, and where they apply.
public struct TaskWeights: Sendable, Codable, Hashable {
  /// Where weights apply.
  public enum Application: String, Sendable, Codable, CaseIterable {
    /// On the losses: shared parameters and heads follow the gradient of `Σ w_t L_t`.
    case losses
    /// On the shared gradient only: each head follows its own unweighted loss.
    case sharedGradient = "shared_gradient"
  }

  /// One weight a task, on the raw task gradients.
  public var values: [Double]
  /// Where the weights apply.
  public var appliesTo: Application
  /// What a solver proved of them; nil for a rule that solves nothing in this step.
  public var certificate: SolverCertificate?

  /// Creates weights.
  ///
  /// - Parameters:
  ///   - values: one weight a task.
  ///   - appliesTo: where they apply.
  ///   - certificate: what a solver proved of them.
  public init(_ values: [Double], appliesTo: Application, certificate: SolverCertificate? = nil) {
    self.values = values
    self.appliesTo = appliesTo
    self.certificate = certificate
  }
}
