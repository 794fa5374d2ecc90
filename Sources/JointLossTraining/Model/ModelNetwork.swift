import JointLossLinearAlgebra
package import JointLossWeighting

/// A model as the trainer trains it.
struct ModelNetwork<Model: MultiTaskModel>: TrainedNetwork {
  typealias Scalar = Model.Scalar

  private let model: Model
  let placement: TensorPlacement

  init(_ model: Model) {
    self.model = model
    placement = TensorPlacement(consecutive: model.tensors)
  }

  var inputs: Int { model.inputs }
  var tasks: [TaskSpecification] { model.tasks }
  var representationUnits: Int? { model.representationUnits }

  func initialise(_ parameters: FlatParameters<Scalar>, seed: UInt64) throws(TrainingError) {
    try model.initialise({ parameters.view($0) }, seed: seed)
  }

  func makePass(
    parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>, scope: SharedScope?
  ) -> any TrainingPass<Scalar> {
    ModelEngine(model, parameters: parameters, capacity: capacity, empty: empty, scope: scope)
  }
}

extension MultiTaskModel {
  /// Checks that a strategy can train the model under these options.
  ///
  /// - Throws: ``TrainingError`` as a trainer would.
  package func validate(
    for strategy: some WeightingStrategy, optimizer: OptimizerSpecification, options: StepOptions
  ) throws(TrainingError) {
    try validate()
    let scopes = try ModelNetwork(self).scopes(of: strategy, options: options)
    try strategy.requireDirection(of: scopes.seen, optimizer: optimizer, options: options)
  }

  /// Checks what the model says of itself.
  func validate() throws(TrainingError) {
    guard (1...Int(Int32.max)).contains(inputs), !tasks.isEmpty, !tensors.isEmpty else {
      throw TrainingError(
        .model,
        "a model has inputs, tasks and parameters, not \(inputs), \(tasks.count) and \(tensors.count), and fewer than "
          + "2^31 inputs")
    }
    try tasks.requireNames(.model)
    try tasks.requireOutputs(.model)
    if let units = representationUnits, units < 1 || units > Int(Int32.max) / tasks.count {
      throw TrainingError(.model, "the representation of the model cannot have \(units) units")
    }
    var names: Set<String> = []
    for tensor in tensors {
      guard tensor.name.isPrintable else {
        throw TrainingError(
          .model,
          "the name of a tensor is a text of one line in printable characters, not “\(Quotation.short(tensor.name))”"
        )
      }
      guard tensor.name != "__metadata__", !tensor.name.hasPrefix("optimizer.") else {
        throw TrainingError(
          .model,
          "no tensor of the model can be named “\(tensor.name)”: a checkpoint has other values of that name")
      }
      guard names.insert(tensor.name).inserted else {
        throw TrainingError(.model, "two tensors of the model are named “\(tensor.name)”")
      }
      guard tensor.rows >= 1, tensor.columns >= 1, tensor.rows <= Int(Int32.max) / tensor.columns else {
        throw TrainingError(
          .model, "the tensor \(tensor.name) cannot be \(tensor.rows)×\(tensor.columns)")
      }
      guard !tensor.isFrozen || !tensor.isLastShared else {
        throw TrainingError(
          .model, "the tensor \(tensor.name) is frozen, and cannot be the weights of a last shared layer")
      }
      if let task = tensor.task, !tasks.indices.contains(task) {
        throw TrainingError(
          .model, "the tensor \(tensor.name) belongs to task \(task), and the model has \(tasks.count)")
      }
    }
    // The parameters and their gradient.
    let values = tensors.reduce(0) { $0 + $1.count }
    if let shortage = PhysicalMemory.shortage(of: 2 * Double(values) * Double(MemoryLayout<Scalar>.size)) {
      throw TrainingError(.model, "a model of \(values) parameters \(shortage)")
    }
  }
}
