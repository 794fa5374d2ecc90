import JointLossWeighting

/// The passes of a network over up to a fixed number of samples, as the trainer asks for them.
protocol TrainingPass<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// The largest number of samples of a pass.
  var capacity: Int { get }
  /// What ``gradient(shared:heads:)`` computes, in the layout of the parameters.
  var gradient: FlatParameters<Scalar> { get }

  /// Runs the network forward; without a position dropout is off.
  func run(on batch: Batch<Scalar>, dropout: DropoutPosition?)
  /// The mean loss of each task on the batch.
  func losses(into losses: inout [Double])
  /// The inner products of the task gradients over all shared parameters.
  func gramian(into gramian: inout Gramian) throws(TrainingError)
  /// The norms of the task gradients over the scope that the pass was made for.
  func norms(into norms: inout [Double]) throws(TrainingError)
  /// The gradient of `Σ shared_t L_t` on the shared parameters, and of `heads_t L_t` on those of task t.
  func gradient(shared: [Double], heads: [Double]) throws(TrainingError)
}

/// What a trainer trains: parameters and passes.
protocol TrainedNetwork<Scalar> {
  associatedtype Scalar: TrainableScalar

  var inputs: Int { get }
  var tasks: [TaskSpecification] { get }
  /// Where each tensor lies in the flat buffer.
  var placement: TensorPlacement { get }

  /// Sets the initial values of parameters that are zero.
  func initialise(_ parameters: FlatParameters<Scalar>, seed: UInt64) throws(TrainingError)

  /// The passes over up to `capacity` samples; `scope` is that of the gradients that will be asked for, or nil.
  func makePass(
    parameters: FlatParameters<Scalar>, capacity: Int, empty: Batch<Scalar>, scope: GradientScope?
  ) -> any TrainingPass<Scalar>
}
