import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// A model under test on one input.
struct ModelSubject<Model: MultiTaskModel> {
  typealias Scalar = Model.Scalar

  /// The values of a tensor that are differenced at most.
  private static var mostElements: Int { 64 }

  let input: ModelInput
  private let model: Model
  private let probe: ModelProbe<Model>
  private let data: PreparedData<Scalar>
  private let initial: [[Scalar]]

  init(_ model: Model, _ input: ModelInput) throws(TrainingError) {
    self.model = model
    self.input = input
    data = try PreparedData(input.data, model: model)
    probe = try ModelProbe(model, like: data, capacity: input.data.sampleCount, seed: input.seed)
    let (probe, tensors) = (probe, probe.tensors)
    initial = tensors.indices.map { tensor in (0..<tensors[tensor].count).map { probe[tensor, $0] } }
    // Away from values at which a gradient vanishes: a head that starts at 0 hides what is below it.
    var stream = PhiloxStream(seed: input.seed, purpose: "model-check-parameters")
    for (tensor, shape) in tensors.enumerated() where !shape.isFrozen {
      for element in 0..<shape.count { probe[tensor, element] += Scalar(0.2 * stream.normal()) }
    }
  }

  private var samples: Range<Int> { 0..<input.data.sampleCount }
  private var tasks: [TaskSpecification] { model.tasks }
  private static var isDouble: Bool { MemoryLayout<Scalar>.size == MemoryLayout<Double>.size }
  /// The relative error of differences, and of sums in another order.
  private var tolerance: Double { Self.isDouble ? 1e-7 : 1e-2 }
  private var rounding: Double { Self.isDouble ? 1e-9 : 1e-3 }

  /// What a check finds wrong.
  func failure(of check: ModelCheck) -> Failure? {
    do throws(TrainingError) {
      return switch check {
      case .creation: try creationFailure()
      case .determinism: try determinismFailure()
      case .handover: try handoverFailure()
      case .sampleIndependence: sampleIndependenceFailure()
      case .meanLoss: meanLossFailure()
      case .taskOwnership: taskOwnershipFailure()
      case .gradient: try gradientFailure()
      case .stackedGradients: try stackedGradientsFailure()
      case .gramian: try gramianFailure()
      case .representation: try representationFailure()
      }
    } catch {
      return Failure(reason: error.message)
    }
  }

  // MARK: Values

  func creationFailure() throws(TrainingError) -> Failure? {
    for (tensor, values) in initial.enumerated() {
      guard let value = values.first(where: { !$0.isFinite }) else { continue }
      return Failure(
        reason: "an initial value of \(probe.tensors[tensor].name) is \(value)", value: Double(value))
    }
    let again = try ModelProbe(model, like: data, capacity: samples.count, seed: input.seed)
    for (tensor, values) in initial.enumerated() {
      guard let element = values.indices.first(where: { again[tensor, $0] != values[$0] }) else { continue }
      return Failure(
        reason:
          "the initial values of \(probe.tensors[tensor].name) differ under one seed: \(values[element]) and "
          + "\(again[tensor, element])", value: Double(values[element] - again[tensor, element]))
    }
    return nil
  }

  /// Everything that one batch gives, in a row.
  private func everything() throws(TrainingError) -> [(what: String, values: [Double])] {
    let outputs = probe.run(data, samples, isTraining: input.isTraining)
    let losses = probe.losses()
    // A backward pass that hands over wrongly is another check's.
    let jacobian = (try? probe.jacobian())?.elements ?? []
    return [("predictions", outputs), ("losses", losses), ("task gradients", jacobian)]
  }

  private func determinismFailure() throws(TrainingError) -> Failure? {
    let first = try everything()
    probe.run(data, samples.lowerBound..<samples.lowerBound + 1, isTraining: !input.isTraining)
    _ = probe.losses()
    for (one, other) in zip(first, try everything()) {
      guard one.values.count == other.values.count else {
        return Failure(reason: "the same batch has \(one.what) once, and none another time")
      }
      guard let index = one.values.indices.first(where: { one.values[$0] != other.values[$0] }) else {
        continue
      }
      return Failure(
        reason: "the \(one.what) of one batch are not the same twice: \(one.values[index]) and then "
          + "\(other.values[index])", value: other.values[index] - one.values[index])
    }
    return nil
  }

  private func handoverFailure() throws(TrainingError) -> Failure? {
    run()
    _ = try probe.gradient(shared: ones, heads: ones)
    run()
    _ = try probe.jacobian()
    return nil
  }

  private func sampleIndependenceFailure() -> Failure? {
    let outputs = probe.run(data, samples, isTraining: input.isTraining)
    let width = outputs.count / samples.count
    for sample in samples {
      let alone = probe.run(data, sample..<sample + 1, isTraining: input.isTraining)
      let size = alone.map(abs).reduce(1, max)
      for (index, value) in alone.enumerated() {
        let together = outputs[sample * width + index]
        guard abs(value - together) <= rounding * size else {
          return Failure(
            reason: "prediction \(index) of sample \(sample) is \(value) alone and \(together) in a batch of "
              + "\(samples.count)", value: together - value)
        }
      }
    }
    return nil
  }

  private func meanLossFailure() -> Failure? {
    let losses = losses()
    var (sums, counts) = (tasks.map { _ in 0.0 }, tasks.map { _ in 0 })
    for sample in samples {
      probe.run(data, sample..<sample + 1, isTraining: input.isTraining)
      let alone = probe.losses()
      for task in tasks.indices {
        if input.data.labelled?[task][sample] ?? true {
          sums[task] += alone[task]
          counts[task] += 1
        } else if alone[task] != 0 {
          return Failure(
            reason: "the loss of task \(tasks[task].name) on sample \(sample), which has no label of it, is "
              + "\(alone[task]) and not 0", value: alone[task])
        }
      }
    }
    for task in tasks.indices {
      let mean = sums[task] / Double(counts[task])
      guard abs(losses[task] - mean) <= rounding * max(1, abs(mean)) else {
        return Failure(
          reason:
            "the loss of task \(tasks[task].name) is \(losses[task]) on the batch, and the mean over its "
            + "\(counts[task]) labelled samples is \(mean)", value: losses[task] / mean)
      }
    }
    return nil
  }

  // MARK: Derivatives

  private var ones: [Double] { tasks.map { _ in 1 } }

  /// Runs the batch, and takes its losses so that a backward pass may follow.
  private func run() {
    probe.run(data, samples, isTraining: input.isTraining)
    _ = probe.losses()
  }

  /// The derivatives of all losses by a value, by central differences of the fourth order.
  private func differences(_ tensor: Int, _ element: Int, step: Double) -> [Double] {
    let value = probe[tensor, element]
    defer { probe[tensor, element] = value }
    var result = tasks.map { _ in 0.0 }
    // Divided by the steps that were taken, which rounding may have changed.
    for (offset, factor) in [(1.0, 4.0 / 3), (2.0, -1.0 / 3)] {
      probe[tensor, element] = value + Scalar(offset * step)
      let above = (Double(probe[tensor, element]), losses())
      probe[tensor, element] = value - Scalar(offset * step)
      let below = (Double(probe[tensor, element]), losses())
      for task in tasks.indices {
        result[task] += factor * (above.1[task] - below.1[task]) / (above.0 - below.0)
      }
    }
    return result
  }

  private func losses() -> [Double] {
    probe.run(data, samples, isTraining: input.isTraining)
    return probe.losses()
  }

  private func step(_ tensor: Int, _ element: Int) -> Double {
    (Self.isDouble ? 1e-4 : 0.03) * max(1, abs(Double(probe[tensor, element])))
  }

  /// The values of a tensor that are looked at: all, or some that are drawn.
  private func elements(of tensor: Int) -> [Int] {
    var elements = Array(0..<probe.tensors[tensor].count)
    guard elements.count > Self.mostElements else { return elements }
    var stream = PhiloxStream(seed: input.seed, purpose: "model-check-elements")
    stream.shuffle(&elements)
    return elements.prefix(Self.mostElements).sorted()
  }

  private var floor: Double { (Self.isDouble ? 1e-9 : 2e-4) * max(1, losses().map(abs).reduce(0, max)) }

  private func taskOwnershipFailure() -> Failure? {
    let floor = floor
    for (tensor, shape) in probe.tensors.enumerated() {
      guard let owner = shape.task, !shape.isFrozen else { continue }
      for element in elements(of: tensor) {
        let differences = differences(tensor, element, step: step(tensor, element))
        for task in tasks.indices where task != owner && !(abs(differences[task]) <= floor) {
          return Failure(
            reason:
              "value \(element) of \(shape.name), which belongs to task \(tasks[owner].name), moves the loss of "
              + "task \(tasks[task].name): its derivative is \(differences[task]), not 0",
            value: differences[task])
        }
      }
    }
    return nil
  }

  /// The gradients of each task by a pass of its own.
  private func taskGradients() throws(TrainingError) -> [[[Double]]] {
    var result: [[[Double]]] = []
    for task in tasks.indices {
      let weights = tasks.indices.map { $0 == task ? 1.0 : 0 }
      run()
      result.append(try probe.gradient(shared: weights, heads: weights))
    }
    return result
  }

  private func gradientFailure() throws(TrainingError) -> Failure? {
    let (gradients, floor) = (try taskGradients(), floor)
    for (tensor, shape) in probe.tensors.enumerated() where !shape.isFrozen {
      let elements = elements(of: tensor)
      let expected = elements.map { differences(tensor, $0, step: step(tensor, $0)) }
      for task in tasks.indices where shape.task ?? task == task {
        let norm = expected.map { $0[task] * $0[task] }.reduce(0, +).squareRoot()
        let bound = tolerance * norm + floor
        for (index, element) in elements.enumerated() {
          let computed = gradients[task][tensor][element]
          var due = expected[index][task]
          if !(abs(computed - due) <= bound) {
            // A step may have crossed the kink of a rectifier: a smaller one does not.
            due = differences(tensor, element, step: step(tensor, element) / 8)[task]
          }
          guard abs(computed - due) <= bound else {
            return Failure(
              reason:
                "the derivative of the loss of task \(tasks[task].name) by value \(element) of \(shape.name) is "
                + "\(due) by central differences, and the backward pass computes \(computed)",
              value: abs(computed - due) / max(norm, floor))
          }
        }
      }
    }
    return nil
  }

  private func stackedGradientsFailure() throws(TrainingError) -> Failure? {
    let gradients = try taskGradients()
    run()
    let jacobian = try probe.jacobian()
    for task in tasks.indices {
      let row = sharedValues(gradients[task])
      let stacked = jacobian.elements[task * jacobian.parameterCount..<(task + 1) * jacobian.parameterCount]
      if let failure = mismatch(
        Array(stacked), row,
        "the gradient of task \(tasks[task].name) on the shared tensors in a pass of all tasks")
      {
        return failure
      }
    }
    let weights = tasks.indices.map { [0.3, 1.7, -0.4][$0 % 3] }
    let afterStack = try probe.gradient(shared: weights, heads: weights)
    run()
    let combined = try probe.gradient(shared: weights, heads: weights)
    for (tensor, shape) in probe.tensors.enumerated() where !shape.isFrozen {
      let due = (0..<shape.count).map { element in
        tasks.indices.reduce(0) { $0 + weights[$1] * gradients[$1][tensor][element] }
      }
      for (what, values) in [("a pass of all tasks", afterStack), ("one pass of their sum", combined)] {
        if let failure = mismatch(
          values[tensor], due, "the gradient of \(shape.name) under the weights \(weights) by \(what)")
        {
          return failure
        }
      }
    }
    return nil
  }

  private func gramianFailure() throws(TrainingError) -> Failure? {
    let gradients = try taskGradients()
    for isLast in [false, true] {
      let counted = probe.tensors.map { $0.isShared && (!isLast || $0.isLastShared) }
      guard counted.contains(true) else { continue }
      run()
      let gramian = try probe.gramian(lastSharedLayer: isLast)
      let rows = gradients.map { zip($0, counted).flatMap { $1 ? $0 : [] } }
      for i in tasks.indices {
        for j in tasks.indices {
          let due = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 }
          let size = [i, j].map { index in rows[index].reduce(0) { $0 + $1 * $1 }.squareRoot() }.reduce(1, *)
          guard abs(gramian[i, j] - due) <= rounding * size else {
            return Failure(
              reason:
                "the inner product of the gradients of \(tasks[i].name) and \(tasks[j].name) is \(due) by their "
                + "values, and \(gramian[i, j]) in the Gramian", value: abs(gramian[i, j] - due) / size)
          }
        }
      }
    }
    return nil
  }

  private func representationFailure() throws(TrainingError) -> Failure? {
    let weights = tasks.indices.map { [0.3, 1.7, -0.4][$0 % 3] }
    run()
    let direct = try probe.gradient(shared: weights, heads: weights)
    run()
    let through = try probe.gradientThroughRepresentation(weights: weights)
    for (tensor, shape) in probe.tensors.enumerated() where !shape.isFrozen {
      if let failure = mismatch(
        through[tensor], direct[tensor], "the gradient of \(shape.name) through the representation")
      {
        return failure
      }
    }
    return nil
  }

  private func sharedValues(_ gradient: [[Double]]) -> [Double] {
    zip(gradient, probe.tensors).flatMap { $1.isShared ? $0 : [] }
  }

  private func mismatch(_ values: [Double], _ due: [Double], _ what: String) -> Failure? {
    let norm = due.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard
      let index = due.indices.first(where: { !(abs(values[$0] - due[$0]) <= rounding * max(norm, floor)) })
    else { return nil }
    return Failure(
      reason: "\(what) is \(values[index]) at value \(index), and by passes of one task \(due[index])",
      value: abs(values[index] - due[index]) / max(norm, floor))
  }
}
