import JointLossTraining
import JointLossWeighting
import Testing

/// The derivatives of every task's loss by every parameter, by central differences in `Double`.
struct CentralDifferences {
  /// For each tensor and each of its values, the derivatives of the T losses.
  fileprivate let derivatives: [(tensor: ParameterTensor, values: [[Double]])]

  /// The largest error over tensors of a gradient, relative to the norm of the tensor's gradient.
  ///
  /// Shared parameters follow `Σ shared_t L_t`; those of task t follow its loss times `heads_t`, 1 by default.
  func error(of gradient: [String: [Double]], shared: [Double], heads: [Double]? = nil) -> Double {
    var worst = gradient.count == derivatives.count ? 0 : Double.infinity
    for (tensor, values) in derivatives {
      let weights = tensor.task == nil ? shared : heads ?? shared.map { _ in 1 }
      let expected = values.map { zip($0, weights).reduce(0) { $0 + $1.0 * $1.1 } }
      let computed = gradient[tensor.name] ?? []
      guard computed.count == expected.count else { return .infinity }
      let error = zip(computed, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Where nothing is due, differences leave their rounding.
      worst = max(worst, norm > 1e-10 ? error / norm : error)
    }
    return worst
  }
}

extension Problem {
  /// Differences the losses of a training step or, with `evaluating`, of the network as it is evaluated.
  func differences(evaluating: Bool = true) throws -> CentralDifferences {
    let trainer: Trainer<Double, EqualWeighting> = try trainer(Self.equal(network))
    let data = try PreparedData<Double>(data, network: network)
    func losses(_ parameters: [String: [Double]]) throws -> [Double] {
      if evaluating {
        try trainer.setParameters(parameters)
        return try trainer.losses(on: data)
      }
      // The first step of a new trainer: all differences see one mask.
      let step: Trainer<Double, EqualWeighting> = try self.trainer(Self.equal(network))
      try step.setParameters(parameters)
      try step.step(on: data, samples: 0..<data.sampleCount)
      return step.lastLosses
    }
    // Fourth order: its own error is far below the tolerance. Small enough to cross no kink of a ReLU here.
    let h = 1e-4
    return try CentralDifferences(
      derivatives: tensors.map { tensor in
        let values = try (0..<tensor.count).map { index in
          let losses = try [h, -h, 2 * h, -2 * h].map { offset in
            var parameters = parameters
            parameters[tensor.name]?[index] += offset
            return try losses(parameters)
          }
          return network.tasks.indices.map {
            (8 * (losses[0][$0] - losses[1][$0]) - losses[2][$0] + losses[3][$0]) / (12 * h)
          }
        }
        return (tensor, values)
      })
  }
}
