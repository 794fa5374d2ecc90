public import JointLossWeighting

/// What a training step does where the strategy leaves it open: which gradients, which scale, how the heads move,
/// how large the passes are.
public struct StepOptions: Codable, Hashable, Sendable {
  /// What the parameters of a head follow.
  public enum HeadPolicy: String, Codable, Sendable, CaseIterable {
    /// The weighted loss under rules that weigh losses, the unweighted one under rules that weigh the shared
    /// gradient.
    case strategy
    /// The unweighted loss of the head's task.
    case unit
    /// The loss of the head's task times its weight.
    case weighted
  }

  /// How weights are scaled before they are used.
  public enum ScalePolicy: String, Codable, Sendable, CaseIterable {
    /// Not at all: as the rule's paper has them.
    case paper
    /// To the sum T, or in a batch that lacks the labels of some tasks to the number of the others.
    case sumToTasks = "sum-to-T"
    /// On the shared parameters alone, so that the gradient there is as long as under equal weights: at one
    /// learning rate, rules then differ in direction only.
    case matchNorm = "match-norm"
  }

  /// The gradients that a rule sees, unless it prescribes them itself; nil for all shared parameters.
  public var gradientScope: GradientScope?
  /// What the parameters of a head follow.
  public var headPolicy: HeadPolicy
  /// How weights are scaled.
  public var scalePolicy: ScalePolicy
  /// The number of micro-batches that a batch is split into, at least 1.
  ///
  /// The step is that of the whole batch, to rounding, in the memory of one micro-batch. The weights need the
  /// losses of the whole batch, so all micro-batches but one run forward twice. For rules that see losses, and for
  /// those that see the task gradients of the batch themselves: the gradient of a mean is the mean of the gradients
  /// of its parts. Two Jacobians are kept then, and all micro-batches but one run forward a third time. Norms and
  /// inner products of gradients do not add up, so rules that see these alone are refused; so are rules that see
  /// independent batches, which are parts of the batch already, or give a direction on the representation of all of it.
  public var accumulation: Int
  /// The largest norm of the combined gradient of all parameters, above 0; nil where gradients are not clipped.
  ///
  /// A longer gradient is shortened to it before the optimiser sees it. Not for rules that give an update: then
  /// the optimiser sees the heads' gradients alone.
  public var clipNorm: Double?

  /// Creates options; the defaults are those of the papers.
  ///
  /// - Parameters:
  ///   - gradientScope: the gradients that a rule sees, unless it prescribes them itself.
  ///   - headPolicy: what the parameters of a head follow.
  ///   - scalePolicy: how weights are scaled.
  ///   - accumulation: the number of micro-batches that a batch is split into.
  ///   - clipNorm: the largest norm of the combined gradient, above 0.
  public init(
    gradientScope: GradientScope? = nil, headPolicy: HeadPolicy = .strategy,
    scalePolicy: ScalePolicy = .paper, accumulation: Int = 1,
    clipNorm: Double? = nil
  ) {
    self.gradientScope = gradientScope
    self.headPolicy = headPolicy
    self.scalePolicy = scalePolicy
    self.accumulation = accumulation
    self.clipNorm = clipNorm
  }
}

extension StepOptions {
  /// Checks the options against a strategy's needs and the size of a batch.
  package func validate<Strategy: WeightingStrategy>(
    for strategy: Strategy.Type, batchSize: Int
  ) throws(TrainingError) {
    let (name, need) = (Strategy.about.name, Strategy.Gradients.need)
    guard accumulation >= 1, accumulation <= batchSize else {
      throw TrainingError(
        .configuration, "a batch of \(batchSize) samples cannot be split into \(accumulation) micro-batches")
    }
    if let clipNorm {
      guard clipNorm > 0, clipNorm.isFinite else {
        throw TrainingError(
          .configuration, "gradients are clipped at a finite norm above 0, not \(clipNorm)")
      }
    }
    let appliesTo = Strategy.about.weighs
    guard accumulation == 1 || need == .losses || need == .jacobian else {
      throw TrainingError(
        .configuration,
        "\(name) reads \(need.rawValue): norms and inner products of gradients do not add up over \(accumulation) "
          + "micro-batches, as losses and the gradients themselves do")
    }
    let batches = Strategy.Gradients.independentBatches
    guard accumulation == 1 || batches == 1 else {
      throw TrainingError(
        .configuration,
        "\(name) reads \(batches) independent batches, which are parts of the batch already: it is not split into "
          + "\(accumulation) micro-batches")
    }
    guard scalePolicy == .paper || !appliesTo.isGiven else {
      throw TrainingError(
        .configuration,
        "\(name) gives \(appliesTo.phrase): there are no weights that the scale policy \(scalePolicy.rawValue) "
          + "could scale")
    }
    guard clipNorm == nil || appliesTo != .update else {
      throw TrainingError(
        .configuration,
        "\(name) gives an update: there is no gradient of all parameters whose norm could be clipped")
    }
    guard batchSize >= batches else {
      throw TrainingError(
        .configuration,
        "\(name) reads \(batches) independent batches, and a batch of \(batchSize) has not as many parts")
    }
    guard accumulation == 1 || scalePolicy != .matchNorm else {
      throw TrainingError(
        .configuration,
        "the scale policy match-norm needs the gramian, which does not add up over \(accumulation) "
          + "micro-batches")
    }
  }
}
