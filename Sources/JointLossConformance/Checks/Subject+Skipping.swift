import JointLossWeighting

/// The check of gradients that a strategy says it will not read.
extension Subject {
  /// What is shown in the place of gradients that will not be read.
  private enum Replacement: String, CaseIterable {
    case zeros
    case others = "other gradients"
  }

  func skippedGradientsFailure(_ input: ConformanceInput) -> Failure? {
    // Missing labels may make a step's gradients matter that would not otherwise.
    for lacksLabels in input.taskCount > 1 ? [false, true] : [false] {
      guard let expected = weights(on: input, lacksLabels: lacksLabels, replacing: nil) else { return nil }
      // Where everything is read there is nothing to replace.
      guard expected.skips else { continue }
      for replacement in Replacement.allCases {
        guard let got = weights(on: input, lacksLabels: lacksLabels, replacing: replacement) else {
          return Failure(reason: "with \(replacement.rawValue) where it will not read gradients, it throws")
        }
        guard got.weights == expected.weights else {
          return Failure(
            reason: "with \(replacement.rawValue) where it will not read gradients, it gives other weights: "
              + Self.difference(expected.weights, got.weights))
        }
      }
    }
    return nil
  }

  /// The weights of all steps, with the gradients replaced where the strategy will not read them, and whether there
  /// was such a step.
  private func weights(
    on input: ConformanceInput, lacksLabels: Bool, replacing replacement: Replacement?
  ) -> (weights: [[Double]], skips: Bool)? {
    guard var strategy = try? make(input.taskCount) else { return nil }
    var (result, skips) = ([[Double]](), false)
    for index in input.steps.indices {
      var shown = input
      let present = lacksLabels ? Self.present(in: index, of: input.taskCount) : nil
      if !strategy.readsGradients(present: present) {
        skips = true
        shown.steps[index].gradients = Self.gradients(replacement, in: input.steps[index])
      }
      guard var observation = try? self.observation(shown, at: index) else { return nil }
      if let present, (try? observation.keep(present)) == nil { return nil }
      guard let weights = try? step(&strategy, input, at: index, observing: observation) else { return nil }
      result.append(weights.numbers)
    }
    return (result, skips)
  }

  /// Two of three steps lack a task, a different one each time; the first does.
  private static func present(in index: Int, of taskCount: Int) -> [Bool]? {
    index % 3 == 2 ? nil : (0..<taskCount).map { $0 != index % taskCount }
  }

  private static func gradients(_ replacement: Replacement?, in step: ConformanceInput.Step) -> [[Double]] {
    switch replacement {
    case nil: step.gradients
    case .zeros: step.gradients.map { row in row.map { _ in 0 } }
    case .others: step.gradients.reversed().map { row in row.map { -3 * $0 } }
    }
  }
}
