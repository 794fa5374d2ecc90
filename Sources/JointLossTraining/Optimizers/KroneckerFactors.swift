import JointLossLinearAlgebra

/// The curvature of one dense layer as a Kronecker product, `F ≈ S ⊗ A`.
///
/// A is the second moment of the layer's input with a 1 appended for the bias if there is one, S that of the derivative of the
/// loss by the layer's output before its activation. Only upper triangles are kept.
final class KroneckerFactors<Scalar: TrainableScalar> {
  /// Where the layer's parameters lie.
  let layer: DensePlace
  /// (inputs + 1) × (inputs + 1), or inputs × inputs without a bias.
  let inputMoment: Buffer<Scalar>
  /// outputs × outputs.
  let cotangentMoment: Buffer<Scalar>
  /// The factors with their damping, as Cholesky factors.
  private let inputFactor: Buffer<Scalar>
  private let cotangentFactor: Buffer<Scalar>
  /// The gradient of weights and bias side by side: outputs × (inputs + 1).
  private let gradient: Buffer<Scalar>
  private(set) var averages: Int

  init(_ layer: DensePlace, averages: Int = 0) {
    self.layer = layer
    self.averages = averages
    let (inputs, outputs) = (layer.inputs + (layer.biasOffset == nil ? 0 : 1), layer.outputs)
    inputMoment = Buffer(rows: inputs, columns: inputs)
    cotangentMoment = Buffer(rows: outputs, columns: outputs)
    inputFactor = Buffer(rows: inputs, columns: inputs)
    cotangentFactor = Buffer(rows: outputs, columns: outputs)
    gradient = Buffer(rows: outputs, columns: inputs)
  }

  /// Averages the moments of a batch into those of earlier ones.
  ///
  /// The k-th average keeps min(1 − 1/k, decay) of the old ones (Martens and Grosse, §5), so that the zeros of
  /// the beginning have no part in it. Cotangents are those of a sample's own loss, not of the batch's mean. The
  /// moments of further parts of a batch are added to those of its first.
  @specialized(where Scalar == Float)
  func average(
    input: MatrixView<Scalar>, cotangent: MatrixView<Scalar>, factor: Double, decay: Double, samples: Int,
    continuing: Bool
  ) {
    if !continuing { averages += 1 }
    let old = min(1 - 1 / Double(averages), decay)
    let (kept, new) = (Scalar(continuing ? 1 : old), Scalar((1 - old) / Double(samples)))
    let (inputs, moment) = (layer.inputs, inputMoment.view)
    moment.rows(0..<inputs).columns(0..<inputs)
      .setSymmetricProduct(input, .transposed, alpha: new, beta: kept)
    cotangentMoment.view.setSymmetricProduct(
      cotangent, .transposed, alpha: new * Scalar(factor * factor), beta: kept)
    guard layer.biasOffset != nil else { return }
    // The sums are free to lie in the factor, which is formed anew before it is used.
    let sums = inputFactor.pointer
    Scalar._columnSums(sums, input.pointer, input.rows, inputs)
    for index in 0..<inputs { moment[index, inputs] = kept * moment[index, inputs] + new * sums[index] }
    moment[inputs, inputs] = 1
  }

  /// Damps and factorises the moments: `A + π√λ I` and `S + √λ/π I`, with π² the ratio of their mean
  /// eigenvalues (Martens and Grosse, §6.3).
  func factorize(damping: Double) throws(LAPACKError) {
    let (a, s) = (Self.meanDiagonal(inputMoment.view), Self.meanDiagonal(cotangentMoment.view))
    let ratio = (a / s).squareRoot()
    // Cotangents that vanish on a whole batch leave no ratio: the damping is shared evenly.
    let balance = ratio.isNormal ? ratio : 1
    try Self.factorize(inputMoment, plus: balance * damping.squareRoot(), into: inputFactor)
    try Self.factorize(cotangentMoment, plus: damping.squareRoot() / balance, into: cotangentFactor)
  }

  /// Replaces the layer's gradient G by `S⁻¹ G A⁻¹`.
  @specialized(where Scalar == Float)
  func precondition(_ flat: FlatParameters<Scalar>) {
    let (inputs, outputs, joint) = (layer.inputs, layer.outputs, gradient.view)
    let weight = flat.view(at: layer.weightOffset, rows: outputs, columns: inputs)
    let bias = layer.biasOffset.map { flat.view(at: $0, rows: outputs, columns: 1) }
    joint.columns(0..<inputs).copy(from: weight)
    if let bias { joint.columns(inputs..<inputs + 1).copy(from: bias) }
    joint.solve(.left, choleskyFactor: cotangentFactor.view)
    joint.solve(.right, choleskyFactor: inputFactor.view)
    weight.copy(from: joint.columns(0..<inputs))
    if let bias { bias.copy(from: joint.columns(inputs..<inputs + 1)) }
  }

  private static func meanDiagonal(_ moment: MatrixView<Scalar>) -> Double {
    var sum = 0.0
    for index in 0..<moment.rows { sum += Double(moment[index, index]) }
    return sum / Double(moment.rows)
  }

  @specialized(where Scalar == Float)
  private static func factorize(
    _ moment: Buffer<Scalar>, plus damping: Double, into factor: Buffer<Scalar>
  ) throws(LAPACKError) {
    factor.view.copy(from: moment.view)
    for index in 0..<factor.view.rows { factor.view[index, index] += Scalar(damping) }
    try factor.view.factorizeCholesky()
  }
}
