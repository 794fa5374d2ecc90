/// What a strategy may ask to see, from the cheapest to the dearest.
public enum EvidenceNeed: String, Sendable, Codable, CaseIterable {
  /// The T losses of the batch: one backward pass.
  case losses
  /// The norms of the T task gradients.
  case gradientNorms = "gradient norms"
  /// The T×T inner products of the task gradients.
  case gramian
  /// The T×P task gradients themselves, on the shared parameters or on a representation.
  case jacobian
}

/// Everything that is known of one training step; evidence is cut from it.
public struct StepObservation: Sendable, Hashable {
  /// The position in training, from 0.
  public var step = 0
  /// The epoch, from 0.
  public var epoch = 0
  /// The T unweighted losses of the batch; empty where only gradients are known.
  public var losses: [Double]
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  ///
  /// Of a task without labels nothing is known: its loss, gradient norm and inner products are 0.
  public var present: [Bool]?
  /// The T norms of the task gradients.
  public var gradientNorms: [Double]?
  /// The inner products of the task gradients.
  public var gramian: Gramian?
  /// The task gradients.
  public var jacobian: Jacobian?
  /// The representation, where the task gradients are those on its elements.
  public var representation: Representation?
  /// The task gradients on independent batches of the step, where the strategy asks for such.
  public var jacobians: [Jacobian]?
  /// Draws from outside.
  public var draws = InjectedDraws()

  /// Leaves out the tasks of which the batch has no labels: their loss, norm and gradient become 0.
  ///
  /// - Parameter present: for each task whether the batch has labels of it.
  /// - Throws: ``WeightingError`` if there are not as many flags as tasks, or no task has labels.
  public mutating func keep(_ present: [Bool]) throws(WeightingError) {
    let tasks = taskCount
    guard present.count == tasks else {
      throw WeightingError(.taskCount, "\(present.count) flags of presence for \(tasks) tasks")
    }
    guard present.contains(true) else {
      throw WeightingError(.absentTask, "none of the \(tasks) tasks has labels: there is nothing to weigh")
    }
    self.present = present.contains(false) ? present : nil
    for task in 0..<tasks where !present[task] {
      if !losses.isEmpty { losses[task] = 0 }
      clearGradient(of: task)
    }
  }

  /// Sets a task's gradient to 0, in whatever is known of the gradients.
  ///
  /// - Parameter task: the task's index.
  package mutating func clearGradient(of task: Int) {
    gradientNorms?[task] = 0
    for other in 0..<(gramian?.taskCount ?? 0) {
      gramian?[task, other] = 0
      gramian?[other, task] = 0
    }
    jacobian?.clear(task)
    for batch in 0..<(jacobians?.count ?? 0) { jacobians?[batch].clear(task) }
  }

  /// Creates an observation of the losses alone.
  ///
  /// - Parameter losses: the T unweighted losses; empty where only gradients are known.
  public init(losses: [Double]) { self.losses = losses }

  /// The number of tasks: that of the losses or, without them, of the first of norms, Gramian and Jacobians.
  public var taskCount: Int {
    losses.isEmpty
      ? gradientNorms?.count ?? gramian?.taskCount ?? jacobian?.taskCount ?? jacobians?.first?.taskCount ?? 0
      : losses.count
  }
}

/// Evidence: the part of a step that a strategy asked for, checked to be finite and of one size.
public protocol TaskEvidence: Sendable {
  associatedtype Gradients: GradientEvidence

  /// What the trainer has to compute for it, in the steps in which the strategy reads it:
  /// ``WeightingStrategy/readsGradients(present:)``.
  static var need: EvidenceNeed { get }

  /// Whether the strategy is told the losses of the same batch after the step, by
  /// ``WeightingStrategy/stepEnded(lossesAfter:)``: one more forward pass.
  static var looksAfterStep: Bool { get }

  /// The number of independent batches of a step on which the task gradients are taken; 1 for the step's own.
  static var independentBatches: Int { get }

  /// Cuts the evidence from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if a part is missing, of another number of tasks, or not finite.
  init(observing observation: StepObservation) throws(WeightingError)

  /// The number of tasks.
  var taskCount: Int { get }

  /// For each task whether the batch has labels of it; nil where it has labels of all.
  var present: [Bool]? { get }
}

extension TaskEvidence {
  // Correct for every rule that looks once.
  /// False: a step is looked at before it is taken.
  public static var looksAfterStep: Bool { false }

  // Correct for every rule that looks at one batch.
  /// 1: the step's own batch.
  public static var independentBatches: Int { 1 }

  // Correct for evidence of one's own in loops whose batches have all labels.
  /// Nil: all tasks have labels.
  public var present: [Bool]? { nil }

  /// Whether the batch has labels of a task.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: false where loss and gradient are 0 for want of labels.
  public func isPresent(_ task: Int) -> Bool { present?[task] ?? true }

  /// The number of tasks of which the batch has labels.
  var presentCount: Int {
    guard let present else { return taskCount }
    var count = 0
    for isPresent in present where isPresent { count += 1 }
    return count
  }

  /// Checks that the evidence is of as many tasks as the strategy was created for.
  ///
  /// - Parameters:
  ///   - expected: the number of tasks in the ``StrategySetup``.
  ///   - strategy: the strategy's name, for the message; evaluated only there, since a wrapper's is put together.
  /// - Throws: ``WeightingError`` with both numbers if they differ.
  public func require(
    taskCount expected: Int, by strategy: @autoclosure () -> String
  ) throws(WeightingError) {
    guard taskCount == expected else {
      throw WeightingError(
        .taskCount, "\(strategy()) was created for \(expected) tasks, this step has \(taskCount)")
    }
  }
}

/// The number of tasks and nothing else: for rules whose weights are fixed beforehand.
public struct TaskCountEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// One backward pass, as for the losses.
  public static let need = EvidenceNeed.losses
  /// The number of tasks.
  public let taskCount: Int
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Counts the tasks of an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if there is no task, or a loss is given and not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    taskCount = observation.taskCount
  }
}

/// The losses of the batch.
public struct LossEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Losses alone.
  public static let need = EvidenceNeed.losses
  /// The T unweighted losses.
  public let losses: [Double]
  /// The epoch, from 0.
  public let epoch: Int
  /// Draws from outside.
  public let draws: InjectedDraws
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts the losses from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if the losses are missing, or naming the task whose loss is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireLosses()
    present = try observation.requirePresence()
    losses = observation.losses
    epoch = observation.epoch
    draws = observation.draws
  }

  /// The number of tasks.
  public var taskCount: Int { losses.count }
}

/// The norms of the task gradients, and the losses where they are known, over the strategy's ``GradientScope``.
public struct GradientNormEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.GradientNorms
  /// The norms; the losses come with them.
  public static let need = EvidenceNeed.gradientNorms
  /// The T unweighted losses; empty where only gradients are known.
  public let losses: [Double]
  /// The T norms of the unweighted task gradients.
  public let norms: [Double]
  /// The epoch, from 0.
  public let epoch: Int
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts norms and losses from an observation; a Gramian's diagonal serves where norms are not given.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if norms are missing, too few or negative, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    losses = observation.losses
    epoch = observation.epoch
    if let norms = observation.gradientNorms {
      try observation.requireCount(norms.count, "gradient norms")
      for (task, norm) in norms.enumerated() where !(norm.isFinite && norm >= 0) {
        throw WeightingError(.nonFinite, "the gradient norm of task \(task) is \(norm)", task: task)
      }
      self.norms = norms
    } else if let gramian = observation.gramian ?? observation.jacobian?.gramian {
      try observation.require(gramian)
      norms = (0..<gramian.taskCount).map { gramian.norm(of: $0) }
    } else {
      throw WeightingError(
        .missingEvidence, "the strategy reads gradient norms: give gradient norms, a Gramian or a Jacobian")
    }
  }

  /// The number of tasks.
  public var taskCount: Int { norms.count }

  /// Checks that the losses are known, and not negative.
  ///
  /// - Parameter strategy: the strategy's name, for the message.
  /// - Throws: ``WeightingError`` if they are missing, or naming the task whose loss is negative.
  public func requireNonNegativeLosses(by strategy: String) throws(WeightingError) {
    try LossTransforms.requireKnownAndNonNegative(losses, by: strategy)
  }
}

/// The Gramian of the task gradients, for rules that do not look at the losses.
public struct GramianEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.Gramian
  /// The Gramian.
  public static let need = EvidenceNeed.gramian
  /// The inner products of the task gradients.
  public let gramian: Gramian
  /// The epoch, from 0.
  public let epoch: Int
  /// Draws from outside.
  public let draws: InjectedDraws
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts the Gramian from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if there is neither Gramian nor Jacobian, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    try observation.requireFiniteLosses()
    present = try observation.requirePresence()
    guard let gramian = observation.gramian ?? observation.jacobian?.gramian else {
      throw WeightingError(.missingEvidence, "the strategy reads the Gramian: give a Gramian or a Jacobian")
    }
    try observation.require(gramian)
    self.gramian = gramian
    epoch = observation.epoch
    draws = observation.draws
  }

  /// The number of tasks.
  public var taskCount: Int { gramian.taskCount }
}

/// The Gramian of the task gradients, and the losses where they are known.
public struct LossGramianEvidence: TaskEvidence {
  public typealias Gradients = JointLossWeighting.Gramian
  /// The Gramian; the losses come with it.
  public static let need = EvidenceNeed.gramian
  /// The T unweighted losses; empty where only gradients are known.
  public let losses: [Double]
  /// The inner products of the task gradients.
  public let gramian: Gramian
  /// The epoch, from 0.
  public let epoch: Int
  /// For each task whether the batch has labels of it; nil where it has labels of all.
  public let present: [Bool]?

  /// Cuts losses and Gramian from an observation.
  ///
  /// - Parameter observation: the step.
  /// - Throws: ``WeightingError`` if the Gramian is missing, or a value is not finite.
  public init(observing observation: StepObservation) throws(WeightingError) {
    let evidence = try GramianEvidence(observing: observation)
    losses = observation.losses
    gramian = evidence.gramian
    epoch = evidence.epoch
    present = evidence.present
  }

  /// The number of tasks.
  public var taskCount: Int { gramian.taskCount }

  /// Checks that the losses are known, and not negative.
  ///
  /// - Parameter strategy: the strategy's name, for the message.
  /// - Throws: ``WeightingError`` if they are missing, or naming the task whose loss is negative.
  public func requireNonNegativeLosses(by strategy: String) throws(WeightingError) {
    try LossTransforms.requireKnownAndNonNegative(losses, by: strategy)
  }
}

extension StepObservation {
  func requireLosses() throws(WeightingError) {
    try requireFiniteLosses()
    guard !losses.isEmpty else {
      throw WeightingError(.missingEvidence, "the strategy reads losses: give the loss of each task")
    }
  }

  func requireFiniteLosses() throws(WeightingError) {
    guard taskCount > 0 else {
      throw WeightingError(.taskCount, "a step needs at least one task")
    }
    for (task, loss) in losses.enumerated() where !loss.isFinite {
      throw WeightingError(.nonFinite, "the loss of task \(task) is \(loss)", task: task)
    }
  }

  /// Checks that presence, where given, is said of every task.
  func requirePresence() throws(WeightingError) -> [Bool]? {
    if let present { try requireCount(present.count, "flags of presence") }
    return present
  }

  func requireCount(_ count: Int, _ what: String) throws(WeightingError) {
    guard count == taskCount else {
      throw WeightingError(.taskCount, "\(count) \(what) for \(taskCount) tasks")
    }
  }

  func require(_ gramian: Gramian) throws(WeightingError) {
    try requireCount(gramian.taskCount, "tasks in the Gramian")
    for i in 0..<taskCount {
      for j in 0..<taskCount where !gramian[i, j].isFinite {
        throw WeightingError(
          .nonFinite, "the inner product of the gradients of tasks \(i) and \(j) is \(gramian[i, j])", task: i
        )
      }
    }
  }
}
