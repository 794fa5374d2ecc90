import JointLossLinearAlgebra

/// A backward pass of random cotangents whose second moment is the curvature of the losses at the predictions.
///
/// For the squared error and the binary cross entropy the Hessian H by a sample's predictions is diagonal:
/// `√H z` with random signs z. For the softmax `p − e_c` with the class c drawn from p. So
/// `E[d dᵀ] = H`, exactly for every draw where there is one output; in the layers below, the second moment is
/// that of the Gauss–Newton matrix, which for these losses is the Fisher matrix.
struct FisherPass<Scalar: TrainableScalar> {
  private var stream: PhiloxStream
  /// The cotangents of the losses, kept while others take their place.
  private var kept: Buffer<Scalar>?
  private var roots: [Double] = []
  private var headRoots: [Double] = []
  private var signs: UInt64 = 0
  private var signsLeft = 0

  init(seed: UInt64) { stream = PhiloxStream(seed: seed, purpose: "optimizer") }

  /// Shows every dense layer's input and its cotangents, those of a sample's own weighted losses.
  ///
  /// A weight below zero has no curvature to descend: its size is taken.
  mutating func run(
    _ forward: ForwardPass<Scalar>, _ backward: BackwardPass<Scalar>, weights: [Double],
    headWeights: [Double], shows observer: some DenseLayerObserver<Scalar>
  ) {
    let cotangents = forward.cotangents
    let buffer = kept ?? Buffer(rows: forward.capacity, columns: cotangents.columns)
    kept = buffer
    let saved = buffer.view.rows(0..<cotangents.rows)
    saved.copy(from: cotangents)
    Self.setRoots(of: weights, &roots)
    Self.setRoots(of: headWeights, &headRoots)
    draw(forward)
    backward.observer = observer
    backward.shared(weights: roots)
    backward.heads(weights: headRoots)
    backward.observer = nil
    cotangents.copy(from: saved)
  }

  private static func setRoots(of weights: [Double], _ roots: inout [Double]) {
    if roots.count != weights.count { roots = weights }
    for (task, weight) in weights.enumerated() { roots[task] = abs(weight).squareRoot() }
  }

  /// Replaces the cotangents of the mean losses by drawn ones of the samples' losses.
  @specialized(where Scalar == Float)
  private mutating func draw(_ forward: ForwardPass<Scalar>) {
    let (cotangents, targets) = (forward.cotangents, forward.batch.targets)
    let samples = Double(cotangents.rows)
    var target = 0
    for (task, columns) in zip(forward.network.tasks, forward.layout.headRows) {
      for row in 0..<cotangents.rows {
        let d = cotangents.pointer + row * cotangents.stride + columns.lowerBound
        let y = targets.pointer + row * targets.stride + target
        switch task.loss {
        case .meanSquaredError:
          let root = (2 / Double(columns.count)).squareRoot()
          for output in 0..<columns.count { d[output] = Scalar(sign() * root) }
        case .binaryCrossEntropy:
          let outputs = Double(columns.count)
          for output in 0..<columns.count {
            // The cotangent is (p − y) / (samples · outputs).
            let p = Double(y[output]) + Double(d[output]) * samples * outputs
            d[output] = Scalar(sign() * (max(p * (1 - p), 0) / outputs).squareRoot())
          }
        case .softmaxCrossEntropy:
          drawClass(d, classes: columns.count, label: Int(y[0]), samples: samples)
        }
      }
      target += task.targetColumns
    }
  }

  /// From the cotangents `(p − e_label) / samples` to `p − e_c`.
  @specialized(where Scalar == Float)
  private mutating func drawClass(
    _ d: UnsafeMutablePointer<Scalar>, classes: Int, label: Int, samples: Double
  ) {
    var left = stream.uniform()
    var drawn = classes - 1
    for index in 0..<classes {
      let p = Double(d[index]) * samples + (index == label ? 1 : 0)
      d[index] = Scalar(p)
      if left >= 0, left < p { drawn = index }
      left -= p
    }
    d[drawn] -= 1
  }

  private mutating func sign() -> Double {
    if signsLeft == 0 {
      signs = stream.next()
      signsLeft = 64
    }
    defer {
      signs >>= 1
      signsLeft -= 1
    }
    return signs & 1 == 0 ? 1 : -1
  }
}
