import JointLossLinearAlgebra
import JointLossWeighting

/// A trunk of plain dense layers and linear heads: the engine that is tuned for them.
struct DenseTrunk<Scalar: TrainableScalar>: TrainedNetwork {
  private let network: NetworkSpecification
  private let layout: ParameterLayout
  let placement: TensorPlacement

  init(_ network: NetworkSpecification) {
    self.network = network
    layout = ParameterLayout(network)
    placement = layout.placement
  }

  var inputs: Int { network.inputs }
  var tasks: [TaskSpecification] { network.tasks }
  var representationUnits: Int? { network.trunk.last }

  /// Sets the initial values: orthogonal weights (gain √2 under ReLU, else 1) and zero biases.
  ///
  /// The trunk and each head, by its task's name, have streams of their own, so that networks of one seed
  /// that share a trunk or a task also share its initial values.
  func initialise(_ parameters: FlatParameters<Scalar>, seed: UInt64) throws(TrainingError) {
    var stream = PhiloxStream(seed: seed, purpose: "initialisation/trunk")
    for layer in layout.trunk {
      try parameters.weight(layer).fillOrthogonal(gain: network.activation.initialGain, using: &stream)
    }
    for (task, rows) in layout.headRows.enumerated() {
      var stream = PhiloxStream(seed: seed, purpose: "initialisation/head/\(network.tasks[task].name)")
      try parameters.weight(layout.heads).rows(rows).fillOrthogonal(gain: 1, using: &stream)
    }
  }

  func makePass(
    parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>, scope: SharedScope?
  ) -> any TrainingPass<Scalar> {
    DenseTrunkPass(
      ForwardPass(network, layout: layout, parameters: parameters, capacity: capacity, empty: empty),
      scope: scope)
  }
}

/// The passes of a ``DenseTrunk``.
final class DenseTrunkPass<Scalar: TrainableScalar>: TrainingPass {
  private let forward: ForwardPass<Scalar>
  private lazy var backward = BackwardPass(forward)
  /// Present where the strategy sees gradients.
  private let stacked: StackedBackwardPass<Scalar>?
  private let scope: SharedScope

  init(_ forward: ForwardPass<Scalar>, scope: SharedScope?) {
    self.forward = forward
    self.scope = scope ?? .sharedParameters
    stacked = scope.map { StackedBackwardPass(forward, scope: $0) }
  }

  var capacity: Int { forward.capacity }
  var gradient: FlatParameters<Scalar> { backward.gradient }

  var batch: Batch<Scalar> { forward.batch }
  var cotangents: MatrixView<Scalar> { forward.cotangents }

  func run(on batch: Batch<Scalar>, dropout: DropoutPosition?) {
    stacked?.reset()
    forward.run(on: batch)
  }

  func outputs() -> MatrixView<Scalar> { forward.outputsWithBias() }

  func losses(into losses: inout [Double]) { forward.losses(into: &losses) }

  func gramian(into gramian: inout Gramian, scope: SharedScope) {
    stacked?.gramian(into: &gramian, scope: scope)
  }

  func norms(into norms: inout [Double], scope: SharedScope) {
    stacked?.norms(into: &norms, scope: scope)
  }

  func jacobian(into jacobian: inout Jacobian) { stacked?.jacobian(into: &jacobian) }

  func jacobian(into jacobian: inout Jacobian, of representation: inout Representation) {
    stacked?.jacobian(into: &jacobian, of: &representation)
  }

  func showDenseLayers(to observer: some DenseLayerObserver<Scalar>, shared: [Double], heads: [Double]) {
    backward.observer = observer
    backward.run(shared: shared, heads: heads)
    backward.observer = nil
  }

  func gradient(representation cotangent: [Double], heads: [Double]) {
    backward.heads(weights: heads)
    backward.descend(fromRepresentation: cotangent)
  }

  func gradient(shared: [Double], heads: [Double]) {
    // A direction takes the place of the shared part.
    guard shared.contains(where: { $0 != 0 }) else {
      backward.heads(weights: heads)
      return gradient.setShared(nil)
    }
    // One cotangent is cheaper than the T of a step whose task gradients nobody has asked for.
    guard let stacked, stacked.isStacked else { return backward.run(shared: shared, heads: heads) }
    backward.heads(weights: heads)
    stacked.shared(weights: shared, scope: scope, into: backward)
  }
}
