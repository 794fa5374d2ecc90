import JointLossWeighting

/// Checks of the evidence: bad evidence is refused without a trace, undeclared evidence is not read.
extension Subject {
  func errorFailure(_ input: ConformanceInput) -> Failure? {
    let last = input.steps.count - 1
    guard last >= 0, weights(on: input) != nil, var strategy = try? make(input.taskCount),
      (try? run(&strategy, input, 0..<last)) != nil, let before = try? encoded(strategy)
    else { return nil }
    for (what, observation) in refusable(input) {
      var (victim, twin) = (strategy, strategy)
      do {
        _ = try victim.answer(observing: observation)
        continue
      } catch {
        guard let after = try? encoded(victim), after == before else {
          return Failure(reason: "\(what) throws “\(error)”, and the encoded state has changed")
        }
      }
      guard let got = try? step(&victim, input, at: last), let wanted = try? step(&twin, input, at: last)
      else {
        return Failure(reason: "after \(what) was refused, the next step fails")
      }
      guard got == wanted else {
        return Failure(
          reason: "after \(what) was refused, the next weights are \(got.values) instead of \(wanted.values)")
      }
    }
    return nil
  }

  func nonFiniteEvidenceFailure(_ input: ConformanceInput) -> Failure? {
    guard let last = input.steps.indices.last, weights(on: input) != nil,
      var strategy = try? make(input.taskCount), (try? run(&strategy, input, 0..<last)) != nil
    else { return nil }
    for (what, observation) in nonFinite(input, at: last) {
      var victim = strategy
      if let weights = try? victim.answer(observing: observation) {
        return Failure(reason: "\(what) is accepted, and the weights are \(weights.values)")
      }
    }
    return nil
  }

  func declaredEvidenceFailure(_ input: ConformanceInput) -> Failure? {
    guard let expected = weights(on: input), var strategy = try? make(input.taskCount) else { return nil }
    for index in input.steps.indices {
      do {
        let observation = try declared(self.observation(input, at: index))
        let weights = try step(&strategy, input, at: index, observing: observation).numbers
        guard weights == expected[index] else {
          return Failure(
            reason:
              "with its \(Strategy.Gradients.need.rawValue) alone, step \(index) has the weights \(weights) instead of \(expected[index])"
          )
        }
      } catch {
        return Failure(
          reason: "with its \(Strategy.Gradients.need.rawValue) alone, step \(index) throws: \(error)")
      }
    }
    return nil
  }

  /// The observation cut down to what the strategy declares to read; losses are always known.
  private func declared(_ observation: StepObservation) throws(WeightingError) -> StepObservation {
    var result = observation
    (result.gradientNorms, result.gramian, result.jacobian, result.jacobians) = (nil, nil, nil, nil)
    switch Strategy.Gradients.need {
    case .losses: break
    case .gradientNorms:
      result.gradientNorms = observation.gramian.map { gramian in
        (0..<gramian.taskCount).map { gramian.norm(of: $0) }
      }
    case .gramian: result.gramian = observation.gramian
    case .jacobian where Strategy.Gradients.independentBatches > 1: result.jacobians = observation.jacobians
    case .jacobian: result.jacobian = observation.jacobian
    }
    return result
  }

  /// Steps with a value that is not finite in a place that the strategy reads.
  private func nonFinite(_ input: ConformanceInput, at index: Int) -> [(String, StepObservation)] {
    guard let plain = (try? self.observation(input, at: index)).flatMap({ try? declared($0) }) else {
      return []
    }
    var result: [(String, StepObservation)] = []
    for value in [Double.nan, .infinity, -.infinity] {
      for task in 0..<input.taskCount {
        var poisoned = plain
        poisoned.losses[task] = value
        result.append(("a loss of \(value)", poisoned))
        poisoned = plain
        poisoned.gramian?[task, task] = value
        poisoned.gradientNorms?[task] = value
        if let columns = poisoned.jacobian?.parameterCount, columns > 0 {
          poisoned.jacobian?.elements[task * columns] = value
        }
        if task == 0, poisoned.representation != nil { poisoned.representation?.elements[0] = value }
        if let columns = poisoned.jacobians?.first?.parameterCount, columns > 0 {
          poisoned.jacobians?[1].elements[task * columns] = value
        }
        if poisoned != plain { result.append(("a gradient of \(value)", poisoned)) }
      }
    }
    return result
  }

  /// Steps that a strategy refuses, or may refuse.
  private func refusable(_ input: ConformanceInput) -> [(String, StepObservation)] {
    let last = input.steps.count - 1
    guard let plain = try? self.observation(input, at: last) else { return [] }
    var result = nonFinite(input, at: last)
    result.append(("a step without losses and gradients", StepObservation(losses: [])))
    result.append(("a step without gradients", StepObservation(losses: plain.losses)))
    var poisoned = plain
    poisoned.losses = []
    result.append(("a step without losses", poisoned))
    for task in 0..<input.taskCount {
      for loss in [-1, Double.greatestFiniteMagnitude] {
        poisoned = plain
        poisoned.losses[task] = loss
        result.append(("a loss of \(loss)", poisoned))
      }
    }
    poisoned = plain
    if plain.representation != nil {
      poisoned.representation = nil
      result.append(("a step without representation", poisoned))
      poisoned = plain
    }
    poisoned.draws = InjectedDraws(orders: [[7]], uniforms: [], normals: [])
    result.append(("a wrong number of draws", poisoned))
    let fewer = input.permuted(Array(0..<max(input.taskCount - 1, 1)))
    if input.taskCount > 1, let observation = try? self.observation(fewer, at: last) {
      result.append(("a step of fewer tasks", observation))
    }
    return result
  }
}
