import JointLossLinearAlgebra

/// The forward pass of a network on up to a fixed number of samples, and the losses of its tasks.
final class ForwardPass<Scalar: TrainableScalar> {
  let network: NetworkSpecification
  let layout: ParameterLayout
  let parameters: FlatParameters<Scalar>
  /// The largest number of samples of a pass.
  let capacity: Int
  /// The samples of the pass; the memory belongs to the data set or to a gathered batch.
  private(set) var batch: Batch<Scalar>
  /// The output of each trunk layer: capacity × width.
  private let activations: [Buffer<Scalar>]
  /// capacity × outputs of all heads: predictions without bias, then the cotangents of the unweighted losses.
  private let outputs: Buffer<Scalar>
  /// For each task, the sum of its squared cotangents.
  private(set) var energies: [Double]

  init(
    _ network: NetworkSpecification, layout: ParameterLayout, parameters: FlatParameters<Scalar>,
    capacity: Int, empty: Batch<Scalar>
  ) {
    self.network = network
    self.layout = layout
    self.parameters = parameters
    self.capacity = capacity
    batch = empty
    activations = network.trunk.map { Buffer(rows: capacity, columns: $0) }
    outputs = Buffer(rows: capacity, columns: network.outputCount)
    energies = [Double](repeating: 0, count: network.tasks.count)
  }

  /// What a trunk layer reads, and for the layer after the last one what the heads read.
  func input(ofLayer layer: Int) -> MatrixView<Scalar> {
    layer == 0 ? batch.inputs : activations[layer - 1].view.rows(0..<batch.count)
  }

  /// The cotangents of the unweighted losses: samples × outputs of all heads.
  var cotangents: MatrixView<Scalar> { outputs.view.rows(0..<batch.count) }

  /// Runs trunk and heads; the predictions are left without their bias, which ``losses(into:)`` adds.
  @specialized(where Scalar == Float)
  func run(on batch: Batch<Scalar>) {
    precondition(batch.count <= capacity, "\(batch.count) samples in a pass for \(capacity)")
    self.batch = batch
    for (index, layer) in layout.trunk.enumerated() {
      let output = input(ofLayer: index + 1)
      output.setProduct(input(ofLayer: index), .asIs, parameters.weight(layer), .transposed)
      Scalar._biasActivation(
        output.pointer, parameters.bias(layer), batch.count, layer.outputs, network.activation.kernel)
    }
    cotangents.setProduct(
      input(ofLayer: layout.trunk.count), .asIs, parameters.weight(layout.heads), .transposed)
  }

  /// Adds the bias that the losses would add: samples × outputs of all heads.
  func outputsWithBias() -> MatrixView<Scalar> {
    let outputs = cotangents
    Scalar._biasActivation(
      outputs.pointer, parameters.bias(layout.heads), outputs.rows, outputs.columns,
      Activation.identity.kernel)
    return outputs
  }

  /// The mean loss of each task over its labelled samples of the batch; the predictions become the cotangents.
  @specialized(where Scalar == Float)
  func losses(into losses: inout [Double]) {
    let (outputs, bias) = (cotangents, parameters.bias(layout.heads))
    var target = 0
    for task in 0..<network.tasks.count {
      let (loss, rows) = (network.tasks[task].loss, layout.headRows[task])
      losses[task] = Scalar._loss(
        loss, outputs.pointer + rows.lowerBound, outputs.stride, bias + rows.lowerBound,
        batch.targets.pointer + target, batch.targets.stride, batch.labels.map { $0.pointer + task },
        batch.labels?.stride ?? 0, batch.count, rows.count, &energies[task])
      target += loss == .softmaxCrossEntropy ? 1 : rows.count
    }
  }
}
