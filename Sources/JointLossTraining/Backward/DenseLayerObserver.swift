import JointLossLinearAlgebra

/// Where a dense layer's tensors lie in the flat parameter buffer; a layer of a model may have no bias.
struct DensePlace: Codable, Hashable {
  let inputs: Int
  let outputs: Int
  let weightOffset: Int
  let biasOffset: Int?

  /// Whether the layer lies in a buffer of so many parameters.
  func isInside(_ count: Int) -> Bool {
    guard (1...count).contains(inputs), (1...count).contains(outputs), weightOffset >= 0 else { return false }
    let (weights, overflow) = inputs.multipliedReportingOverflow(by: outputs)
    return !overflow && weights <= count && weightOffset <= count - weights
      && biasOffset.map { $0 >= 0 && $0 <= count - outputs } ?? true
  }

  /// The elements of both moments of the layer's curvature; nil beyond the range of the integers.
  var momentCount: Int? {
    let (columns, isBeyond) = inputs.addingReportingOverflow(biasOffset == nil ? 0 : 1)
    let input = columns.multipliedReportingOverflow(by: columns)
    let output = outputs.multipliedReportingOverflow(by: outputs)
    let sum = input.partialValue.addingReportingOverflow(output.partialValue)
    return isBeyond || input.overflow || output.overflow || sum.overflow ? nil : sum.partialValue
  }
}

/// Sees every dense layer that a backward pass of one cotangent reaches.
protocol DenseLayerObserver<Scalar>: AnyObject {
  associatedtype Scalar: TrainableScalar

  /// What the layer's weight gradient is made of: its input (samples × inputs), and the cotangent of its output
  /// before the activation (samples × outputs), which a factor multiplies.
  func reached(
    _ layer: DensePlace, input: MatrixView<Scalar>, cotangent: MatrixView<Scalar>, factor: Double)
}
