package import Foundation
import JointLossLinearAlgebra
import JointLossWeighting

extension Trainer {
  /// Everything that training goes on from, in its present state: between epochs, or between steps of a loop of
  /// one's own.
  ///
  /// - Returns: the checkpoint.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if a number of the strategy's state is not finite.
  public func checkpoint() throws(TrainingError) -> Checkpoint {
    let tensors = SafeTensors(
      tensors: stateTensors(optimizer).map(Self.tensor),
      metadata: ["format": "jointloss \(CheckpointState<Strategy>.currentFormat)"])
    let state = CheckpointState(
      origin: try origin(), strategy: strategy, optimizer: optimizer.state,
      learningRate: learningRate, batches: batchStream, epoch: epoch, counts: counts, tally: tally,
      lastLosses: observation.losses, lastWeights: lastWeights)
    return Checkpoint(tensors: try tensors.encoded(), unsealed: try Self.json(state))
  }

  /// Goes on from a checkpoint: what follows is bit for bit what would have followed there.
  ///
  /// The trainer must have been created as the one that made the checkpoint: same network, strategy with its
  /// parameters, optimiser, batch size, seed and options. Its own state is lost.
  ///
  /// - Parameter checkpoint: a checkpoint of such a trainer.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if it is that of another format, scalar, network,
  ///   strategy or configuration; the trainer is then as it was.
  public func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    try restoration(from: checkpoint).apply()
  }

  /// A checkpoint that was checked.
  package struct Restoration {
    /// The epochs that were trained.
    package let epoch: Int
    /// What training cost so far.
    package let counts: PassCounts
    /// The learning rate of the steps to come.
    package let learningRate: Double
    /// Takes the trainer there.
    package let apply: () -> Void
  }

  /// Checks a checkpoint as ``restore(_:)`` does, and changes nothing before the result is applied.
  package func restoration(from checkpoint: Checkpoint) throws(TrainingError) -> Restoration {
    do {
      try StrictJSON.check(checkpoint.state)
    } catch {
      throw TrainingError(.checkpoint, "the checkpoint's state cannot be read: \(error)")
    }
    let preamble: CheckpointPreamble = try Self.decoded(checkpoint.state)
    guard preamble.format == CheckpointState<Strategy>.currentFormat else {
      throw TrainingError(
        .checkpoint,
        "the checkpoint is of format \(preamble.format), this version reads format "
          + "\(CheckpointState<Strategy>.currentFormat)")
    }
    let found: CheckpointOrigin = try Self.decoded(checkpoint.state, at: \CheckpointHeader.origin)
    try found.require(origin())
    let state: CheckpointState<Strategy> = try Self.decoded(checkpoint.state)
    let tensors = try SafeTensors(checkpoint.tensors).tensors
    try state.validate(
      taskCount: tasks.count, parameterCount: flat.count, tensorBytes: checkpoint.tensors.count)
    guard Scalar(state.learningRate).isFinite else {
      throw TrainingError(
        .checkpoint, "the checkpoint's learning rate \(state.learningRate) is infinite in \(Scalar.self)")
    }
    var resumed = weigher
    do {
      try resumed.resume(state.strategy)
    } catch {
      throw TrainingError(.checkpoint, error.message)
    }
    let restored: any Optimizer<Scalar> = try optimizerSpecification.makeOptimizer(
      count: flat.count, seed: seed)
    restored.state = state.optimizer
    guard restored.state == state.optimizer else {
      throw TrainingError(.checkpoint, "the checkpoint's optimizer is not in a state of this optimizer")
    }
    let targets = stateTensors(restored)
    try Self.require(tensors, fit: targets)
    return Restoration(epoch: state.epoch, counts: state.counts, learningRate: state.learningRate) {
      [self, resumed] in
      for (tensor, target) in zip(tensors, targets) { Self.copy(tensor, to: target.view) }
      weigher = resumed
      optimizer = restored
      learningRate = state.learningRate
      batchStream = state.batches
      epoch = state.epoch
      counts = state.counts
      tally = state.tally
      observation.losses = state.lastLosses
      lastWeights = state.lastWeights
    }
  }

  /// The parameters as a safetensors file.
  package func parameterFile() throws(TrainingError) -> Data {
    try SafeTensors(
      tensors: flat.tensors.indices.map { Self.tensor(flat.tensors[$0].name, flat.view($0)) },
      metadata: ["format": "jointloss parameters 1"]
    ).encoded()
  }

  /// Sets the parameters to those of a file that ``parameterFile()`` gave.
  package func setParameters(file: Data) throws(TrainingError) {
    let tensors = try SafeTensors(file).tensors
    let targets = flat.tensors.indices.map { (name: flat.tensors[$0].name, view: flat.view($0)) }
    try Self.require(tensors, fit: targets)
    for (tensor, target) in zip(tensors, targets) { Self.copy(tensor, to: target.view) }
  }

  private static func tensor(_ name: String, _ view: MatrixView<Scalar>) -> SafeTensors.Tensor {
    SafeTensors.Tensor(
      name: name, type: elementType, shape: [view.rows, view.columns],
      bytes: view.withElements { Data(buffer: $0) })
  }

  private static func copy(_ tensor: SafeTensors.Tensor, to view: MatrixView<Scalar>) {
    view.withElements { elements in
      tensor.bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(elements).copyMemory(from: $0) }
    }
  }

  /// Parameters by name, then the optimiser's moments, `optimizer.first.<name>` say, and factors.
  private func stateTensors(
    _ optimizer: any Optimizer<Scalar>
  ) -> [(name: String, view: MatrixView<Scalar>)] {
    let tensors = flat.tensors.indices.map { (flat.tensors[$0].name, flat.view($0)) }
    return tensors
      + optimizer.moments.flatMap { moment, values in
        flat.tensors.indices.map {
          ("optimizer.\(moment).\(flat.tensors[$0].name)", flat.view($0, of: values))
        }
      } + optimizer.factors.map { ("optimizer.\($0.name)", $0.values) }
  }

  private static var elementType: SafeTensors.ElementType {
    MemoryLayout<Scalar>.size == SafeTensors.ElementType.float.size ? .float : .double
  }

  private func origin() throws(TrainingError) -> CheckpointOrigin {
    let setup = try Self.json(initialStrategy).withUnsafeBytes { StableHash.fnv1a($0) }
    return CheckpointOrigin(
      scalar: Self.elementType.rawValue, inputs: inputs, tasks: tasks, strategy: Strategy.about.name,
      strategySetup: String(setup, radix: 16), optimizer: optimizerSpecification, batchSize: batchSize,
      seed: seed, options: options)
  }

  private static func require(
    _ tensors: [SafeTensors.Tensor], fit targets: [(name: String, view: MatrixView<Scalar>)]
  ) throws(TrainingError) {
    guard tensors.count == targets.count else {
      throw TrainingError(
        .checkpoint, "the checkpoint has \(tensors.count) tensors, this network has \(targets.count)")
    }
    for (tensor, target) in zip(tensors, targets) {
      let shape = [target.view.rows, target.view.columns]
      guard tensor.name == target.name, tensor.shape == shape, tensor.type == elementType else {
        throw TrainingError(
          .checkpoint,
          "the checkpoint has the \(tensor.type.rawValue) tensor \(Quotation.short(tensor.name)) of the shape "
            + "\(Quotation.short("\(tensor.shape)")) "
            + "where this network has \(target.name) of the shape \(shape) in \(elementType.rawValue)")
      }
      let value = tensor.bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / MemoryLayout<Scalar>.size).lazy
          .map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Scalar>.size, as: Scalar.self) }
          .first { !$0.isFinite }
      }
      if let value {
        throw TrainingError(.checkpoint, "the checkpoint's tensor \(tensor.name) holds \(value)")
      }
    }
  }

  private static func json(_ value: some Encodable) throws(TrainingError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(value)
    } catch {
      throw TrainingError(
        .checkpoint, "the state of \(Strategy.about.name) cannot be written as JSON: \(error)")
    }
  }

  private static func decoded<Value: Decodable>(_ state: Data) throws(TrainingError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: state)
    } catch {
      throw TrainingError(
        .checkpoint,
        "the checkpoint's state cannot be read: \(Quotation.short(StrictJSON.reason(error), longest: 300))")
    }
  }

  private static func decoded<Root: Decodable, Value>(
    _ state: Data, at path: KeyPath<Root, Value>
  ) throws(TrainingError) -> Value {
    let root: Root = try decoded(state)
    return root[keyPath: path]
  }
}
