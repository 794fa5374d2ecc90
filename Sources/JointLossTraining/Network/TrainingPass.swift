import JointLossLinearAlgebra
import JointLossWeighting

/// The task gradients that a pass is asked for: on shared parameters, or on what they act through.
enum SharedScope { case sharedParameters, lastSharedLayer, representation }

extension GradientScope {
  /// What a pass is asked for: the trainer adds the gradients on what serves one task alone.
  var shared: SharedScope {
    switch self {
    case .sharedParameters, .allParameters: .sharedParameters
    case .lastSharedLayer: .lastSharedLayer
    case .representation: .representation
    }
  }
}

/// The passes of a network over up to a fixed number of samples, as the trainer asks for them.
protocol TrainingPass<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// The largest number of samples of a pass.
  var capacity: Int { get }
  /// What ``gradient(shared:heads:)`` computes, in the layout of the parameters.
  var gradient: FlatParameters<Scalar> { get }

  /// Runs the network forward; without a position dropout is off.
  func run(on batch: Batch<Scalar>, dropout: DropoutPosition?)
  /// The outputs of the batch, samples × outputs of all tasks; instead of the losses, which then cannot be taken.
  func outputs() -> MatrixView<Scalar>
  /// The mean loss of each task on the batch.
  func losses(into losses: inout [Double])
  /// The inner products of the task gradients over a scope, no wider than the one that the pass was made for.
  func gramian(into gramian: inout Gramian, scope: SharedScope) throws(TrainingError)
  /// The norms of the task gradients over a scope, no wider than the one that the pass was made for.
  func norms(into norms: inout [Double], scope: SharedScope) throws(TrainingError)
  /// The task gradients on all shared parameters, by a pass that was made for this scope.
  func jacobian(into jacobian: inout Jacobian) throws(TrainingError)
  /// The task gradients on the elements of the representation, sample by sample, and these, by a pass that was made for
  /// this scope; zeros where the batch has fewer samples than the pass may have.
  func jacobian(into jacobian: inout Jacobian, of representation: inout Representation) throws(TrainingError)
  /// The samples of the pass.
  var batch: Batch<Scalar> { get }
  /// The cotangents of the unweighted losses, once these are taken: samples × outputs of all tasks.
  var cotangents: MatrixView<Scalar> { get }

  /// Shows every dense layer, with the cotangents of the losses weighted as in ``gradient(shared:heads:)``.
  ///
  /// For other cotangents than the losses' own, put in their place and taken out again: what was summed for
  /// ``gramian(into:scope:)`` or ``norms(into:scope:)`` stays as it is, and so does the gradient to come.
  func showDenseLayers(
    to observer: some DenseLayerObserver<Scalar>, shared: [Double], heads: [Double]
  ) throws(TrainingError)
  /// The gradient of `Σ shared_t L_t` on the shared parameters, and of `heads_t L_t` on those of task t.
  func gradient(shared: [Double], heads: [Double]) throws(TrainingError)
  /// The gradient of the representation times a cotangent, sample by sample, on the shared parameters, and of
  /// `heads_t L_t` on those of task t.
  func gradient(representation cotangent: [Double], heads: [Double]) throws(TrainingError)
}

/// What a trainer trains: parameters and passes.
protocol TrainedNetwork<Scalar> {
  associatedtype Scalar: TrainableScalar

  var inputs: Int { get }
  var tasks: [TaskSpecification] { get }
  /// The units of the one output that all tasks read and shared parameters act through, which gradients of the scope
  /// `representation` are taken on; nil where there is none.
  var representationUnits: Int? { get }
  /// Where each tensor lies in the flat buffer.
  var placement: TensorPlacement { get }

  /// Sets the initial values of parameters that are zero.
  func initialise(_ parameters: FlatParameters<Scalar>, seed: UInt64) throws(TrainingError)

  /// The passes over up to `capacity` samples; `scope` is that of the gradients that will be asked for, or nil.
  func makePass(
    parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>, scope: SharedScope?
  ) -> any TrainingPass<Scalar>
}

extension TrainedNetwork {
  /// Whether more than one task's loss can depend on a parameter.
  var sharesParameters: Bool { !placement.shared.isEmpty }

  /// The gradients that a strategy sees, and the widest scope that a step takes, or nil where it takes losses alone.
  ///
  /// Throws if there are no such gradients.
  func scopes<Strategy: WeightingStrategy>(
    of strategy: Strategy, options: StepOptions
  ) throws(TrainingError) -> (seen: GradientScope, taken: SharedScope?) {
    let need = Strategy.Gradients.need
    let scope = strategy.gradientScope ?? options.gradientScope ?? .sharedParameters
    let taken = options.scalePolicy == .matchNorm ? .sharedParameters : need == .losses ? nil : scope.shared
    if need != .losses {
      try require(scope, for: "\(Strategy.about.name) reads \(need.rawValue)")
    }
    if taken != nil {
      try require(.sharedParameters, for: "the scale policy match-norm compares gradients")
    }
    return (scope, taken)
  }

  /// Checks that gradients of a scope exist; the purpose begins the message.
  func require(_ scope: GradientScope, for purpose: String) throws(TrainingError) {
    guard sharesParameters else {
      throw TrainingError(
        .configuration, "\(purpose) on shared parameters, but the tasks share none")
    }
    let exists =
      switch scope {
      case .sharedParameters, .allParameters: true
      case .lastSharedLayer: placement.tensors.contains(where: \.isLastShared)
      case .representation: representationUnits != nil
      }
    guard exists else {
      throw TrainingError(
        .configuration,
        "\(purpose) on shared parameters over the scope \(scope.rawValue), "
          + (scope == .representation
            ? "but they do not act through one output that all tasks read"
            : "and the model names none"))
    }
  }
}
