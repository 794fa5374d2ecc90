/// What a strategy sees of one training step: losses and labels in every kind, and the gradients that it asks for.
///
/// All numbers are finite, and there are as many of each as tasks. Of a task without labels in the step nothing is
/// known: its loss, gradient norm, inner products and gradient are 0.
public struct Step<Gradients: GradientEvidence>: Sendable {
  /// The T unweighted losses of the batch; empty where only gradients are known.
  public let losses: [Double]
  /// What the strategy asked for of the task gradients.
  public let gradients: Gradients
  /// The epoch, from 0.
  public let epoch: Int
  /// The position of the step in training, from 0.
  public let index: Int
  /// The number of tasks, T.
  public let taskCount: Int
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?
  /// What a strategy draws at random in this step: copy it to a variable and draw from that.
  ///
  /// It is derived from the seed and the position of the step, so that no strategy keeps a stream in its state.
  public let random: PhiloxStream
  /// Draws from outside, which take the place of the strategy's own where they are given.
  public let draws: InjectedDraws
  /// The representation, as many elements as the Jacobian has columns, where the task gradients are those on its
  /// elements; nil where they are on the parameters.
  public let representation: Representation?

  /// Whether the batch has labels of a task.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: false where loss and gradient are 0 for want of labels.
  public func isPresent(_ task: Int) -> Bool { present?[task] ?? true }

  /// The number of tasks of which the batch has labels.
  public var presentCount: Int {
    guard let present else { return taskCount }
    var count = 0
    for isPresent in present where isPresent { count += 1 }
    return count
  }

  /// Cuts the step from all that is known of it.
  ///
  /// - Parameters:
  ///   - observation: the step.
  ///   - random: the stream of what is drawn in it.
  /// - Throws: ``WeightingError`` if a part is missing, of another number of tasks, or not finite.
  init(observing observation: StepObservation, random: PhiloxStream) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    gradients = try Gradients(observing: observation)
    losses = observation.losses
    epoch = observation.epoch
    index = observation.step
    taskCount = observation.taskCount
    self.random = random
    draws = observation.draws
    representation = observation.representation
  }

  /// Checks that no loss is negative.
  ///
  /// - Parameter strategy: the strategy, for the message.
  /// - Throws: ``WeightingError`` if the losses are missing, or naming the first task whose loss is negative.
  public func requireNonNegativeLosses<Strategy: WeightingStrategy>(
    by strategy: Strategy.Type
  ) throws(WeightingError) {
    try LossTransforms.requireKnownAndNonNegative(losses, by: Strategy.about.name)
  }
}

extension Step where Gradients == GradientNorms {
  /// The T norms of the unweighted task gradients.
  public var norms: [Double] { gradients.values }
}

extension Step where Gradients == Gramian {
  /// The T×T inner products of the task gradients.
  public var gramian: Gramian { gradients }
}

extension Step where Gradients == Jacobian {
  /// The task gradients on all shared parameters, T×P; over ``GradientScope/representation`` those on its elements,
  /// T × (samples · units).
  public var jacobian: Jacobian { gradients }
}

extension Step where Gradients == IndependentJacobians {
  /// The task gradients on all shared parameters, T×P, of each of three batches.
  public var jacobians: [Jacobian] { gradients.batches }
}
