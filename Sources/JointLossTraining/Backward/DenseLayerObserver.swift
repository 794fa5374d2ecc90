import JointLossLinearAlgebra

/// Sees every dense layer that a backward pass reaches.
protocol DenseLayerObserver<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// The layer's input (samples × inputs) and the cotangent of its output before the activation
  /// (samples × outputs), as the layer's weight gradient is formed of them.
  func reached(_ layer: DenseLayout, input: MatrixView<Scalar>, cotangent: MatrixView<Scalar>)
}
