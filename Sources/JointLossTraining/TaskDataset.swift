/// Inputs and the targets of every task, row by row, in `Double`.
public struct TaskDataset: Sendable, Hashable {
  /// The number of samples.
  public let sampleCount: Int
  /// The number of inputs of a sample.
  public let inputCount: Int
  /// The `sampleCount · inputCount` inputs.
  public let inputs: [Double]
  /// For each task, its `sampleCount · targetColumns` targets, 0 where the label is missing.
  public let targets: [[Double]]
  /// For each task, for each sample whether it has a label; nil where no label is missing.
  public let labelled: [[Bool]]?

  /// Creates a data set.
  ///
  /// - Parameters:
  ///   - inputCount: the number of inputs of a sample, at least 1.
  ///   - inputs: the inputs, row by row.
  ///   - targets: for each task, its targets, row by row.
  ///   - labelled: for each task, for each sample whether it has a label; nil if no label is missing. Targets
  ///     without a label are not looked at. A missing label has to be said here: NaN is no label.
  ///   - tasks: the tasks, in the order of the targets.
  /// - Throws: ``TrainingError`` if a count does not fit, a mask included, a value is not finite, or a label
  ///   is no class.
  public init(
    inputCount: Int, inputs: [Double], targets: [[Double]], labelled: [[Bool]]? = nil,
    tasks: [TaskSpecification]
  ) throws(TrainingError) {
    guard inputCount > 0, inputs.count % inputCount == 0 else {
      throw TrainingError(.shape, "\(inputs.count) inputs do not divide into rows of \(inputCount)")
    }
    let samples = inputs.count / inputCount
    guard targets.count == tasks.count else {
      throw TrainingError(.shape, "targets of \(targets.count) tasks for \(tasks.count) tasks")
    }
    if let labelled { try Self.check(labelled, samples: samples, tasks: tasks) }
    if let index = inputs.firstIndex(where: { !$0.isFinite }) {
      throw TrainingError(
        .nonFinite, "input \(index % inputCount) of sample \(index / inputCount) is \(inputs[index])")
    }
    for (task, (values, specification)) in zip(targets, tasks).enumerated() {
      guard values.count == samples * specification.targetColumns else {
        throw TrainingError(
          .shape,
          "task \(specification.name) has \(values.count) targets, "
            + "\(samples * specification.targetColumns) are due",
          task: task)
      }
      for (index, value) in values.enumerated()
      where labelled?[task][index / specification.targetColumns] ?? true {
        let valid =
          switch specification.loss {
          case .meanSquaredError: value.isFinite
          case .binaryCrossEntropy: value == 0 || value == 1
          case .softmaxCrossEntropy:
            value >= 0 && value < Double(specification.outputs) && value.rounded() == value
          }
        guard valid else {
          throw TrainingError(
            .nonFinite, "target \(index) of task \(specification.name) is \(value)", task: task)
        }
      }
    }
    sampleCount = samples
    self.inputCount = inputCount
    self.inputs = inputs
    guard let labelled, labelled.contains(where: { $0.contains(false) }) else {
      self.targets = targets
      self.labelled = nil
      return
    }
    self.targets = zip(zip(targets, labelled), tasks).map { pair, task in
      pair.0.enumerated().map { pair.1[$0 / task.targetColumns] ? $1 : 0 }
    }
    self.labelled = labelled
  }

  private static func check(
    _ labelled: [[Bool]], samples: Int, tasks: [TaskSpecification]
  ) throws(TrainingError) {
    guard labelled.count == tasks.count else {
      throw TrainingError(.shape, "masks of \(labelled.count) tasks for \(tasks.count) tasks")
    }
    for (task, flags) in labelled.enumerated() where flags.count != samples {
      throw TrainingError(
        .shape, "the mask of task \(tasks[task].name) has \(flags.count) flags for \(samples) samples",
        task: task)
    }
  }
}
