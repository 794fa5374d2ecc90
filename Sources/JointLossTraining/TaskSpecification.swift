import JointLossWeighting

/// How a task's predictions are scored.
public enum TaskLoss: String, Codable, Sendable, CaseIterable {
  /// Mean over samples and outputs of the squared error.
  case meanSquaredError = "mse"
  /// Mean over samples of the cross-entropy of an integer label under the softmax of the outputs.
  case softmaxCrossEntropy = "softmax"
  /// Mean over samples and outputs of the logistic loss of a 0/1 label.
  case binaryCrossEntropy = "binary"
}

/// One task of a network: its name, its loss and the width of its head.
public struct TaskSpecification: Codable, Hashable, Sendable {
  /// The name, unique in its suite.
  public let name: String
  /// How predictions are scored.
  public let loss: TaskLoss
  /// The outputs of the head; the number of classes for softmax.
  public let outputs: Int

  /// Creates a task.
  ///
  /// - Parameters:
  ///   - name: the name, unique in its suite.
  ///   - loss: how predictions are scored.
  ///   - outputs: the outputs of the head, at least 1; the number of classes for softmax.
  public init(name: String, loss: TaskLoss, outputs: Int = 1) {
    self.name = name
    self.loss = loss
    self.outputs = outputs
  }

  /// The columns of the task's target: 1 (the class index) for softmax, else the outputs.
  public var targetColumns: Int { loss == .softmaxCrossEntropy ? 1 : outputs }
}

extension [TaskSpecification] {
  /// Checks that each task has as many outputs as its loss needs, and all together fewer than 2^31.
  func requireOutputs(_ code: TrainingError.Code) throws(TrainingError) {
    var total = 0
    for (index, task) in enumerated() {
      let least = task.loss == .softmaxCrossEntropy ? 2 : 1
      guard task.outputs >= least else {
        throw TrainingError(
          code,
          "task \(task.name) with the loss \(task.loss.rawValue) needs at least \(least) outputs, "
            + "not \(task.outputs)", task: index)
      }
      guard task.outputs <= Int(Int32.max) - total else {
        throw TrainingError(
          code,
          "task \(task.name) has \(task.outputs) outputs: those of all tasks must stay below 2^31",
          task: index)
      }
      total += task.outputs
    }
  }

  /// Checks that the names are printable and that each is given once.
  func requireNames(_ code: TrainingError.Code) throws(TrainingError) {
    var names: Set<String> = []
    for (index, task) in enumerated() {
      guard task.name.isPrintable else {
        throw TrainingError(
          code,
          "the name of a task is a text of one line in printable characters, not “\(Quotation.short(task.name))”",
          task: index)
      }
      guard names.insert(task.name).inserted else {
        throw TrainingError(code, "two tasks are named “\(Quotation.short(task.name))”", task: index)
      }
    }
  }
}
