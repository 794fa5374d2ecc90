import JointLossLinearAlgebra
package import JointLossWeighting

/// A model's passes one by one, without a trainer: for checks of the model itself.
package final class ModelProbe<Model: MultiTaskModel> {
  package typealias Scalar = Model.Scalar

  package let tensors: [ParameterTensor]
  private let model: Model
  private let seed: UInt64
  private let capacity: Int
  private let flat: FlatParameters<Scalar>
  private let engine: ModelEngine<Model>

  /// Passes over up to so many samples, at the initial parameters.
  package init(_ model: Model, like data: PreparedData<Scalar>, capacity: Int, seed: UInt64)
    throws(TrainingError)
  {
    try model.validate()
    let network = ModelNetwork(model)
    self.model = model
    self.seed = seed
    self.capacity = capacity
    tensors = model.tensors
    flat = FlatParameters(network.placement)
    try network.initialise(flat, seed: seed)
    engine = ModelEngine(
      model, parameters: flat, capacity: capacity, empty: data.batch(0..<0), scope: .sharedParameters)
  }

  /// A value of a tensor.
  package subscript(tensor: Int, element: Int) -> Scalar {
    get { flat.view(tensor).pointer[element] }
    set { flat.view(tensor).pointer[element] = newValue }
  }

  /// Runs samples forward, in training with the masks of dropout that they have as one batch; their predictions, row by
  /// row.
  @discardableResult
  package func run(_ data: PreparedData<Scalar>, _ samples: Range<Int>, isTraining: Bool) -> [Double] {
    let position = DropoutPosition(seed: seed, step: 0, firstSample: samples.lowerBound)
    engine.run(on: data.batch(samples), dropout: isTraining ? position : nil)
    return engine.outputs().elements.map { Double($0) }
  }

  /// The losses of the samples that were run; backward passes come after.
  package func losses() -> [Double] {
    var losses = [Double](repeating: 0, count: model.tasks.count)
    engine.losses(into: &losses)
    return losses
  }

  /// The gradient of each tensor by one pass of the weighted sum, or where a pass of all tasks has gone before by its
  /// stacks.
  package func gradient(shared: [Double], heads: [Double]) throws(TrainingError) -> [[Double]] {
    try engine.gradient(shared: shared, heads: heads)
    return tensorGradients()
  }

  /// The task gradients on all shared parameters, by a pass of all tasks.
  package func jacobian() throws(TrainingError) -> Jacobian {
    var jacobian = Jacobian(taskCount: model.tasks.count, parameterCount: flat.sharedCount)
    try engine.jacobian(into: &jacobian)
    return jacobian
  }

  /// The inner products of the task gradients on the shared parameters, or on the last shared layers alone.
  package func gramian(lastSharedLayer: Bool) throws(TrainingError) -> Gramian {
    var gramian = Gramian(taskCount: model.tasks.count)
    try engine.gramian(into: &gramian, scope: lastSharedLayer ? .lastSharedLayer : .sharedParameters)
    return gramian
  }

  /// The gradient that comes of the weighted sum of the task gradients on the representation, put in its place.
  package func gradientThroughRepresentation(weights: [Double]) throws(TrainingError) -> [[Double]] {
    guard let units = model.representationUnits else { return [] }
    var representation = Representation(samples: capacity, units: units)
    var jacobian = Jacobian(taskCount: weights.count, parameterCount: capacity * units)
    try engine.jacobian(into: &jacobian, of: &representation)
    try engine.gradient(representation: jacobian.direction(weights: weights), heads: weights)
    return tensorGradients()
  }

  private func tensorGradients() -> [[Double]] {
    tensors.indices.map { engine.gradient.view($0).elements.map { Double($0) } }
  }
}
