/// A trunk of dense layers, shared by all tasks, and one dense head a task.
///
/// A trunk without layers gives linear heads on the inputs: then nothing is shared.
public struct NetworkSpecification: Codable, Hashable, Sendable {
  /// The number of inputs of a sample.
  public let inputs: Int
  /// The widths of the trunk's layers, from the input upwards.
  public let trunk: [Int]
  /// The activation of every trunk layer; heads are linear.
  public let activation: Activation
  /// The tasks, in the order of their heads.
  public let tasks: [TaskSpecification]

  /// Creates a network's specification.
  ///
  /// - Parameters:
  ///   - inputs: the number of inputs of a sample, at least 1.
  ///   - trunk: the widths of the trunk's layers, each at least 1.
  ///   - activation: the activation of every trunk layer.
  ///   - tasks: at least one task, their names unique.
  /// - Throws: ``TrainingError`` if a number makes no sense or the network is too large for BLAS.
  public init(inputs: Int, trunk: [Int], activation: Activation, tasks: [TaskSpecification])
    throws(TrainingError)
  {
    self.inputs = inputs
    self.trunk = trunk
    self.activation = activation
    self.tasks = tasks
    try validate()
  }

  /// Decodes a specification.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, or ``TrainingError`` if the numbers make no sense.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      inputs: container.decode(Int.self, forKey: .inputs),
      trunk: container.decode([Int].self, forKey: .trunk),
      activation: container.decode(Activation.self, forKey: .activation),
      tasks: container.decode([TaskSpecification].self, forKey: .tasks))
  }

  /// The outputs of all heads together.
  var outputCount: Int { tasks.reduce(0) { $0 + $1.outputs } }

  /// The columns of all targets together.
  var targetColumns: Int { tasks.reduce(0) { $0 + $1.targetColumns } }

  private func validate() throws(TrainingError) {
    guard inputs >= 1 else {
      throw TrainingError(.configuration, "a network needs at least one input, not \(inputs)")
    }
    for (layer, width) in trunk.enumerated() where width < 1 {
      throw TrainingError(.configuration, "trunk layer \(layer) needs at least one unit, not \(width)")
    }
    guard !tasks.isEmpty else {
      throw TrainingError(.configuration, "a network needs at least one task")
    }
    var names: Set<String> = []
    for (index, task) in tasks.enumerated() {
      guard names.insert(task.name).inserted else {
        throw TrainingError(.configuration, "two tasks are named “\(task.name)”", task: index)
      }
      let least = task.loss == .softmaxCrossEntropy ? 2 : 1
      guard task.outputs >= least else {
        throw TrainingError(
          .configuration,
          "task \(task.name) with the loss \(task.loss.rawValue) needs at least \(least) outputs, "
            + "not \(task.outputs)", task: index)
      }
    }
    try validateSize()
  }

  /// BLAS counts in 32 bits; the widest matrices are the weights and the stacked cotangents of one sample.
  private func validateSize() throws(TrainingError) {
    let (outputs, widest) = (tasks.map(\.outputs), max(inputs, trunk.max() ?? 1))
    let total = outputs.reduce((value: 0, overflow: false)) { sum, next in
      let (value, overflow) = sum.value.addingReportingOverflow(next)
      return (value, sum.overflow || overflow)
    }
    let (stacked, overflow) = max(total.value, 1).multipliedReportingOverflow(by: widest)
    guard !total.overflow, !overflow, stacked <= Int(Int32.max) else {
      throw TrainingError(
        .configuration,
        "\(tasks.count) tasks on layers of up to \(widest) units are too large: outputs × units must stay "
          + "below 2^31")
    }
    guard widest <= Int(Int32.max) / widest else {
      throw TrainingError(
        .configuration, "a layer of \(widest) units is too large: its weights must stay below 2^31")
    }
  }
}
