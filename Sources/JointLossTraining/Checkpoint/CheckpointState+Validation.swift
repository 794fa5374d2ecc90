import JointLossWeighting

extension CheckpointState {
  /// Checks every number of a state that was read, before anything is computed from it.
  ///
  /// - Parameters:
  ///   - taskCount: the number of the trainer's tasks.
  ///   - parameterCount: the number of its parameters.
  ///   - tensorBytes: the length of the file of tensors, which holds all that room may be made for.
  /// - Throws: ``TrainingError`` with the code `checkpoint` that names the field.
  func validate(taskCount: Int, parameterCount: Int, tensorBytes: Int) throws(TrainingError) {
    try Self.require(learningRate >= 0 && learningRate.isFinite, "learningRate", learningRate)
    let largest = StrategyState.largestCount
    try Self.require((0...largest).contains(epoch), "epoch", epoch)
    for (key, count) in [
      ("steps", counts.steps), ("forward", counts.forward), ("backward", counts.backward),
      ("samples", counts.samples),
    ] {
      try Self.require((0...largest).contains(count), "counts.\(key)", count)
    }
    try Self.require((0...largest).contains(optimizer.step), "optimizer.step", optimizer.step)
    try Self.require(
      (0...optimizer.step).contains(optimizer.averages), "optimizer.averages", optimizer.averages)
    if let missed = optimizer.missed {
      try Self.require(missed.count == taskCount, "optimizer.missed.count", missed.count)
      for count in missed {
        try Self.require((0...optimizer.step).contains(count), "optimizer.missed", count)
      }
    }
    try requireLayers(parameterCount: parameterCount, tensorBytes: tensorBytes)
    guard lastLosses.count == taskCount, lastWeights.count == taskCount, tally.taskCount == taskCount else {
      throw TrainingError(.checkpoint, "the checkpoint's position is not of \(taskCount) tasks")
    }
    for loss in lastLosses { try Self.require(loss.isFinite, "lastLosses", loss) }
    for weight in lastWeights { try Self.require(weight.isFinite, "lastWeights", weight) }
    if let (key, value) = tally.defect { throw Self.impossible("tally.\(key)", value) }
  }

  /// The moments of all layers must lie in the file before there is room made for them.
  private func requireLayers(parameterCount: Int, tensorBytes: Int) throws(TrainingError) {
    var rest = tensorBytes
    for layer in optimizer.layers {
      let inputs = layer.inputs
      guard layer.isInside(parameterCount), let moments = layer.momentCount, moments <= rest else {
        throw TrainingError(
          .checkpoint,
          "the checkpoint has the curvature of layers that this network has not, one of them of \(inputs) inputs"
        )
      }
      rest -= moments
    }
  }

  private static func require(_ holds: Bool, _ key: String, _ value: some Any) throws(TrainingError) {
    guard holds else { throw impossible(key, "\(value)") }
  }

  private static func impossible(_ key: String, _ value: String) -> TrainingError {
    TrainingError(.checkpoint, "the checkpoint's \(key) is \(value), which cannot be")
  }
}
