import JointLossLinearAlgebra
import JointLossWeighting

/// The gradients of a batch, from those of its parts where it is larger than a pass.
///
/// Each task's mean is over its labels in all parts: the gradient of a part counts with the share of the labels that
/// lie in it.
extension Trainer {
  /// The task gradients of the whole batch; of several parts the first is in place afterwards.
  func takeJacobian(
    into jacobian: inout Jacobian, _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>
  ) throws(TrainingError) {
    guard samples.count > pass.capacity else { return try pass.jacobian(into: &jacobian) }
    let last = (samples.count - 1) / pass.capacity
    // Backwards: the last part is still in place.
    for part in stride(from: last, through: 0, by: -1) {
      if part < last { runAgain(part, of: samples, batch) }
      try pass.jacobian(into: &partJacobian)
      for task in tasks.indices {
        if part == last { jacobian.clear(task) }
        jacobian.add(partJacobian, task: task, times: share(of: task))
      }
    }
  }

  /// The gradient by which the step moves the parameters, or zeros on the shared ones under an update.
  func gradient(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>
  ) throws(TrainingError) -> FlatParameters<Scalar> {
    guard direction != nil || update != nil else {
      return try gradient(samples, batch, shared: lastWeights)
    }
    if scope == .representation, let cotangent = direction.take() {
      try pass.gradient(representation: cotangent, heads: headWeights)
      return pass.gradient
    }
    let gradient = try headGradients(samples, batch)
    gradient.setShared(direction.take())
    return gradient
  }

  /// The gradient of the weighted losses, with weights of their own on the shared parameters.
  func gradient(
    _ samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>, shared: [Double]
  ) throws(TrainingError) -> FlatParameters<Scalar> {
    var observed = ObservedBatch(samples: samples.count, labelled: labelled)
    guard samples.count > pass.capacity, let total else {
      try observeCurvature(observed)
      try pass.gradient(shared: shared, heads: headWeights)
      return pass.gradient
    }
    let last = (samples.count - 1) / pass.capacity
    for index in 0...last {
      // Beginning with the part that is in place: the first after the task gradients, else the last.
      let part = seesGradients ? index : last - index
      if index > 0 { runAgain(part, of: samples, batch) }
      for task in labelled.indices {
        let share = share(of: task)
        partWeights.shared[task] = share * shared[task]
        partWeights.heads[task] = share * headWeights[task]
      }
      observed.firstSample = part * pass.capacity
      try observeCurvature(observed)
      observed.isBeginning = false
      try pass.gradient(shared: partWeights.shared, heads: partWeights.heads)
      if index == 0 {
        total.copy(from: pass.gradient)
      } else {
        total.add(pass.gradient)
      }
    }
    return total
  }

  /// Runs a part of a batch forward once more, and takes its losses.
  private func runAgain(_ part: Int, of samples: Range<Int>, _ batch: (Range<Int>) -> Batch<Scalar>) {
    let start = samples.lowerBound + part * pass.capacity
    run(start..<min(start + pass.capacity, samples.upperBound), of: samples, batch)
    pass.losses(into: &partLosses)
  }

  /// The share of a task's labels that lie in the part that was just run.
  private func share(of task: Int) -> Double {
    labelled[task] > 0 ? Double(partLabelled[task]) / Double(labelled[task]) : 0
  }

  /// Shows the optimiser the part of the batch that was just run, and counts the pass if that takes one.
  private func observeCurvature(_ batch: ObservedBatch) throws(TrainingError) {
    let isSeen = try optimizer.observe(
      pass, tasks: tasks, weights: lastWeights, headWeights: headWeights, batch: batch)
    if isSeen { counts.backward += 1 }
  }
}
