public import JointLossLinearAlgebra

/// What a model's forward and backward pass read and write: the batch, the parameters, and buffers that are kept
/// from step to step.
///
/// Indices and shapes that do not fit are faults of the model's code. What a backward pass hands over wrongly ends the
/// step with a ``TrainingError`` of the code `model`; elsewhere, where there is nothing to go on with, the program ends
/// with a message, in optimized builds too.
public final class ModelPass<Scalar: TrainableScalar> {
  let tasks: [TaskSpecification]
  let tensors: [ParameterTensor]
  let capacity: Int
  private let parameters: FlatParameters<Scalar>
  private(set) var batch: Batch<Scalar>
  private let predictions: Buffer<Scalar>
  private let noBias: Buffer<Scalar>
  private let outputColumns: [Range<Int>]
  private let targetColumns: [Range<Int>]
  private var buffers: [Buffer<Scalar>?] = []
  /// More buffers than any model has: the list of them grows to the largest index.
  private static var bufferLimit: Int { 1 << 20 }
  /// Buffers that a larger one replaced in this pass: views of them may still be in use.
  private var replaced: [Buffer<Scalar>] = []
  private var dropout: DropoutPosition?
  private var gradients: GradientPlan
  /// What the backward pass handed over wrongly first.
  private(set) var fault: String?
  var sink: GradientSink<Scalar>

  init(
    inputs: Int, tasks: [TaskSpecification], tensors: [ParameterTensor], parameters: FlatParameters<Scalar>,
    capacity: Int, empty: Batch<Scalar>
  ) {
    self.tasks = tasks
    self.tensors = tensors
    self.parameters = parameters
    self.capacity = capacity
    batch = empty
    outputColumns = tasks.map(\.outputs).consecutiveRanges
    targetColumns = tasks.map(\.targetColumns).consecutiveRanges
    predictions = Buffer(rows: capacity, columns: outputColumns.last?.upperBound ?? 0)
    noBias = Buffer(rows: 1, columns: tasks.map(\.outputs).max() ?? 0)
    gradients = GradientPlan(taskCount: tasks.count)
    sink = GradientSink(tensors: tensors, tasks: tasks.count, capacity: capacity)
  }

  // MARK: The batch

  /// The number of samples of the batch.
  public var sampleCount: Int { batch.count }

  /// samples × inputs.
  public var inputs: MatrixView<Scalar> { batch.inputs }

  /// Whether the pass is a training step's: dropout is off in evaluation and on probe batches.
  public var isTraining: Bool { dropout != nil }

  /// The targets of a task.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: samples × target columns of the task.
  public func targets(of task: Int) -> MatrixView<Scalar> {
    requireTask(task)
    return batch.targets.columns(targetColumns[task])
  }

  /// Whether a sample has a label of a task; without one its target is 0 and of no meaning.
  ///
  /// For models with losses of their own: a task's loss is the mean over its labelled samples, 0 without any.
  ///
  /// - Parameters:
  ///   - sample: the sample's row in the batch.
  ///   - task: the task's index.
  /// - Returns: false where the label is missing.
  public func isLabelled(_ sample: Int, of task: Int) -> Bool {
    requireTask(task)
    return batch.labels.map { $0[sample, task] != 0 } ?? true
  }

  /// The predictions of a task, or once the losses are taken their cotangents.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: samples × outputs of the task.
  public func outputs(of task: Int) -> MatrixView<Scalar> {
    requireTask(task)
    return predictions.view.rows(0..<batch.count).columns(outputColumns[task])
  }

  /// The predictions of all tasks side by side, or their cotangents.
  var outputs: MatrixView<Scalar> { predictions.view.rows(0..<batch.count) }

  // MARK: Parameters and memory

  /// The values of a tensor.
  ///
  /// - Parameter tensor: its index among the model's tensors.
  /// - Returns: rows × columns.
  public func parameter(_ tensor: Int) -> MatrixView<Scalar> {
    guard tensors.indices.contains(tensor) else { fatalError(noTensor(tensor)) }
    return parameters.view(tensor)
  }

  /// Memory of the model's own, the same from step to step, zero at first.
  ///
  /// What is handed to ``addDense(weight:bias:cotangents:input:)`` must stay as it is until the next forward pass;
  /// so give every layer indices of its own.
  ///
  /// - Parameters:
  ///   - index: from 0 to 1 048 575; one index for one purpose.
  ///   - rows: the rows of the buffer, or nil for as many as there are samples.
  ///   - columns: the columns of the buffer.
  /// - Returns: rows × columns, without gaps.
  public func buffer(_ index: Int, rows: Int? = nil, columns: Int) -> MatrixView<Scalar> {
    let (height, rows) = (rows ?? capacity, rows ?? batch.count)
    guard (0..<Self.bufferLimit).contains(index), let needed = elementCount(rows: height, columns: columns)
    else {
      fatalError(
        "a model asks for the buffer \(index) of \(height)×\(columns) elements: buffers are counted from 0 to "
          + "\(Self.bufferLimit - 1), and sides and elements from 0 to \(Int.max)")
    }
    if index >= buffers.count {
      buffers += [Buffer<Scalar>?](repeating: nil, count: index + 1 - buffers.count)
    }
    var buffer = buffers[index]
    if buffer.map({ $0.view.count < needed }) ?? true {
      if let buffer { replaced.append(buffer) }
      buffer = Buffer(rows: height, columns: columns)
      buffers[index] = buffer
    }
    guard let buffer else { fatalError("buffer \(index) has no memory") }
    return buffer.matrix(rows: rows, columns: columns)
  }

  /// Draws the dropout mask of a layer: 0 with a probability, else the inverse of the share that is kept.
  ///
  /// A function of the run's seed, the step, the layer and the sample's position in the batch. In evaluation
  /// all ones.
  ///
  /// - Parameters:
  ///   - mask: samples × units, without gaps.
  ///   - rate: the probability of a 0, in [0, 1).
  ///   - layer: a number of its own for every dropout layer, from 0.
  public func fillDropoutMask(_ mask: MatrixView<Scalar>, rate: Double, layer: Int) {
    guard mask.isContiguous, mask.rows == batch.count, rate >= 0, rate < 1, layer >= 0 else {
      fatalError(
        "a dropout mask of \(mask.rows)×\(mask.columns)\(mask.isContiguous ? "" : " with gaps between its rows") for "
          + "\(batch.count) samples, at the rate \(rate) in the layer \(layer)")
    }
    guard let dropout else { return mask.fill(1) }
    Scalar._dropoutMask(
      mask.pointer, dropout.key.0, dropout.key.1, UInt64(dropout.step), UInt64(layer),
      UInt64(dropout.firstSample), mask.rows, mask.columns, rate)
  }

  // MARK: Cotangents

  /// How many cotangents a node that tasks share carries: its stack is samples × (slots · width).
  ///
  /// One a task where the strategy looks at gradients; 1, already weighted, where it does not.
  public var slots: Int { gradients.slots }

  /// Where a task's cotangents enter the stack of a shared node, and times what.
  ///
  /// - Parameter task: the task's index.
  /// - Returns: the slot and its factor.
  public func slot(of task: Int) -> CotangentSlot {
    requireTask(task)
    return CotangentSlot(
      index: gradients.slots == 1 ? 0 : task, factor: gradients.factors[task],
      isFirst: gradients.slots > 1 || task == 0)
  }

  /// Whether the strategy looks no further than the last shared layers: what lies below may be left out.
  public var endsAtLastShared: Bool { gradients.end == .lastSharedLayers }

  /// Whether the strategy looks no further than the representation: what lies below it may be left out.
  public var endsAtRepresentation: Bool { gradients.end == .representation }

  /// Hands over the representation and its cotangents, for a model with ``MultiTaskModel/representationUnits``.
  ///
  /// Both are read at once, if at all, and the cotangents may be replaced: the model goes on from what is in their
  /// memory afterwards, not from a copy. (Under a rule that gives a direction there the first step checks it.)
  ///
  /// - Parameters:
  ///   - values: the representation, samples × units.
  ///   - cotangents: samples × (slots · units) without gaps.
  public func addRepresentation(_ values: MatrixView<Scalar>, cotangents: MatrixView<Scalar>) {
    let fits =
      cotangents.isContiguous && cotangents.rows == batch.count && values.rows == batch.count
      && cotangents.columns == gradients.slots * values.columns
    guard fits else {
      return report(
        "hands over the cotangents \(cotangents.rows)×\(cotangents.columns) for \(gradients.slots) slots of the "
          + "representation \(values.rows)×\(values.columns) of \(batch.count) samples")
    }
    sink.addRepresentation(values, cotangents)
  }

  /// Hands over what the gradients of a dense layer `y = x Wᵀ + b` are made of.
  ///
  /// The layer may see a sample in several rows, or in none: a convolution or a layer of a sequence has a row for each
  /// position of each sample. The gradients are sums over all rows.
  ///
  /// - Parameters:
  ///   - weight: the index of W, outputs × inputs.
  ///   - bias: the index of b, 1 × outputs, if there is one.
  ///   - cotangents: of y: rows × (slots · outputs) without gaps, one slot for a tensor of one task.
  ///   - input: x: as many rows × inputs.
  public func addDense(
    weight: Int, bias: Int?, cotangents: MatrixView<Scalar>, input: MatrixView<Scalar>
  ) {
    guard let shape = trained(weight) else { return }
    // Built where it is needed: a step allocates nothing.
    var shapes: String {
      "the cotangents \(cotangents.rows)×\(cotangents.columns) and the input \(input.rows)×\(input.columns)"
    }
    let slots = slots(of: weight)
    guard cotangents.rows == input.rows, input.rows >= 1, cotangents.columns == slots * shape.rows,
      input.columns == shape.columns
    else {
      return report(
        "hands over \(shapes) for \(slots) slots of the \(shape.rows)×\(shape.columns) tensor \(shape.name): due are "
          + "\(input.rows)×\(slots * shape.rows) and \(input.rows)×\(shape.columns)")
    }
    guard cotangents.isContiguous else {
      return report("hands over cotangents of \(shape.name) with gaps between their rows")
    }
    guard input.rows <= Int(Int32.max) / max(slots, 1) else {
      return report("hands over \(shapes) of \(shape.name), too many rows for BLAS")
    }
    if let bias {
      guard let bias = trained(bias) else { return }
      guard bias.count == shape.rows, bias.task == shape.task else {
        return report(
          "names the \(bias.rows)×\(bias.columns) tensor \(bias.name) of \(bias.owner) as the bias of the "
            + "\(shape.rows)×\(shape.columns) tensor \(shape.name) of \(shape.owner)")
      }
    }
    sink.add(.dense(weight: weight, bias: bias, cotangents: cotangents, input: input))
  }

  /// Hands over the gradients of a tensor themselves: for small ones, gains say.
  ///
  /// - Parameters:
  ///   - tensor: the index of the tensor.
  ///   - gradients: slots × values, without gaps; one row for a tensor of one task.
  public func addGradients(of tensor: Int, _ gradients: MatrixView<Scalar>) {
    guard let shape = trained(tensor) else { return }
    let slots = slots(of: tensor)
    guard gradients.isContiguous, gradients.rows == slots, gradients.columns == shape.count else {
      return report(
        "hands over the gradients \(gradients.rows)×\(gradients.columns) for \(slots) slots of the \(shape.count) "
          + "values of \(shape.name)")
    }
    sink.add(.explicit(tensor: tensor, gradients: gradients))
  }

  /// A tensor whose gradients may be handed over; else nil, and the fault is kept.
  private func trained(_ tensor: Int) -> ParameterTensor? {
    guard tensors.indices.contains(tensor) else {
      report("hands over gradients, but \(noTensor(tensor))")
      return nil
    }
    guard !tensors[tensor].isFrozen else {
      report("hands over gradients of \(tensors[tensor].name), which is frozen")
      return nil
    }
    return tensors[tensor]
  }

  private func report(_ fault: @autoclosure () -> String) {
    if self.fault == nil { self.fault = "the model's backward pass \(fault())" }
  }

  private func requireTask(_ task: Int) {
    guard tasks.indices.contains(task) else {
      fatalError("the model has no task \(task): its \(tasks.count) tasks are counted from 0")
    }
  }

  private func noTensor(_ tensor: Int) -> String {
    "the model has no tensor \(tensor): its \(tensors.count) tensors are counted from 0"
  }

  private func slots(of tensor: Int) -> Int { tensors[tensor].task == nil ? gradients.slots : 1 }

  // MARK: What the engine does

  /// Starts a pass on a batch.
  func begin(_ batch: Batch<Scalar>, dropout: DropoutPosition?) {
    guard batch.count <= capacity else { fatalError("\(batch.count) samples in a pass for \(capacity)") }
    self.batch = batch
    self.dropout = dropout
    replaced.removeAll()
  }

  /// Starts a backward pass.
  func beginBackward(
    slots: Int, endingAt end: BackwardEnd, representation use: RepresentationUse<Scalar> = .none,
    factor: (Int) -> Double
  ) {
    fault = nil
    gradients.slots = slots
    gradients.end = end
    for task in tasks.indices { gradients.factors[task] = factor(task) }
    sink.begin(slots: slots, representation: use)
  }

  /// The losses that the tasks' specifications name; the predictions become their cotangents.
  func specifiedLosses(into losses: inout [Double]) {
    var energy = 0.0
    for (task, specification) in tasks.enumerated() {
      let (outputs, targets) = (outputs(of: task), targets(of: task))
      losses[task] = Scalar._loss(
        specification.loss, outputs.pointer, outputs.stride, noBias.pointer, targets.pointer, targets.stride,
        batch.labels.map { $0.pointer + task }, batch.labels?.stride ?? 0, outputs.rows, outputs.columns,
        &energy)
    }
  }

  /// The sum of a task's squared cotangents.
  func energy(of task: Int) -> Double {
    let outputs = outputs(of: task)
    var sum = 0.0
    for row in 0..<outputs.rows {
      for column in 0..<outputs.columns {
        let value = Double(outputs[row, column])
        sum += value * value
      }
    }
    return sum
  }
}

/// Where a task's cotangents enter the stack of a node that tasks share.
public struct CotangentSlot: Sendable, Hashable {
  /// The slot: its columns in the stack are `index · width ..< (index + 1) · width`.
  public let index: Int
  /// What the task's cotangents are multiplied by on entering: the task's weight, or a power of two that keeps
  /// squares in range.
  public let factor: Double
  /// Whether the task is the first to enter the slot, in the order of tasks: the others add to what is there.
  public let isFirst: Bool
}

/// How far a backward pass goes.
enum BackwardEnd {
  case inputs
  case lastSharedLayers
  case representation
}

/// What a backward pass is asked for.
private struct GradientPlan {
  var slots: Int
  var factors: [Double]
  var end = BackwardEnd.inputs

  init(taskCount: Int) {
    slots = taskCount
    factors = [Double](repeating: 1, count: taskCount)
  }
}

/// Where in training a pass is, for the masks of dropout.
struct DropoutPosition {
  /// The key of the stream `dropout` under the run's seed.
  let key: (UInt64, UInt64)
  let step: Int
  /// The position of the pass's first sample in the step's batch.
  let firstSample: Int

  init(seed: UInt64, step: Int, firstSample: Int = 0) {
    key = (seed, StableHash.fnv1a("dropout"))
    self.step = step
    self.firstSample = firstSample
  }
}

extension [Int] {
  /// Ranges of these lengths, one after the other.
  var consecutiveRanges: [Range<Int>] {
    var start = 0
    return map { count in
      defer { start += count }
      return start..<start + count
    }
  }
}
