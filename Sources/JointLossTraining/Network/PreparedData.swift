import JointLossLinearAlgebra

// Unchecked: the matrices are filled before the initialiser returns and only read afterwards.
/// A data set converted once to the scalar of a network, its targets side by side.
public final class PreparedData<Scalar: TrainableScalar>: @unchecked Sendable {
  /// The number of samples.
  public let sampleCount: Int
  /// The number of inputs of a sample.
  public let inputCount: Int
  /// The tasks the targets were checked against.
  public let tasks: [TaskSpecification]
  /// samples × inputs.
  let inputs: Matrix<Scalar>
  /// samples × target columns of all tasks.
  let targets: Matrix<Scalar>
  /// samples × tasks: 1 where a sample has a label, 0 where not; nil where none is missing.
  let labels: Buffer<Scalar>?

  /// Converts a data set for a network.
  ///
  /// - Parameters:
  ///   - data: inputs, and targets of all the network's tasks.
  ///   - network: the network that will read them.
  /// - Throws: ``TrainingError`` if there is no sample, the shapes do not fit the network, a task has no label
  ///   at all, a label is no class of its head, or a value leaves the scalar's range.
  public convenience init(_ data: TaskDataset, network: NetworkSpecification) throws(TrainingError) {
    try self.init(data, inputs: network.inputs, tasks: network.tasks)
  }

  /// Converts a data set for a model of one's own.
  ///
  /// - Parameters:
  ///   - data: inputs, and targets of all the model's tasks.
  ///   - model: the model that will read them.
  /// - Throws: ``TrainingError`` as for a network.
  public convenience init(
    _ data: TaskDataset, model: some MultiTaskModel<Scalar>
  ) throws(TrainingError) {
    try self.init(data, inputs: model.inputs, tasks: model.tasks)
  }

  private init(_ data: TaskDataset, inputs inputCount: Int, tasks: [TaskSpecification]) throws(TrainingError)
  {
    guard data.sampleCount > 0 else { throw TrainingError(.shape, "the data set holds no sample") }
    guard data.inputCount == inputCount else {
      throw TrainingError(
        .shape, "samples of \(data.inputCount) inputs for a network of \(inputCount) inputs")
    }
    guard data.targets.count == tasks.count else {
      throw TrainingError(
        .shape, "targets of \(data.targets.count) tasks for a network of \(tasks.count) tasks")
    }
    sampleCount = data.sampleCount
    self.inputCount = inputCount
    self.tasks = tasks
    labels = try data.labelled.map { labelled throws(TrainingError) in
      try Self.mask(labelled, samples: data.sampleCount, tasks: tasks)
    }
    inputs = Matrix(rows: data.sampleCount, columns: inputCount)
    targets = Matrix(rows: data.sampleCount, columns: tasks.reduce(0) { $0 + $1.targetColumns })
    for (index, value) in data.inputs.enumerated() {
      let (sample, input) = index.quotientAndRemainder(dividingBy: inputCount)
      guard Scalar(value).isFinite else {
        throw TrainingError(
          .nonFinite, "input \(input) of sample \(sample), \(value), is not finite in \(Scalar.self)")
      }
      inputs[sample, input] = Scalar(value)
    }
    var column = 0
    for (task, specification) in tasks.enumerated() {
      try Self.copy(
        data.targets[task], of: specification, task: task, to: targets.view, column: column)
      column += specification.targetColumns
    }
  }

  /// The inputs as the network reads them, row by row.
  package var inputElements: [Scalar] { inputs.view.elements }

  /// The targets of a task as its loss reads them, row by row; 0 where the label is missing.
  package func targetElements(of task: Int) -> [Scalar] {
    let columns = tasks.map(\.targetColumns).consecutiveRanges[task]
    return targets.view.columns(columns).elements
  }

  /// For each sample whether it has a label of a task; nil where none is missing.
  package func labelFlags(of task: Int) -> [Bool]? {
    labels.map { labels in (0..<sampleCount).map { labels.view[$0, task] != 0 } }
  }

  /// Checks that the data can fill a batch.
  package func requireBatch(of size: Int) throws(TrainingError) {
    guard size <= sampleCount else {
      throw TrainingError(
        .shape, "a batch of \(size) samples is larger than the training data of \(sampleCount)")
    }
  }

  private static func mask(
    _ labelled: [[Bool]], samples: Int, tasks: [TaskSpecification]
  ) throws(TrainingError) -> Buffer<Scalar> {
    let labels = Buffer<Scalar>(rows: samples, columns: tasks.count)
    for (task, flags) in labelled.enumerated() {
      guard flags.contains(true) else {
        throw TrainingError(
          .shape, "task \(tasks[task].name) has no label among \(flags.count) samples", task: task)
      }
      for (sample, flag) in flags.enumerated() { labels.view[sample, task] = flag ? 1 : 0 }
    }
    return labels
  }

  private static func copy(
    _ values: [Double], of specification: TaskSpecification, task: Int, to targets: MatrixView<Scalar>,
    column: Int
  ) throws(TrainingError) {
    let columns = specification.targetColumns
    guard values.count == targets.rows * columns else {
      throw TrainingError(
        .shape,
        "task \(specification.name) has \(values.count) targets, \(targets.rows * columns) are due",
        task: task
      )
    }
    for (index, value) in values.enumerated() {
      // A class beyond the head's outputs would be read from memory that is not the head's.
      let isClass = value >= 0 && value < Double(specification.outputs) && value.rounded() == value
      guard Scalar(value).isFinite, specification.loss != .softmaxCrossEntropy || isClass else {
        throw TrainingError(
          .nonFinite,
          "target \(index) of task \(specification.name), \(value), is no value that its loss "
            + "\(specification.loss.rawValue) takes in \(Scalar.self)", task: task)
      }
      let (sample, offset) = index.quotientAndRemainder(dividingBy: columns)
      targets[sample, column + offset] = Scalar(value)
    }
  }

  /// The inputs and targets of consecutive samples, where they lie.
  func batch(_ samples: Range<Int>) -> Batch<Scalar> {
    Batch(
      inputs: inputs.view.rows(samples), targets: targets.view.rows(samples),
      labels: labels?.view.rows(samples))
  }
}

/// The samples of one pass.
struct Batch<Scalar: TrainableScalar> {
  let inputs: MatrixView<Scalar>
  let targets: MatrixView<Scalar>
  /// samples × tasks: 1 where a sample has a label, 0 where not; nil where none is missing.
  let labels: MatrixView<Scalar>?

  var count: Int { inputs.rows }

  func rows(_ range: Range<Int>) -> Batch {
    Batch(inputs: inputs.rows(range), targets: targets.rows(range), labels: labels?.rows(range))
  }

  /// The number of samples that have a label of a task.
  func labelledCount(of task: Int) -> Int {
    guard let labels else { return count }
    var result = 0
    for sample in 0..<count where labels[sample, task] != 0 { result += 1 }
    return result
  }
}
