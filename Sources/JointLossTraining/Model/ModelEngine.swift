import JointLossLinearAlgebra
import JointLossWeighting

/// Runs a model's passes for the trainer.
final class ModelEngine<Model: MultiTaskModel>: TrainingPass {
  typealias Scalar = Model.Scalar

  private let model: Model
  private let pass: ModelPass<Scalar>
  /// The scope of the gradients that the strategy sees, or nil where it sees none.
  private let scope: SharedScope?
  /// For each task, the exponent of the power of two that its stack is multiplied by.
  private var exponents: [Int]
  private var slotFactors: [Double]
  /// Ones: the heads of a Jacobian's row are of no meaning.
  private let unweighted: [Double]
  /// Whether the model has been seen to go on from other cotangents of its representation than its own.
  private var takesReplacements = false
  /// Whether the cotangents of all tasks are in place.
  private var isStacked = false
  private(set) lazy var gradient = FlatParameters<Scalar>(TensorPlacement(consecutive: model.tensors))

  init(
    _ model: Model, parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>,
    scope: SharedScope?
  ) {
    self.model = model
    self.scope = scope
    pass = ModelPass(
      inputs: model.inputs, tasks: model.tasks, tensors: model.tensors, parameters: parameters,
      capacity: capacity, empty: empty)
    exponents = [Int](repeating: 0, count: model.tasks.count)
    slotFactors = [Double](repeating: 1, count: model.tasks.count)
    unweighted = slotFactors
  }

  var capacity: Int { pass.capacity }

  var batch: Batch<Scalar> { pass.batch }
  var cotangents: MatrixView<Scalar> { pass.outputs }

  func run(on batch: Batch<Scalar>, dropout: DropoutPosition?) {
    isStacked = false
    pass.begin(batch, dropout: dropout)
    model.forward(pass)
  }

  func outputs() -> MatrixView<Scalar> { pass.outputs }

  func losses(into losses: inout [Double]) {
    model.losses(pass, into: &losses)
    guard losses.count == pass.tasks.count else {
      fatalError("the model gives \(losses.count) losses for \(pass.tasks.count) tasks")
    }
  }

  func gramian(into gramian: inout Gramian, scope: SharedScope) throws(TrainingError) {
    try sum(.products, scope: scope)
    pass.sink.finish(into: &gramian, exponents: exponents)
  }

  func norms(into norms: inout [Double], scope: SharedScope) throws(TrainingError) {
    try sum(.squares, scope: scope)
    pass.sink.finish(into: &norms, exponents: exponents)
  }

  func jacobian(into jacobian: inout Jacobian) throws(TrainingError) {
    if !isStacked { try stack(endingAt: .inputs) }
    for task in slotFactors.indices {
      for other in slotFactors.indices {
        slotFactors[other] = other == task ? powerOfTwo(-exponents[task]) : 0
      }
      pass.sink.gradient(slotFactors: slotFactors, taskFactors: unweighted, into: gradient)
      gradient.copyShared(to: task, of: &jacobian)
    }
  }

  func jacobian(
    into jacobian: inout Jacobian, of representation: inout Representation
  ) throws(TrainingError) {
    try stack(endingAt: .representation, representation: .copy)
    try pass.sink.requireRepresentation(units: model.representationUnits)
    pass.sink.jacobian(
      into: &jacobian, of: &representation, samples: pass.batch.count, exponents: exponents)
  }

  func gradient(representation cotangent: [Double], heads: [Double]) throws(TrainingError) {
    if !takesReplacements { try requireReplacements(like: cotangent) }
    try combine(unweighted, representation: .replace(cotangent))
    try pass.sink.requireRepresentation(units: model.representationUnits)
    slotFactors[0] = 1
    pass.sink.gradient(slotFactors: slotFactors, taskFactors: heads, into: gradient)
  }

  /// Checks once that the model goes on from cotangents that were put in the place of its own: of zeros nothing comes.
  private func requireReplacements(like cotangent: [Double]) throws(TrainingError) {
    try combine(unweighted, representation: .replace(cotangent.map { _ in 0 }))
    slotFactors[0] = 1
    pass.sink.gradient(slotFactors: slotFactors, taskFactors: unweighted, into: gradient)
    guard gradient.squares.shared == 0 else {
      throw TrainingError(
        .model,
        "the model's backward pass does not go on from the cotangents of its representation that it handed over"
      )
    }
    takesReplacements = true
  }

  func gradient(shared: [Double], heads: [Double]) throws(TrainingError) {
    if isStacked {
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
    try pass.sink.requireRows(pass.batch.count)
    pass.sink.showDenseLayers(to: observer, taskFactors: heads, in: gradient)
  }

  /// One backward pass of one cotangent, the tasks' weighted sum.
  private func combine(
    _ weights: [Double], representation use: RepresentationUse<Scalar> = .none
  ) throws(TrainingError) {
    isStacked = false
    pass.beginBackward(slots: 1, endingAt: .inputs, representation: use) { weights[$0] }
    try runBackward(endingAt: .inputs)
  }

  private func sum(_ sum: LayerGramian<Scalar>.Sum, scope: SharedScope) throws(TrainingError) {
    switch scope {
    case .representation:
      try stack(endingAt: .representation, representation: .sum(sum))
      try pass.sink.requireRepresentation(units: model.representationUnits)
    case .lastSharedLayer:
      // A step that will want all shared parameters takes the pass through all of them.
      try stack(endingAt: self.scope == .sharedParameters ? .inputs : .lastSharedLayers)
      pass.sink.sum(sum, scope: scope)
    case .sharedParameters:
      try stack(endingAt: .inputs)
      pass.sink.sum(sum, scope: scope)
    }
  }

  /// One backward pass of all tasks, which may end early.
  private func stack(
    endingAt end: BackwardEnd, representation use: RepresentationUse<Scalar> = .none
  ) throws(TrainingError) {
    for task in exponents.indices {
      exponents[task] = rangeExponent(ofEnergy: pass.energy(of: task))
    }
    pass.beginBackward(slots: exponents.count, endingAt: end, representation: use) {
      powerOfTwo(exponents[$0])
    }
    try runBackward(endingAt: end)
    isStacked = end == .inputs
  }

  /// Runs the model's backward pass, and checks what it has handed over.
  private func runBackward(endingAt end: BackwardEnd) throws(TrainingError) {
    model.backward(pass)
    if let fault = pass.fault { throw TrainingError(.model, fault) }
    if end == .inputs { try pass.sink.requireAll() }
  }
}
