import JointLossWeighting

extension Trainer {
  /// Takes one training step on consecutive samples of a data set, in their order.
  ///
  /// For loops that choose their own batches; end an epoch with ``endEpoch()``.
  ///
  /// - Parameters:
  ///   - data: the training data, prepared for this network.
  ///   - samples: at least one sample, at most the batch size.
  /// - Throws: ``TrainingError``: `diverged` with step and task where a loss, a gradient, a weight or a
  ///   parameter is not finite, `strategy` where the strategy has no weights for this step.
  public func step(on data: PreparedData<Scalar>, samples: Range<Int>) throws(TrainingError) {
    try require(data, holds: samples)
    guard samples.count <= batchSize else {
      throw TrainingError(.shape, "\(samples.count) samples for batches of at most \(batchSize)")
    }
    try step(on: data.batch(samples))
  }

  /// Ends an epoch: tells the strategy its mean losses.
  ///
  /// - Returns: the summary of the steps since the last epoch's end.
  /// - Throws: ``TrainingError`` if there was no step.
  @discardableResult
  public func endEpoch() throws(TrainingError) -> EpochSummary {
    guard let summary = tally.summary else {
      throw TrainingError(.configuration, "epoch \(epoch) ends without a step", step: counts.steps)
    }
    strategy.epochEnded(meanLosses: summary.meanLosses)
    epoch += 1
    tally = EpochTally(taskCount: tasks.count)
    return summary
  }

  func step(on batch: Batch<Scalar>) throws(TrainingError) {
    observation.step = counts.steps
    observation.epoch = epoch
    pass.run(on: batch, dropout: DropoutPosition(seed: seed, step: counts.steps))
    pass.losses(into: &observation.losses)
    for (task, loss) in observation.losses.enumerated() where !loss.isFinite {
      throw diverged("the loss of task \(tasks[task].name) is \(loss)", task: task)
    }
    try observeGradients()
    let weights = try weigh()
    try pass.gradient(shared: lastWeights, heads: weights.appliesTo == .losses ? lastWeights : ones)
    guard optimizer.update(flat, by: pass.gradient) else {
      throw diverged("the update of a parameter is not finite after step \(counts.steps)", task: nil)
    }
    tally.add(losses: observation.losses, weights: lastWeights, samples: batch.count)
    counts.steps += 1
    counts.forward += 1
    counts.backward += Strategy.Evidence.need == .losses ? 1 : tasks.count
    counts.samples += batch.count
  }

  /// Adds to the observation what the strategy's evidence needs beyond losses.
  ///
  /// The arrays are taken out and put back, so that they stay uniquely referenced and are written in place.
  private func observeGradients() throws(TrainingError) {
    if var norms = observation.gradientNorms.take() {
      try pass.norms(into: &norms)
      observation.gradientNorms = consume norms
    }
    if var gramian = observation.gramian.take() {
      try pass.gramian(into: &gramian)
      tally.add(gramian)
      observation.gramian = consume gramian
    }
  }

  /// Asks the strategy for the weights, checks them and copies them to ``lastWeights``.
  private func weigh() throws(TrainingError) -> TaskWeights {
    let weights: TaskWeights
    do {
      weights = try strategy.weights(for: Strategy.Evidence(observing: observation))
    } catch {
      // Evidence that is not finite: an overflow in this network, not a strategy without an answer.
      guard error.code != .nonFinite else { throw diverged(error.message, task: error.task) }
      throw TrainingError(.strategy, error.message, task: error.task, step: counts.steps)
    }
    guard weights.values.count == tasks.count else {
      throw TrainingError(
        .strategy,
        "\(Strategy.descriptor.name) gave \(weights.values.count) weights for \(tasks.count) tasks",
        step: counts.steps)
    }
    for (task, weight) in weights.values.enumerated() {
      guard weight.isFinite else {
        throw diverged("the weight of task \(tasks[task].name) is \(weight)", task: task)
      }
      lastWeights[task] = weight
    }
    return weights
  }

  private func diverged(_ message: String, task: Int?) -> TrainingError {
    TrainingError(.diverged, message, task: task, step: counts.steps)
  }
}
