import JointLossLinearAlgebra
import JointLossWeighting

extension Trainer {
  /// Takes one training step on consecutive samples of a data set, in their order.
  ///
  /// (A rule that asks for independent batches may get them in another order: its parts need labels of the same tasks.)
  /// For loops that choose their own batches; end an epoch with ``endEpoch()``. A task without a label among the
  /// samples gets weight 0, and for the parameters that serve it alone, its head say, there is no step: neither
  /// they nor what the optimiser remembers of them move. Without any label nothing moves.
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
    if labelledParts != nil, data.labels != nil {
      if order.count != data.sampleCount { order = Array(0..<data.sampleCount) }
      for index in samples { order[index] = index }
      if spreadLabels(over: samples, of: data) { return try step(on: samples) { gather($0, of: data) } }
    }
    try step(on: samples) { data.batch($0) }
  }

  /// Ends an epoch: tells the strategy its mean losses.
  ///
  /// - Returns: the summary of the steps since the last epoch's end.
  /// - Throws: ``TrainingError`` if there was no step, or none with a label.
  @discardableResult
  public func endEpoch() throws(TrainingError) -> EpochSummary {
    guard let summary = tally.summary else {
      throw TrainingError(.configuration, "epoch \(epoch) ends without a step", step: counts.steps)
    }
    weigher.epochEnded(meanLosses: summary.meanLosses)
    epoch += 1
    tally = EpochTally(taskCount: tasks.count)
    return summary
  }

  /// A step on samples, of which a function gives the batch of any part.
  func step(on samples: Range<Int>, of batch: (Range<Int>) -> Batch<Scalar>) throws(TrainingError) {
    observation.step = counts.steps
    observation.epoch = epoch
    let batches = Strategy.Gradients.independentBatches
    let parts = batches > 1 ? batches : (samples.count + pass.capacity - 1) / pass.capacity
    if batches > 1 {
      try observeIndependentBatches(samples, batch)
    } else {
      observeLosses(samples, batch)
    }
    for (task, loss) in observation.losses.enumerated() where !loss.isFinite {
      throw diverged("the loss of task \(tasks[task].name) is \(loss)", task: task)
    }
    if labelled.contains(where: { $0 > 0 }) {
      // Of independent batches they have been taken already.
      seesGradients =
        Strategy.Gradients.need != .losses
        && (batches > 1 || weigher.readsGradients(present: observation.present))
      try observeGradients(samples, batch)
      try setAnswer(weigh())
      let isDirection = direction != nil
      let gradient = try gradient(samples, batch)
      if let norm = try clip(gradient) ?? knownNorm(of: gradient, isDirection: isDirection) {
        tally.add(directionNorm: norm)
      }
      let isFinite = try optimizer.update(
        flat, by: gradient, learningRate: learningRate, present: observation.present)
      guard isFinite else {
        throw diverged("the update of a parameter is not finite after step \(counts.steps)", task: nil)
      }
      if let update = update.take() { move(by: update) }
      // The parts of a batch run again, all but the one in place: for the task gradients, and for their sum.
      let again = batches == 1 ? parts - 1 : 0
      counts.forward += seesGradients ? 2 * again : again
      counts.backward += takesTaskGradients ? parts * tasks.count + again : parts
      if weigher.looksAfterStep {
        measure(samples, batch, into: &lossesAfter)
        weigher.stepEnded(lossesAfter: lossesAfter)
        counts.forward += parts
      }
    } else {
      for task in lastWeights.indices { lastWeights[task] = 0 }
    }
    tally.add(losses: observation.losses, weights: lastWeights, labelled: labelled)
    counts.steps += 1
    counts.forward += parts
    counts.samples += samples.count
  }

  // MARK: Losses

  /// Runs the batch forward and observes its losses and which tasks have labels.
  private func observeLosses(_ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>) {
    measure(samples, batch, into: &observation.losses)
    observePresence()
  }

  /// Runs the batch forward, in parts where it is larger than a pass, and takes its losses and counts its labels.
  private func measure(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>, into losses: inout [Double]
  ) {
    if samples.count <= pass.capacity {
      run(samples, of: samples, batch)
      pass.losses(into: &losses)
      for task in labelled.indices { labelled[task] = partLabelled[task] }
    } else {
      for task in labelled.indices { (losses[task], labelled[task]) = (0, 0) }
      for start in stride(from: samples.lowerBound, to: samples.upperBound, by: pass.capacity) {
        run(start..<min(start + pass.capacity, samples.upperBound), of: samples, batch)
        pass.losses(into: &partLosses)
        for task in labelled.indices {
          losses[task] += Double(partLabelled[task]) * partLosses[task]
          labelled[task] += partLabelled[task]
        }
      }
      for task in labelled.indices where labelled[task] > 0 { losses[task] /= Double(labelled[task]) }
    }
  }

  /// Observes which tasks have labels.
  func observePresence() {
    // Given back first, so that the flags are written in place.
    observation.present = nil
    guard labelled.contains(0) else { return }
    for task in labelled.indices { present[task] = labelled[task] > 0 }
    observation.present = present
  }

  /// Runs a part of a batch forward and counts its labels.
  func run(_ part: Range<Int>, of samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>) {
    let batch = batch(part)
    for task in partLabelled.indices { partLabelled[task] = batch.labelledCount(of: task) }
    let first = part.lowerBound - samples.lowerBound
    pass.run(on: batch, dropout: DropoutPosition(seed: seed, step: counts.steps, firstSample: first))
  }

  // MARK: Weights

  /// Whether the step takes the task gradients apart, for the strategy or for the scale policy.
  private var takesTaskGradients: Bool { seesGradients || options.scalePolicy == .matchNorm }

  /// Whether the step takes the Gramian over all shared parameters for the strategy.
  var observesSharedGramian: Bool {
    seesGradients && Strategy.Gradients.need == .gramian && scope.shared == .sharedParameters
  }

  /// Adds to the observation what the strategy's evidence needs beyond losses; zeros where the strategy will not read
  /// it, and not what an earlier step has left there.
  ///
  /// The arrays are taken out and put back, so that they stay uniquely referenced and are written in place.
  private func observeGradients(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>
  ) throws(TrainingError) {
    guard seesGradients else {
      for task in tasks.indices { observation.clearGradient(of: task) }
      observation.representation?.clear()
      return
    }
    if var norms = observation.gradientNorms.take() {
      try pass.norms(into: &norms, scope: scope.shared)
      if scope == .allParameters {
        try takeOwnSquares()
        for task in norms.indices {
          norms[task] = (norms[task] * norms[task] + ownSquares[task]).squareRoot()
        }
      }
      observation.gradientNorms = consume norms
    }
    if var gramian = observation.gramian.take() {
      try pass.gramian(into: &gramian, scope: scope.shared)
      if observesSharedGramian {
        // Element by element: a second reference would make the next step's Gramian a copy.
        for i in tasks.indices {
          for j in tasks.indices { sharedGramian[i, j] = gramian[i, j] }
        }
      }
      if scope == .allParameters {
        try takeOwnSquares()
        for task in tasks.indices { gramian[task, task] += ownSquares[task] }
      }
      tally.add(gramian, present: observation.present)
      observation.gramian = consume gramian
    }
    if var jacobian = observation.jacobian.take() {
      if var representation = observation.representation.take() {
        try pass.jacobian(into: &jacobian, of: &representation)
        observation.representation = consume representation
      } else {
        try takeJacobian(into: &jacobian, samples, batch)
      }
      observation.jacobian = consume jacobian
    }
  }

  /// Takes the squares of the task gradients on the parameters that serve one task alone.
  ///
  /// They are a product a head, without a pass of the trunk: the passes of the tasks are those of the shared part.
  private func takeOwnSquares() throws(TrainingError) {
    try pass.gradient(shared: noWeights, heads: unitWeights)
    pass.gradient.ownSquares(into: &ownSquares)
  }

  /// Asks the strategy for the weights.
  private func weigh() throws(TrainingError) -> TaskWeights {
    // Given back first, so that the strategy writes its own in place.
    (direction, update) = (nil, nil)
    do {
      return try weigher.weightsWithUncheckedElements(observing: observation)
    } catch {
      // A strategy knows its tasks by their index alone.
      let name = error.task.map { " (task \($0) is \(tasks[$0].name))" } ?? ""
      // What it was to be shown is not finite: an overflow in this network, not a strategy without an answer.
      throw error.code == .nonFinite && !weigher.wasAsked
        ? diverged(error.message, task: error.task) : noAnswer(error.message + name, task: error.task)
    }
  }

  /// Keeps the strategy's answer: copies the weights to ``lastWeights``, scales them, and derives those of the heads.
  private func setAnswer(_ weights: TaskWeights) throws(TrainingError) {
    for (task, weight) in weights.values.enumerated() { lastWeights[task] = weight }
    if let certificate = weights.certificate { tally.add(certificate) }
    tally.add(weights.interventions, ridge: weights.certificate?.ridge ?? 0)
    let isGiven = application.isGiven
    if isGiven { try setGiven(weights) }
    if options.scalePolicy == .sumToTasks { try scaleToSum() }
    let isWeighted =
      switch options.headPolicy {
      case .strategy: application == .losses
      case .unit: false
      case .weighted: true
      }
    // Under a direction or an update they have been set already.
    if !isGiven || options.headPolicy != .strategy {
      for task in headWeights.indices { headWeights[task] = isWeighted ? lastWeights[task] : 1 }
    }
    if options.scalePolicy == .matchNorm { try matchNorm() }
  }

  private func scaleToSum() throws(TrainingError) {
    let (sum, target) = (lastWeights.reduce(0, +), Double(labelled.count { $0 > 0 }))
    guard sum > 0, (target / sum).isFinite else {
      throw TrainingError(
        .strategy, "weights of the sum \(sum) cannot be scaled to the sum \(target)", step: counts.steps)
    }
    for task in lastWeights.indices { lastWeights[task] *= target / sum }
  }

  /// Makes the shared gradient as long as under equal weights.
  private func matchNorm() throws(TrainingError) {
    if !observesSharedGramian { try pass.gramian(into: &sharedGramian, scope: .sharedParameters) }
    var (equal, own, bound) = (0.0, 0.0, 0.0)
    for i in lastWeights.indices {
      bound += abs(lastWeights[i]) * sharedGramian.norm(of: i)
      for j in lastWeights.indices {
        equal += sharedGramian[i, j]
        own += lastWeights[i] * lastWeights[j] * sharedGramian[i, j]
      }
    }
    guard equal.isFinite, own.isFinite else {
      throw diverged("the norm of the shared gradient is not finite", task: nil)
    }
    // Gradients that cancel to rounding have no direction whose length could be chosen.
    guard own > 1e-10 * bound * bound else { return }
    let factor = (max(equal, 0) / own).squareRoot()
    for task in lastWeights.indices { lastWeights[task] *= factor }
  }

  /// The error of a strategy that gives no answer, or none in finite numbers, to finite evidence.
  func noAnswer(_ message: String, task: Int?) -> TrainingError {
    TrainingError(.strategy, message, task: task, step: counts.steps)
  }

  func diverged(_ message: String, task: Int?) -> TrainingError {
    TrainingError(.diverged, message, task: task, step: counts.steps)
  }
}
