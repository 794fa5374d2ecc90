import JointLossLinearAlgebra
package import JointLossWeighting

/// The layers of a multi-task network: shared in the way of an architecture, with one dense head a task.
///
/// With the plain architecture a trunk without layers gives linear heads on the inputs: then nothing is shared.
public struct NetworkSpecification: Codable, Hashable, Sendable {
  /// The number of inputs of a sample.
  public let inputs: Int
  /// How the tasks share the layers.
  public let architecture: Architecture
  /// The widths of the layers of the trunk, of every expert or of every tower, from the input upwards.
  public let trunk: [Int]
  /// The activation of every layer; heads are linear.
  public let activation: Activation
  /// What every layer has beside its dense map and activation.
  public let block: BlockSpecification
  /// The tasks, in the order of their heads.
  public let tasks: [TaskSpecification]

  /// Creates a network's specification.
  ///
  /// - Parameters:
  ///   - inputs: the number of inputs of a sample, at least 1.
  ///   - architecture: how the tasks share the layers.
  ///   - trunk: the widths of the layers of the trunk, of every expert or of every tower, each at least 1.
  ///   - activation: the activation of every layer.
  ///   - block: what every layer has beside its dense map and activation.
  ///   - tasks: at least one task, their names unique.
  /// - Throws: ``TrainingError`` if a number makes no sense, an option could have no effect, or the network is
  ///   too large for BLAS.
  public init(
    inputs: Int, architecture: Architecture = .hardSharing, trunk: [Int], activation: Activation,
    block: BlockSpecification = .plain, tasks: [TaskSpecification]
  ) throws(TrainingError) {
    self.inputs = inputs
    self.architecture = architecture
    self.trunk = trunk
    self.activation = activation
    self.block = block
    self.tasks = tasks
    try validate()
  }

  /// Decodes a specification; without an architecture or a block it has the plain ones.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, or ``TrainingError`` if the numbers make no sense.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      inputs: container.decode(Int.self, forKey: .inputs),
      architecture: container.decodeIfPresent(Architecture.self, forKey: .architecture) ?? .hardSharing,
      trunk: container.decode([Int].self, forKey: .trunk),
      activation: container.decode(Activation.self, forKey: .activation),
      block: container.decodeIfPresent(BlockSpecification.self, forKey: .block) ?? .plain,
      tasks: container.decode([TaskSpecification].self, forKey: .tasks))
  }

  /// Encodes the specification; a plain architecture and a plain block are left out, as before they existed.
  ///
  /// - Parameter encoder: the destination.
  /// - Throws: the encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(inputs, forKey: .inputs)
    if architecture != .hardSharing { try container.encode(architecture, forKey: .architecture) }
    try container.encode(trunk, forKey: .trunk)
    try container.encode(activation, forKey: .activation)
    if block != .plain { try container.encode(block, forKey: .block) }
    try container.encode(tasks, forKey: .tasks)
  }

  private enum CodingKeys: String, CodingKey {
    case inputs, architecture, trunk, activation, block, tasks
  }

  /// The network as a trainer trains it: plain dense trunks have an engine of their own.
  func trained<Scalar: TrainableScalar>(in scalar: Scalar.Type) -> any TrainedNetwork<Scalar> {
    // That engine has the slopes of an activation from its outputs, which those of GELU are no function of.
    guard architecture == .hardSharing, block == .plain, activation != .gelu || trunk.isEmpty else {
      return ModelNetwork(GraphModel<Scalar>(graph: NetworkGraph(self)))
    }
    return DenseTrunk<Scalar>(self)
  }

  /// Checks that a strategy can train the network under these options.
  ///
  /// - Throws: ``TrainingError`` as a trainer would.
  package func validate(
    for strategy: some WeightingStrategy, optimizer: OptimizerSpecification, options: StepOptions
  ) throws(TrainingError) {
    let scopes = try trained(in: Float.self).scopes(of: strategy, options: options)
    try strategy.requireDirection(of: scopes.seen, optimizer: optimizer, options: options)
  }

  /// Checks that this machine has memory to train the network: for the parameters, their gradient and what an
  /// optimiser remembers, and for the layers of a batch, their cotangents for each task where these are looked at.
  func requireMemory<Scalar: TrainableScalar>(
    batchSize: Int, cotangents: Int, in scalar: Scalar.Type
  ) throws(TrainingError) {
    let parameters = trained(in: scalar).placement.count
    let units = trunk.reduce(0.0) { $0 + Double($1) }
    let values = 3 * Double(parameters) + Double(batchSize) * units * Double(1 + cotangents)
    if let shortage = PhysicalMemory.shortage(of: values * Double(MemoryLayout<Scalar>.size)) {
      throw TrainingError(
        .configuration,
        "a network of \(parameters) parameters on batches of \(batchSize) samples \(shortage)")
    }
  }

  /// The outputs of all heads together.
  var outputCount: Int { tasks.reduce(0) { $0 + $1.outputs } }

  private func validate() throws(TrainingError) {
    guard inputs >= 1 else {
      throw TrainingError(.configuration, "a network needs at least one input, not \(inputs)")
    }
    for (layer, width) in trunk.enumerated() where width < 1 {
      throw TrainingError(.configuration, "trunk layer \(layer) needs at least one unit, not \(width)")
    }
    guard architecture == .hardSharing || !trunk.isEmpty else {
      throw TrainingError(.configuration, "experts and towers have the layers of the trunk, and it has none")
    }
    try architecture.validate()
    try block.validate(inputs: inputs, trunk: trunk)
    guard !tasks.isEmpty else {
      throw TrainingError(.configuration, "a network needs at least one task")
    }
    try tasks.requireNames(.configuration)
    try tasks.requireOutputs(.configuration)
    try validateSize()
  }

  /// BLAS counts in 32 bits; the widest matrices are the weights and the stacked cotangents of one sample.
  private func validateSize() throws(TrainingError) {
    let widest = max(inputs, trunk.max() ?? 1)
    let (stacked, overflow) = outputCount.multipliedReportingOverflow(by: widest)
    guard !overflow, stacked <= Int(Int32.max) else {
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
