public import JointLossWeighting

/// What an epoch of training amounted to.
public struct EpochSummary: Sendable, Hashable {
  /// For each task, the mean over its labelled samples of its unweighted loss, each batch at the parameters of its
  /// step; not a number for a task without one, which only a loop of one's own can come to.
  public let meanLosses: [Double]
  /// For each task, the mean over the steps of its weight on the shared gradient, 0 in steps without its labels.
  public let meanWeights: [Double]
  /// The seconds that each step took.
  public let stepSeconds: [Double]
  /// The share of task pairs with a negative inner product, averaged over the steps in which the strategy saw a
  /// Gramian; nil where it saw none or there is one task.
  public let seenConflictRate: Double?
  /// The share of the steps whose gradient was clipped; nil where gradients are not clipped.
  public let clippedShare: Double?
  /// The norm of the shared gradient that the weights amount to, before it is clipped, averaged over the steps in
  /// which it is known without a pass of its own.
  ///
  /// It is where gradients are clipped, where the rule gives a direction, and where the Gramian over all shared
  /// parameters is taken, for the rule or for the scale policy: then as `√(wᵀ G w)`, to the rounding of the Gramian,
  /// which in `Float` is up to a thousandth of `Σ |w_t| ‖g_t‖`. Else nil, and under a rule that gives an update.
  public let directionNorm: Double?
  /// What the strategy's solver proved over the steps: all iterations, the largest residual and ridge; nil where
  /// nothing was solved.
  public let certificate: SolverCertificate?
  /// For each intervention of the strategy, the share of the steps in which it touched at least one task; without those
  /// that did not occur, and nil where none did.
  public let interventionShares: [Intervention: Double]?
}

/// What training cost in passes over batches: the same on every machine.
public struct PassCounts: Sendable, Hashable, Codable {
  /// Training steps.
  public internal(set) var steps = 0
  /// Forward passes; with micro-batches all but one of a step run twice, and thrice in the steps in which task
  /// gradients are taken apart.
  ///
  /// One more for each part of the batch where the strategy looks at the losses after the step, and one for each
  /// independent batch where it asks for such.
  public internal(set) var forward = 0
  /// Backward passes: one a micro-batch, or one a task in the steps in which task gradients are taken apart; and those
  /// of an optimiser that looks at curvature.
  ///
  /// With micro-batches such a step takes one a task and micro-batch, and one more for each micro-batch but one: the
  /// gradients to follow are known only after all task gradients.
  public internal(set) var backward = 0
  /// Samples seen.
  public internal(set) var samples = 0
}
