import JointLossLinearAlgebra
import JointLossWeighting

extension WeightingStrategy {
  /// Checks that the trainer can do what such a rule needs.
  func requireDirection(
    of scope: GradientScope, optimizer: OptimizerSpecification, options: StepOptions
  ) throws(TrainingError) {
    let (name, evidence) = (Self.about.name, Gradients.self)
    // A rule that keeps gradients from step to step has those of other samples in the representation's place: only
    // one that prescribes the scope itself knows what to do with it.
    let isOnRepresentation =
      gradientScope == .representation && evidence.need == .jacobian && evidence.independentBatches == 1
      && Self.about.weighs == .direction
    guard !isOnRepresentation || options.accumulation == 1 else {
      throw TrainingError(
        .configuration,
        "\(name) reads the task gradients on the representation of the whole batch, which is not split into "
          + "\(options.accumulation) micro-batches")
    }
    guard evidence.need != .jacobian || scope == .sharedParameters || isOnRepresentation else {
      throw TrainingError(
        .configuration,
        "\(name) reads the task gradients on all shared parameters, not those of the scope \(scope.rawValue)")
    }
    let appliesTo = Self.about.weighs
    guard evidence.independentBatches == 1 || appliesTo.isGiven && evidence.need == .jacobian else {
      throw TrainingError(
        .configuration,
        "\(name) asks for independent batches, and does not give a direction or an update from their gradients"
      )
    }
    guard !appliesTo.isGiven || !optimizer.observesCurvature else {
      throw TrainingError(
        .configuration,
        "\(name) gives \(appliesTo.phrase), which is not the gradient of a loss whose curvature K-FAC could observe"
      )
    }
  }
}

/// Steps of rules that look at the task gradients themselves, and of those that give the shared gradient or the
/// update of the shared parameters.
extension Trainer {
  /// Splits the batch into independent ones, one after the other in its order, and takes losses and task gradients
  /// on each.
  ///
  /// So an epoch has the steps and the order that it has under every other strategy. The losses of the step are those
  /// of the whole batch. A last batch with fewer samples than there are independent ones serves as each of them.
  /// The gradients of the heads, unweighted, add up in ``total`` on the way.
  func observeIndependentBatches(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>
  ) throws(TrainingError) {
    // Taken out and put back, so that they are written in place.
    guard var jacobians = observation.jacobians.take(), let total else { return }
    defer { observation.jacobians = jacobians }
    let (batches, count) = (jacobians.count, samples.count)
    let isSplit = count >= batches
    for task in labelled.indices { (observation.losses[task], labelled[task]) = (0, 0) }
    for part in 0..<batches {
      let range = isSplit ? LabelledParts<Scalar>.range(part, of: batches, in: samples) : samples
      run(range, of: samples, batch)
      pass.losses(into: &partLosses)
      for task in labelled.indices {
        guard partLosses[task].isFinite else {
          throw diverged("the loss of task \(tasks[task].name) is \(partLosses[task])", task: task)
        }
        guard part == 0 || (labelled[task] > 0) == (partLabelled[task] > 0) else {
          throw TrainingError(
            .strategy,
            "\(Strategy.about.name) needs labels of task \(tasks[task].name) in each of the \(batches) parts "
              + "of a batch, or in none, and no division of these \(count) samples gives them: "
              + "\(batch(samples).labelledCount(of: task)) have a label of it", task: task, step: counts.steps
          )
        }
        observation.losses[task] += Double(partLabelled[task]) * partLosses[task]
        labelled[task] += partLabelled[task]
      }
      try pass.jacobian(into: &jacobians[part])
      for task in labelled.indices {
        (partWeights.shared[task], partWeights.heads[task]) = (0, Double(partLabelled[task]))
      }
      try pass.gradient(shared: partWeights.shared, heads: partWeights.heads)
      if part == 0 {
        total.copy(from: pass.gradient)
      } else {
        total.add(pass.gradient)
      }
    }
    for task in labelled.indices where labelled[task] > 0 {
      observation.losses[task] /= Double(labelled[task])
      for (index, tensor) in flat.tensors.enumerated() where tensor.task == task {
        total.scale(index, by: 1 / Double(labelled[task]))
      }
      if !isSplit { labelled[task] /= batches }
    }
    observePresence()
  }

  /// Keeps a direction or an update for the step, and sets the weights of the heads that go with it.
  func setGiven(_ weights: TaskWeights) throws(TrainingError) {
    guard let given = weights.elements else { return }
    let name = Strategy.about.name
    let elements = observation.representation?.elements.count
    let count = elements ?? flat.sharedCount
    guard given.count == count else {
      throw noAnswer(
        "\(name) gave \(application.phrase) of \(given.count) values for \(count) "
          + (elements == nil ? "shared parameters" : "elements of the representation"),
        task: nil)
    }
    if let index = flat.firstOutOfRange(given) {
      let message =
        "the \(application.rawValue) of \(name) holds \(given[index]) at \(elements == nil ? "parameter" : "element") \(index)"
      // A finite value beyond the range of the network's numbers is an overflow there.
      throw given[index].isFinite ? diverged(message, task: nil) : noAnswer(message, task: nil)
    }
    for task in tasks.indices { headWeights[task] = weights.headWeights?[task] ?? 1 }
    if application == .update {
      try requireFinite(afterUpdate: given)
      update = given
    } else {
      direction = given
    }
  }

  /// The gradients of the heads alone, with their weights; what is on the shared parameters has no meaning.
  func headGradients(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>
  ) throws(TrainingError) -> FlatParameters<Scalar> {
    guard Strategy.Gradients.independentBatches > 1, let total else {
      return try gradient(samples, batch, shared: noWeights)
    }
    for (index, tensor) in flat.tensors.enumerated() {
      if let task = tensor.task { total.scale(index, by: headWeights[task]) }
    }
    return total
  }
}
