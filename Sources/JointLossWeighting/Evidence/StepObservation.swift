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

extension StepObservation {
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

  func require(_ jacobian: Jacobian) throws(WeightingError) {
    try requireCount(jacobian.taskCount, "rows of the Jacobian")
    if let index = jacobian.elements.firstNonFinite {
      let task = index / jacobian.parameterCount
      throw WeightingError(
        .nonFinite, "the gradient of task \(task) holds \(jacobian.elements[index])", task: task)
    }
  }
}
