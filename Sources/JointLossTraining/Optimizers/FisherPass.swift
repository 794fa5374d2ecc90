import JointLossLinearAlgebra

/// A backward pass of random cotangents whose second moment is the curvature of the losses at the predictions.
///
/// For the squared error and the binary cross entropy the Hessian H by a sample's predictions is diagonal:
/// `√H z` with the signs z of ``BalancedSigns``. For the softmax `p − e_c` with the class c drawn from p. So
/// `E[d dᵀ] = H`, exactly for every draw where there is one output; in the layers below, the second moment is
/// that of the Gauss–Newton matrix, which for these losses is the Fisher matrix.
struct FisherPass<Scalar: TrainableScalar> {
  var stream: PhiloxStream
  /// The cotangents of the losses, kept while others take their place.
  private var kept: Buffer<Scalar>?
  private var roots: [Double] = []
  private var headRoots: [Double] = []
  private var signs = BalancedSigns()

  init(seed: UInt64) { stream = PhiloxStream(seed: seed, purpose: "optimizer") }

  /// Shows every dense layer's input and its cotangents, those of a sample's own weighted losses.
  ///
  /// The losses are those that the tasks name. A weight below zero has no curvature to descend: its size is
  /// taken.
  mutating func run(
    _ pass: any TrainingPass<Scalar>, tasks: [TaskSpecification], weights: [Double], headWeights: [Double],
    batch: ObservedBatch, shows observer: some DenseLayerObserver<Scalar>
  ) throws(TrainingError) {
    let cotangents = pass.cotangents
    let buffer = kept ?? Buffer(rows: pass.capacity, columns: cotangents.columns)
    kept = buffer
    let saved = buffer.view.rows(0..<cotangents.rows)
    saved.copy(from: cotangents)
    defer { cotangents.copy(from: saved) }
    Self.setRoots(of: weights, &roots)
    Self.setRoots(of: headWeights, &headRoots)
    draw(cotangents, tasks, pass.batch, of: batch)
    try pass.showDenseLayers(to: observer, shared: roots, heads: headRoots)
  }

  private static func setRoots(of weights: [Double], _ roots: inout [Double]) {
    if roots.count != weights.count { roots = weights }
    for (task, weight) in weights.enumerated() { roots[task] = abs(weight).squareRoot() }
  }

  /// Replaces the cotangents of the mean losses by drawn ones of the samples' losses.
  @specialized(where Scalar == Float)
  private mutating func draw(
    _ cotangents: MatrixView<Scalar>, _ tasks: [TaskSpecification], _ batch: Batch<Scalar>,
    of whole: ObservedBatch
  ) {
    // For the whole batch at once: what is drawn does not depend on its parts.
    if whole.isBeginning { signs.draw(samples: whole.samples, using: &stream) }
    var (output, target) = (0, 0)
    for (index, task) in tasks.enumerated() {
      let labelled = batch.labelledCount(of: index)
      // The mean over samples is to be that over labelled ones, of the whole batch.
      let scale = (Double(whole.samples) / Double(max(whole.labelled[index], 1))).squareRoot()
      for row in 0..<cotangents.rows where batch.labels.map({ $0[row, index] != 0 }) ?? true {
        draw(
          task, index, sample: whole.firstSample + row, firstOutput: output,
          cotangents.pointer + row * cotangents.stride + output,
          batch.targets.pointer + row * batch.targets.stride + target, labelled: Double(labelled),
          scale: scale)
      }
      output += task.outputs
      target += task.targetColumns
    }
  }

  /// Replaces the cotangents of one sample's loss of one task.
  @specialized(where Scalar == Float)
  private func draw(
    _ task: TaskSpecification, _ index: Int, sample: Int, firstOutput: Int, _ d: UnsafeMutablePointer<Scalar>,
    _ target: UnsafePointer<Scalar>, labelled: Double, scale: Double
  ) {
    let outputs = Double(task.outputs)
    switch task.loss {
    case .meanSquaredError:
      let root = scale * (2 / outputs).squareRoot()
      for output in 0..<task.outputs { d[output] = Scalar(signs[sample, firstOutput + output] * root) }
    case .binaryCrossEntropy:
      for output in 0..<task.outputs {
        // The cotangent is (p − y) / (samples · outputs).
        let p = Double(target[output]) + Double(d[output]) * labelled * outputs
        d[output] = Scalar(
          signs[sample, firstOutput + output] * scale * (max(p * (1 - p), 0) / outputs).squareRoot())
      }
    case .softmaxCrossEntropy:
      // From (p − e_label) / samples to p − e_c.
      var (left, drawn) = (signs.uniform(sample: sample, task: index), task.outputs - 1)
      for output in 0..<task.outputs {
        let p = Double(d[output]) * labelled + (output == Int(target[0]) ? 1 : 0)
        d[output] = Scalar(scale * p)
        if left >= 0, left < p { drawn = output }
        left -= p
      }
      d[drawn] -= Scalar(scale)
    }
  }
}
