import JointLossLinearAlgebra
import JointLossWeighting

/// Runs a model's passes for the trainer.
final class ModelEngine<Model: MultiTaskModel>: TrainingPass {
  typealias Scalar = Model.Scalar

  private let model: Model
  private let pass: ModelPass<Scalar>
  /// The scope of the gradients that the strategy sees, or nil where it sees none.
  private let scope: GradientScope?
  /// For each task, the exponent of the power of two that its stack is multiplied by.
  private var exponents: [Int]
  private var slotFactors: [Double]
  /// Whether the cotangents of all tasks are in place.
  private var isStacked = false
  private(set) lazy var gradient = FlatParameters<Scalar>(TensorPlacement(consecutive: model.tensors))

  init(
    _ model: Model, parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>,
    scope: GradientScope?
  ) {
    self.model = model
    self.scope = scope
    pass = ModelPass(
      inputs: model.inputs, tasks: model.tasks, tensors: model.tensors, parameters: parameters,
      capacity: capacity, empty: empty)
    exponents = [Int](repeating: 0, count: model.tasks.count)
    slotFactors = [Double](repeating: 1, count: model.tasks.count)
  }

  var capacity: Int { pass.capacity }

  var batch: Batch<Scalar> { pass.batch }
  var cotangents: MatrixView<Scalar> { pass.outputs }

  func run(on batch: Batch<Scalar>, dropout: DropoutPosition?) {
    isStacked = false
    pass.begin(batch, dropout: dropout)
    model.forward(pass)
  }

  func losses(into losses: inout [Double]) {
    model.losses(pass, into: &losses)
  }

  func gramian(into gramian: inout Gramian, scope: GradientScope) throws(TrainingError) {
    try stack()
    pass.sink.sum(.products, scope: scope)
    pass.sink.finish(into: &gramian, exponents: exponents)
  }

  func norms(into norms: inout [Double], scope: GradientScope) throws(TrainingError) {
    try stack()
    pass.sink.sum(.squares, scope: scope)
    pass.sink.finish(into: &norms, exponents: exponents)
  }

  func gradient(shared: [Double], heads: [Double]) throws(TrainingError) {
    if scope == .sharedParameters {
      if !isStacked { try stack() }
      for task in slotFactors.indices { slotFactors[task] = shared[task] * powerOfTwo(-exponents[task]) }
    } else {
      try combine(shared)
      slotFactors[0] = 1
    }
    pass.sink.gradient(slotFactors: slotFactors, taskFactors: heads, into: gradient)
  }

  func showDenseLayers(
    to observer: some DenseLayerObserver<Scalar>, shared: [Double], heads: [Double]
  ) throws(TrainingError) {
    try combine(shared)
    pass.sink.showDenseLayers(to: observer, taskFactors: heads, in: gradient)
  }

  /// One backward pass of one cotangent, the tasks' weighted sum.
  private func combine(_ weights: [Double]) throws(TrainingError) {
    isStacked = false
    pass.beginBackward(slots: 1, endsAtLastShared: false) { weights[$0] }
    model.backward(pass)
    try pass.sink.requireAll()
  }

  /// One backward pass of all tasks; with the last shared layers as scope it may end there.
  private func stack() throws(TrainingError) {
    for task in exponents.indices {
      exponents[task] = rangeExponent(ofEnergy: pass.energy(of: task))
    }
    let ends = scope == .lastSharedLayer
    pass.beginBackward(slots: exponents.count, endsAtLastShared: ends) { powerOfTwo(exponents[$0]) }
    model.backward(pass)
    if !ends { try pass.sink.requireAll() }
    isStacked = true
  }
}
