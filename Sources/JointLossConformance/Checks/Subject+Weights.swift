import JointLossWeighting

/// Checks of single weights: finite, as many as tasks, of the claimed sum and sign.
extension Subject {
  func creationFailure(_ input: ConformanceInput) -> Failure? {
    do {
      _ = try make(input.taskCount)
      return nil
    } catch {
      return Failure(reason: "\(name) cannot be created for \(input.taskCount) tasks: \(error)")
    }
  }

  func finiteWeightsFailure(_ input: ConformanceInput) -> Failure? {
    guard var strategy = try? make(input.taskCount) else { return nil }
    for index in input.steps.indices {
      do {
        let weights = try step(&strategy, input, at: index).numbers
        if let value = weights.first(where: { !$0.isFinite }) {
          return Failure(reason: "step \(index) has the weights \(weights)", value: value)
        }
      } catch {
        return Failure(reason: "step \(index) throws: \(error)")
      }
    }
    return nil
  }

  func weightCountFailure(_ input: ConformanceInput) -> Failure? {
    guard var strategy = try? make(input.taskCount), let result = try? run(&strategy, input) else {
      return nil
    }
    if let wrong = result.first(where: { $0.values.count != input.taskCount }) {
      return Failure(
        reason: "\(wrong.values.count) weights for \(input.taskCount) tasks",
        value: Double(wrong.values.count))
    }
    let parameterCount = input.steps.first?.gradients.first?.count ?? 0
    guard let wrong = result.first(where: { ($0.elements?.count ?? parameterCount) != parameterCount }),
      let count = wrong.elements?.count
    else { return nil }
    return Failure(
      reason: "\(wrong.phrase) of \(count) values for \(parameterCount) parameters",
      value: Double(count))
  }

  func applicationFailure(_ input: ConformanceInput) -> Failure? {
    guard var strategy = try? make(input.taskCount), let result = try? run(&strategy, input) else {
      return nil
    }
    let declared = Strategy.about.weighs
    guard let wrong = result.first(where: { !$0.isAnswer(of: declared) }) else { return nil }
    return Failure(reason: "it gives \(wrong.phrase), its description says \(declared.phrase)")
  }

  func certificateFailure(_ input: ConformanceInput) -> Failure? {
    guard var strategy = try? make(input.taskCount), let result = try? run(&strategy, input) else {
      return nil
    }
    let certificates = result.compactMap(\.certificate)
    if let defect = certificates.lazy.compactMap(\.defect).first {
      return Failure(reason: "a solver's certificate has \(defect.phrase)", value: defect.value)
    }
    guard let wrong = certificates.map(\.residual).first(where: { $0 > SolverCertificate.tolerance }) else {
      return nil
    }
    return Failure(
      reason: "a solver's certificate has the residual \(wrong), above \(SolverCertificate.tolerance)",
      value: wrong)
  }

  func singleTaskFailure(_ input: ConformanceInput) -> Failure? {
    guard input.taskCount == 1, input.hasGradients, let weights = weights(on: input) else { return nil }
    if let index = weights.firstIndex(where: { $0[0] <= 0 }) {
      return Failure(
        reason: "the only task has the weight \(weights[index][0]) in step \(index): it is not trained",
        value: weights[index][0])
    }
    return strayingFailure(input)
  }

  /// A direction of a task alone is a positive multiple of its gradient, and an update descends along it.
  ///
  /// The gradient of the first step is that of all steps and of all batches: an average over them is a multiple of
  /// it too. An update is an optimiser's, whose step need not lie along the gradient.
  private func strayingFailure(_ input: ConformanceInput) -> Failure? {
    guard var strategy = try? make(1), let gradient = input.steps.first?.gradients[0],
      let jacobian = try? Jacobian(rows: [gradient])
    else { return nil }
    for index in input.steps.indices {
      guard var observation = try? self.observation(input, at: index) else { return nil }
      (observation.jacobian, observation.gramian) = (jacobian, jacobian.gramian)
      observation.jacobians = observation.jacobians.map { $0.map { _ in jacobian } }
      guard let weights = try? step(&strategy, input, at: index, observing: observation) else { return nil }
      guard let given = weights.elements else { continue }
      // In units of the largest element, whose square may be none.
      let largest = gradient.reduce(0) { max($0, abs($1)) }
      let unit = gradient.map { $0 / largest }
      let multiple =
        zip(given, unit).reduce(0) { $0 + $1.0 * $1.1 } / unit.reduce(0) { $0 + $1 * $1 }
      let isAlong = zip(given, unit).allSatisfy { abs($0 - multiple * $1) <= 1e-9 * multiple }
      guard !(multiple > 0) || (weights.direction != nil && !isAlong) else { continue }
      return Failure(
        reason: """
          \(weights.phrase) of the only task is \(given) in step \(index), where all its gradients \
          have been \(gradient)
          """)
    }
    return nil
  }

  func weightSumFailure(_ input: ConformanceInput) -> Failure? {
    guard let claim = (try? make(input.taskCount))?.strategy.promises.weightSum,
      let weights = weights(on: input)
    else {
      return nil
    }
    for (index, numbers) in weights.enumerated() {
      let values = numbers.prefix(input.taskCount)
      let (sum, tasks) = (values.reduce(0, +), Double(input.taskCount))
      let slack = 1e-9 * (1 + values.reduce(0) { $0 + abs($1) })
      let holds =
        switch claim {
        case .free: true
        case .tasks: abs(sum - tasks) <= slack
        case .one: abs(sum - 1) <= slack
        case .atLeastTasks: sum >= tasks - slack
        case .atLeastOne: sum >= 1 - slack
        case .oneOrZero: min(abs(sum), abs(sum - 1)) <= slack
        }
      if !holds {
        return Failure(
          reason: "the weights of step \(index) sum to \(sum), the claim is \(claim.rawValue)", value: sum)
      }
    }
    return nil
  }

  func signFailure(_ input: ConformanceInput) -> Failure? {
    guard let weights = weights(on: input) else { return nil }
    for (index, numbers) in weights.enumerated() {
      let values = Array(numbers.prefix(input.taskCount))
      if let value = values.first(where: { $0 < 0 }) {
        return Failure(reason: "step \(index) has the weights \(values)", value: value)
      }
    }
    return nil
  }
}

extension ConformanceInput {
  /// Whether losses and gradients are there in every step, so that there is something to train on.
  fileprivate var hasGradients: Bool {
    steps.allSatisfy { step in
      step.losses.allSatisfy { $0 > 0 } && step.gradients.allSatisfy { $0.contains { $0 != 0 } }
    }
  }
}
