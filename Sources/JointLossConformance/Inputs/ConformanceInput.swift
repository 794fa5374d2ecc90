public import JointLossWeighting

/// A short training run as a strategy sees it: losses and task gradients, step by step.
public struct ConformanceInput: Sendable, Hashable, CustomStringConvertible {
  /// One step.
  public struct Step: Sendable, Hashable {
    /// The T losses.
    public var losses: [Double]
    /// The T gradients, as rows.
    public var gradients: [[Double]]
    /// Whether the Gramian's elements are rounded to `Float`, as another framework sends them: of dependent gradients
    /// it is then not quite semidefinite.
    var hasFloatGramian = false

    /// The same with other numbers.
    func with(losses: [Double], gradients: [[Double]]) -> Step {
      Step(losses: losses, gradients: gradients, hasFloatGramian: hasFloatGramian)
    }
  }

  /// The steps of an epoch.
  static let stepsPerEpoch = 3

  /// The steps; every third ends an epoch.
  public internal(set) var steps: [Step]

  /// The number of tasks.
  public var taskCount: Int { steps.first?.losses.count ?? 0 }

  /// What is known of a step, all evidence included.
  ///
  /// - Parameter index: the step's position.
  /// - Returns: the observation.
  /// - Throws: `WeightingError` where a gradient is not finite.
  public func observation(at index: Int) throws(WeightingError) -> StepObservation {
    var observation = StepObservation(losses: steps[index].losses)
    observation.step = index
    observation.epoch = index / Self.stepsPerEpoch
    let jacobian = try Jacobian(rows: steps[index].gradients)
    observation.jacobian = jacobian
    observation.gramian = steps[index].hasFloatGramian ? jacobian.gramian.roundedToFloat : jacobian.gramian
    observation.jacobians = try (0..<3).map { batch throws(WeightingError) in
      try Jacobian(rows: steps[index].gradients.map { Self.resampled($0, batch: batch) })
    }
    return observation
  }

  /// A representation on whose elements the gradients of a step may be as well as on parameters: of two samples where
  /// there are as many elements, of either sign and 0.
  func representation(at index: Int) throws(WeightingError) -> Representation {
    let count = steps[index].gradients.first?.count ?? 0
    let elements = (0..<count).map { [-0.5, 1, 2, 0, 1][$0 % 5] }
    let half = count.isMultiple(of: 2) ? count / 2 : count
    return try Representation(
      rows: stride(from: 0, to: count, by: max(half, 1)).map { Array(elements[$0..<$0 + half]) })
  }

  /// A task's gradient on another batch of the step: the same linear map for all tasks, so that permuted or scaled
  /// tasks have permuted or scaled gradients there too.
  private static func resampled(_ gradient: [Double], batch: Int) -> [Double] {
    gradient.indices.map { index in
      gradient[index] + 0.25 * Double(batch) * gradient[(index + batch) % gradient.count]
    }
  }

  /// The losses of the batch after a step: those of the next step in the run, or of the first after the last.
  func lossesAfter(_ index: Int) -> [Double] { steps[(index + 1) % steps.count].losses }

  /// The mean losses of the epoch that ends with a step; nil if none does.
  func meanLosses(endingAt index: Int) -> [Double]? {
    guard index % Self.stepsPerEpoch == Self.stepsPerEpoch - 1 else { return nil }
    let epoch = steps[(index - Self.stepsPerEpoch + 1)...index]
    return (0..<taskCount).map { task in
      epoch.reduce(0) { $0 + $1.losses[task] / Double(Self.stepsPerEpoch) }
    }
  }

  /// The same with losses and gradients multiplied.
  func scaled(losses lossFactor: Double, gradients gradientFactor: Double) -> ConformanceInput {
    ConformanceInput(
      steps: steps.map { step in
        step.with(
          losses: step.losses.map { $0 * lossFactor },
          gradients: step.gradients.map { row in row.map { $0 * gradientFactor } })
      })
  }

  /// The same with the tasks in another order.
  func permuted(_ order: [Int]) -> ConformanceInput {
    ConformanceInput(
      steps: steps.map { step in
        step.with(losses: order.map { step.losses[$0] }, gradients: order.map { step.gradients[$0] })
      })
  }

  /// Losses and gradients of every step.
  public var description: String {
    let tasks = "\(taskCount) \(taskCount == 1 ? "task" : "tasks")"
    let lines = steps.prefix(6).enumerated().map { index, step in
      "  step \(index): losses \(Self.text(step.losses)), gradients [\(rows(of: step))]"
        + (step.hasFloatGramian ? ", the Gramian rounded to Float" : "")
    }
    let more = steps.count > 6 ? ["  … \(steps.count - 6) more steps"] : []
    return (["  on \(tasks):"] + lines + more).joined(separator: "\n")
  }

  private func rows(of step: Step) -> String {
    let shown = step.gradients.prefix(6).map(Self.text).joined(separator: ", ")
    return step.gradients.count > 6 ? shown + ", …" : shown
  }

  private static func text(_ values: [Double]) -> String {
    let shown = values.prefix(6).map { "\(ParameterValue.number($0))" }.joined(separator: ", ")
    return "[\(shown)\(values.count > 6 ? ", …" : "")]"
  }
}

extension Gramian {
  /// The same with each element rounded to `Float`.
  fileprivate var roundedToFloat: Gramian {
    var result = self
    for i in 0..<taskCount {
      for j in 0..<taskCount { result[i, j] = Double(Float(self[i, j])) }
    }
    return result
  }
}
