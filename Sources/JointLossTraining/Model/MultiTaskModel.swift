public import JointLossLinearAlgebra

/// A model of several tasks that every weighting strategy can train.
///
/// A model is a description: the trainer owns parameters, gradients and buffers, and lends them through a
/// ``ModelPass``. It runs ``forward(_:)``, takes the losses, and where gradients are due runs ``backward(_:)``
/// once for all tasks: a node that tasks share carries ``ModelPass/slots`` cotangents, side by side in the rows
/// of one matrix; a node of one task carries one. Whatever the strategy, the model's code is the same.
public protocol MultiTaskModel<Scalar>: Sendable {
  /// `Float`, or `Double` for checks.
  associatedtype Scalar: TrainableScalar

  /// The number of inputs of a sample.
  var inputs: Int { get }
  /// The tasks.
  var tasks: [TaskSpecification] { get }
  /// All parameters; ``ModelPass`` knows each by its index here.
  var tensors: [ParameterTensor] { get }

  /// The units of the representation: the output of shared layers that all tasks read, and through which alone
  /// shared tensors act on any loss; nil where there is none.
  ///
  /// If there is one, ``backward(_:)`` hands it over by ``ModelPass/addRepresentation(_:cotangents:)``, and rules may
  /// see gradients of the scope `representation`. By default nil.
  var representationUnits: Int? { get }

  /// Sets the initial values of all tensors, zero before.
  ///
  /// - Parameters:
  ///   - values: the memory of the tensor of an index, rows × columns.
  ///   - seed: the seed of the run.
  /// - Throws: ``TrainingError`` if there are no such values.
  func initialise(_ values: (Int) -> MatrixView<Scalar>, seed: UInt64) throws(TrainingError)

  /// Computes the predictions of a batch: reads ``ModelPass/inputs``, writes ``ModelPass/outputs(of:)`` of every
  /// task.
  ///
  /// - Parameter pass: the batch, the parameters, and memory for what ``backward(_:)`` needs.
  func forward(_ pass: ModelPass<Scalar>)

  /// Computes the losses: turns the predictions in ``ModelPass/outputs(of:)`` into the cotangents of the
  /// unweighted mean losses.
  ///
  /// By default the losses of ``tasks``.
  ///
  /// - Parameters:
  ///   - pass: the batch after ``forward(_:)``.
  ///   - losses: one loss a task, to be written.
  func losses(_ pass: ModelPass<Scalar>, into losses: inout [Double])

  /// Takes the cotangents in ``ModelPass/outputs(of:)`` back through the model and hands over, for each tensor and
  /// exactly once, what its gradients are made of.
  ///
  /// - Parameter pass: the batch after ``forward(_:)``, with the same buffers.
  func backward(_ pass: ModelPass<Scalar>)
}

extension MultiTaskModel {
  // A model says which tensors are shared; which units are, it need not know.
  /// Nil: there is no representation.
  public var representationUnits: Int? { nil }

  // Correct for every model whose tasks' losses are those of their specifications.
  /// Computes the losses that the tasks' specifications name.
  ///
  /// - Parameters:
  ///   - pass: the batch after ``forward(_:)``.
  ///   - losses: one loss a task, to be written.
  public func losses(_ pass: ModelPass<Scalar>, into losses: inout [Double]) {
    pass.specifiedLosses(into: &losses)
  }
}
