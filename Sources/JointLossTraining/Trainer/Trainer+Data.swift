import JointLossLinearAlgebra
public import JointLossWeighting

extension Trainer {
  /// Trains one epoch: every sample once, in an order drawn from the stream `batches`.
  ///
  /// The last batch holds what is left. The order continues over the epochs and does not depend on the
  /// strategy.
  ///
  /// - Parameter data: the training data, prepared for this network.
  /// - Returns: mean losses and weights, and the time of each step.
  /// - Throws: ``TrainingError`` with the code `shape` if a batch is larger than the data, else as
  ///   ``step(on:samples:)`` does; the epoch then stays unfinished.
  @discardableResult
  public func trainEpoch(on data: PreparedData<Scalar>) throws(TrainingError) -> EpochSummary {
    try require(data, holds: 0..<data.sampleCount)
    try data.requireBatch(of: batchSize)
    if order.count != data.sampleCount { order = Array(0..<data.sampleCount) }
    for index in order.indices { order[index] = index }
    batchStream.shuffle(&order)
    tally.reserve(steps: (data.sampleCount + batchSize - 1) / batchSize)
    for start in stride(from: 0, to: data.sampleCount, by: batchSize) {
      let samples = start..<min(start + batchSize, data.sampleCount)
      let clock = ContinuousClock()
      let begin = clock.now
      _ = spreadLabels(over: samples, of: data)
      try step(on: samples) { gather($0, of: data) }
      tally.add(seconds: (clock.now - begin) / .seconds(1))
    }
    return try endEpoch()
  }

  /// The unweighted loss of each task on a whole data set.
  ///
  /// - Parameter data: a split, prepared for this network.
  /// - Returns: the means over the labelled samples, one a task; not finite where the network's are not.
  /// - Throws: ``TrainingError`` if the data were prepared for another network.
  public func losses(on data: PreparedData<Scalar>) throws(TrainingError) -> [Double] {
    try require(data, holds: 0..<data.sampleCount)
    var (means, losses) = (EpochMeans(taskCount: tasks.count), lastWeights)
    for start in stride(from: 0, to: data.sampleCount, by: pass.capacity) {
      let batch = data.batch(start..<min(start + pass.capacity, data.sampleCount))
      pass.run(on: batch, dropout: nil)
      pass.losses(into: &losses)
      for task in losses.indices { means.add(losses[task], of: task, samples: batch.labelledCount(of: task)) }
    }
    // Every task has a label: the data could not have been prepared without.
    return means.means ?? []
  }

  /// What the network says of each sample of a data set, dropout off; the targets are not looked at.
  ///
  /// - Parameter data: inputs, prepared for this network.
  /// - Returns: the outputs of each task, samples × outputs row by row: a value under the squared error, before
  ///   the logistic function under the binary and before the softmax under the softmax cross entropy.
  /// - Throws: ``TrainingError`` if the data were prepared for another network, or with the code `diverged` if an
  ///   output is not finite.
  public func predictions(on data: PreparedData<Scalar>) throws(TrainingError) -> [[Double]] {
    try require(data, holds: 0..<data.sampleCount)
    var result = tasks.map { _ in [Double]() }
    for task in tasks.indices { result[task].reserveCapacity(data.sampleCount * tasks[task].outputs) }
    for start in stride(from: 0, to: data.sampleCount, by: pass.capacity) {
      pass.run(on: data.batch(start..<min(start + pass.capacity, data.sampleCount)), dropout: nil)
      let outputs = pass.outputs()
      for row in 0..<outputs.rows {
        var column = 0
        for (index, task) in tasks.enumerated() {
          for output in column..<column + task.outputs {
            let value = outputs[row, output]
            guard value.isFinite else {
              throw TrainingError(
                .diverged,
                "output \(output - column) of task \(task.name) is \(value) for sample \(start + row)",
                task: index, step: counts.steps)
            }
            result[index].append(Double(value))
          }
          column += task.outputs
        }
      }
    }
    return result
  }

  /// Whether more than one task's loss can depend on a parameter: without that there is no Gramian.
  public var sharesParameters: Bool { network.sharesParameters }

  /// The inner products of the task gradients over all shared parameters, on a probe batch.
  ///
  /// Training does not notice: neither parameters nor strategy nor counts change.
  ///
  /// - Parameters:
  ///   - data: a split, prepared for this network.
  ///   - samples: the probe batch, at least one sample; it may be larger than a training batch.
  /// - Returns: the Gramian of the unweighted losses.
  /// - Throws: ``TrainingError`` with the code `configuration` if no parameters are shared, `shape` if the
  ///   samples are not in the data, `diverged` if an inner product is not finite.
  public func gramian(on data: PreparedData<Scalar>, samples: Range<Int>) throws(TrainingError) -> Gramian {
    try require(data, holds: samples)
    guard sharesParameters else {
      throw TrainingError(.configuration, "the tasks share no parameters, and have no Gramian")
    }
    guard samples.count <= Int(Int32.max) / tasks.count else {
      throw TrainingError(.shape, "a probe of \(samples.count) samples is too large for BLAS")
    }
    let probe = probe(capacity: samples.count, like: data)
    var (losses, gramian) = (lastWeights, Gramian(taskCount: tasks.count))
    probe.run(on: data.batch(samples), dropout: nil)
    probe.losses(into: &losses)
    try probe.gramian(into: &gramian, scope: .sharedParameters)
    if let index = gramian.elements.firstIndex(where: { !$0.isFinite }) {
      let task = index / tasks.count
      throw TrainingError(
        .diverged,
        "the Gramian holds \(gramian.elements[index]) in the row of task \(tasks[task].name)",
        task: task, step: counts.steps)
    }
    return gramian
  }

  func require(_ data: PreparedData<Scalar>, holds samples: Range<Int>) throws(TrainingError) {
    guard data.inputCount == inputs, data.tasks == tasks else {
      throw TrainingError(.shape, "the data were prepared for another network than the trainer's")
    }
    guard !samples.isEmpty, samples.lowerBound >= 0, samples.upperBound <= data.sampleCount else {
      throw TrainingError(.shape, "samples \(samples) of \(data.sampleCount) make no batch")
    }
  }

  /// Reorders a batch so that each of its independent parts has labels of its tasks; returns whether it had to.
  func spreadLabels(over samples: Range<Int>, of data: PreparedData<Scalar>) -> Bool {
    guard let labelledParts, let labels = data.labels else { return false }
    return labelledParts.arrange(&order, samples, labels: labels.view)
  }

  /// The samples at places of the order.
  func gather(_ samples: Range<Int>, of data: PreparedData<Scalar>) -> Batch<Scalar> {
    let batch = Batch(
      inputs: gathered.inputs.rows(0..<samples.count), targets: gathered.targets.rows(0..<samples.count),
      labels: data.labels == nil ? nil : gathered.labels?.rows(0..<samples.count))
    order.withUnsafeBufferPointer { order in
      guard let index = order.baseAddress.map({ $0 + samples.lowerBound }) else { return }
      func copy(_ target: MatrixView<Scalar>, from source: MatrixView<Scalar>) {
        Scalar._gather(target.pointer, source.pointer, index, samples.count, target.columns)
      }
      copy(batch.inputs, from: data.inputs.view)
      copy(batch.targets, from: data.targets.view)
      if let labels = batch.labels, let source = data.labels { copy(labels, from: source.view) }
    }
    return batch
  }

  /// The passes of a probe batch, kept as long as its size does not grow.
  private func probe(capacity: Int, like data: PreparedData<Scalar>) -> any TrainingPass<Scalar> {
    if let probe, probe.capacity >= capacity { return probe }
    let result = network.makePass(
      parameters: flat, capacity: capacity, empty: data.batch(0..<0), scope: .sharedParameters)
    probe = result
    return result
  }
}
