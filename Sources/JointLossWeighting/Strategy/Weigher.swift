import JointLossLinearAlgebra

/// A strategy in training: the one place that asks it for weights.
///
/// It cuts from what is known of a step what the strategy reads, checks that before and the answer after, and gives
/// tasks without labels the weight 0. Every loop owns one: the trainer, `jointloss weigh`, the conformance kit.
///
///     var weigher = try Weigher<NashMTL>(taskCount: 2)
///     var step = StepObservation(losses: [0.7, 1.2])
///     step.gramian = try Gramian(rows: [[2, -1], [-1, 3]])
///     let weights = try weigher.weights(observing: step).values
public struct Weigher<Strategy: WeightingStrategy>: StepWeigher {
  /// The strategy in its present state.
  public private(set) var strategy: Strategy
  /// The number of tasks.
  public let taskCount: Int
  /// The stream of the first step's draws.
  private let stream: PhiloxStream
  /// Whether the last step came as far as the strategy: an error before that is one of what it was to be shown.
  package private(set) var wasAsked = false
  // Asked once: the description of a wrapped strategy is put together each time.
  private let weighs = Strategy.about.weighs
  private let needsLosses = Strategy.readsLosses == .always
  /// The weights of a step in which tasks have no labels.
  @Scratch private var presentValues: [Double] = []

  /// Starts training under a strategy.
  ///
  /// - Parameters:
  ///   - strategy: the strategy with its parameters.
  ///   - taskCount: the number of tasks, at least 1.
  ///   - seed: the seed of what it draws at random.
  /// - Throws: ``WeightingError`` if there is no task, or the parameters make no sense for so many.
  public init(_ strategy: Strategy, taskCount: Int, seed: UInt64 = 0) throws(WeightingError) {
    guard taskCount >= 1 else {
      throw WeightingError(.taskCount, "\(Strategy.about.name) needs at least one task, not \(taskCount)")
    }
    (self.strategy, self.taskCount) = (strategy, taskCount)
    stream = PhiloxStream(seed: seed, purpose: "strategy")
    try self.strategy.start(taskCount: taskCount)
  }

  /// Starts training under a strategy whose parameters are given by name.
  ///
  /// - Parameters:
  ///   - taskCount: the number of tasks, at least 1.
  ///   - parameters: values for some of its parameters.
  ///   - seed: the seed of what it draws at random.
  /// - Throws: ``WeightingError`` if there is no task, or a parameter is unknown or out of range.
  public init(
    taskCount: Int, parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) throws(WeightingError) {
    try self.init(
      Strategy(taskCount: taskCount, parameters: parameters), taskCount: taskCount, seed: seed)
  }

  private enum CodingKeys: CodingKey { case strategy, taskCount, stream }

  /// Decodes a weigher: training goes on as if it had not been interrupted.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, also for a state that does not fit the number of tasks or the strategy's parameters.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let saved = try container.decode(Strategy.self, forKey: .strategy)
    taskCount = try container.decode(Int.self, forKey: .taskCount)
    stream = try container.decode(PhiloxStream.self, forKey: .stream)
    strategy = saved
    do throws(WeightingError) {
      guard taskCount >= 1 else { throw WeightingError(.taskCount, "a weigher of \(taskCount) tasks") }
      try resume(saved)
    } catch {
      throw DecodingError.dataCorruptedError(
        forKey: .strategy, in: container, debugDescription: error.message)
    }
  }

  /// Goes on with a strategy that was saved.
  ///
  /// - Parameter saved: the strategy as it was read.
  /// - Throws: ``WeightingError`` with the code `shape` that names the property which does not fit the number of
  ///   tasks or the parameters; nothing has changed then.
  package mutating func resume(_ saved: Strategy) throws(WeightingError) {
    var initial = strategy
    try initial.start(taskCount: taskCount)
    try StrategyState.require(saved, fits: initial, taskCount: taskCount)
    strategy = saved
  }

  /// Weighs a step.
  ///
  /// - Parameter observation: what is known of it.
  /// - Returns: one finite weight a task, 0 for those without labels.
  /// - Throws: ``WeightingError`` if what the strategy reads is missing or not finite, if the strategy throws, or if
  ///   its answer is of another size than the step or not finite. A loop that goes on after an error keeps the
  ///   weigher from before the step: it is a value.
  public mutating func weights(observing observation: StepObservation) throws(WeightingError) -> TaskWeights {
    let weights = try weightsWithUncheckedElements(observing: observation)
    if let elements = weights.elements, let index = elements.firstNonFinite {
      throw WeightingError(
        .nonFinite,
        "the \(weighs.rawValue) of \(Strategy.about.name) holds \(elements[index]) at parameter \(index)")
    }
    return weights
  }

  /// Weighs a step; the values of a direction or an update are the caller's to check.
  package mutating func weightsWithUncheckedElements(
    observing observation: StepObservation
  ) throws(WeightingError) -> TaskWeights {
    let weights = try answer(observing: observation)
    try check(weights)
    return weights
  }

  /// What the strategy answers, unchecked, for those who check it themselves; tasks without labels have the weight 0.
  package mutating func answer(observing observation: StepObservation) throws(WeightingError) -> TaskWeights {
    wasAsked = false
    let step = try step(observing: observation)
    wasAsked = true
    var weights = try strategy.weights(for: step)
    guard let present = observation.present, present.count == weights.values.count else { return weights }
    // Into a buffer of our own: the strategy keeps its array, and a change would copy it in every step.
    presentValues.resize(to: present.count)
    for task in present.indices { presentValues[task] = present[task] ? weights.values[task] : 0 }
    weights.values = presentValues
    return weights
  }

  /// Cuts what the strategy reads from an observation.
  private func step(observing observation: StepObservation) throws(WeightingError) -> Step<Strategy.Gradients>
  {
    guard observation.taskCount == taskCount || observation.taskCount == 0 else {
      throw WeightingError(
        .taskCount,
        "\(Strategy.about.name) was created for \(taskCount) tasks, this step has \(observation.taskCount)")
    }
    guard !observation.losses.isEmpty || !needsLosses || observation.taskCount == 0 else {
      throw WeightingError(
        .missingEvidence, "\(Strategy.about.name) reads losses: give the loss of each task")
    }
    return try Step(observing: observation, random: stream.substream(ofStep: observation.step))
  }

  private func check(_ weights: TaskWeights) throws(WeightingError) {
    guard weights.values.count == taskCount else {
      throw Self.wrongAnswer("\(weights.values.count) weights for \(taskCount) tasks")
    }
    if let headWeights = weights.headWeights, headWeights.count != taskCount {
      throw Self.wrongAnswer("\(headWeights.count) weights of heads for \(taskCount) tasks")
    }
    for task in 0..<taskCount {
      guard weights.values[task].isFinite else {
        throw WeightingError(.nonFinite, "the weight of task \(task) is \(weights.values[task])", task: task)
      }
      if let weight = weights.headWeights?[task], !weight.isFinite {
        throw WeightingError(.nonFinite, "the weight of the head of task \(task) is \(weight)", task: task)
      }
    }
    guard weights.isAnswer(of: weighs) else {
      throw Self.wrongAnswer("\(weights.phrase), and its description says \(weighs.phrase)")
    }
    if let defect = weights.certificate?.defect {
      throw Self.wrongAnswer("a solver's certificate with \(defect.phrase)")
    }
  }

  private static func wrongAnswer(_ reason: String) -> WeightingError {
    WeightingError(.answer, "\(Strategy.about.name) gave \(reason)")
  }

  /// Whether the next step reads more than the losses: see ``WeightingStrategy/readsGradients(present:)``.
  ///
  /// - Parameter present: for each task whether the step has labels of it; nil where it has labels of all.
  /// - Returns: false where the gradients of the next step do not matter.
  public func readsGradients(present: [Bool]?) -> Bool { strategy.readsGradients(present: present) }

  /// Whether the strategy is told the losses after a step.
  public var looksAfterStep: Bool { strategy.looksAfterStep }

  /// Tells the strategy the losses of the last step's batch at the new parameters.
  ///
  /// - Parameter lossesAfter: one loss a task; 0 for a task without labels in the step.
  public mutating func stepEnded(lossesAfter: [Double]) { strategy.stepEnded(lossesAfter: lossesAfter) }

  /// Tells the strategy that an epoch has ended.
  ///
  /// - Parameter meanLosses: one mean a task; not a number for a task that had no label in the epoch.
  public mutating func epochEnded(meanLosses: [Double]) { strategy.epochEnded(meanLosses: meanLosses) }
}

/// What a ``Weigher`` does, whatever its strategy: `any StepWeigher` weighs under one that is known by name alone.
public protocol StepWeigher<Strategy>: Codable, Sendable {
  /// The strategy's type.
  associatedtype Strategy: WeightingStrategy

  /// The strategy in its present state.
  var strategy: Strategy { get }
  /// The number of tasks.
  var taskCount: Int { get }
  /// Whether the strategy is told the losses after a step.
  var looksAfterStep: Bool { get }

  /// Whether the next step reads more than the losses: see ``Weigher/readsGradients(present:)``.
  func readsGradients(present: [Bool]?) -> Bool
  /// Weighs a step: see ``Weigher/weights(observing:)``.
  mutating func weights(observing observation: StepObservation) throws(WeightingError) -> TaskWeights
  /// Tells the strategy the losses after a step: see ``Weigher/stepEnded(lossesAfter:)``.
  mutating func stepEnded(lossesAfter: [Double])
  /// Tells the strategy that an epoch has ended: see ``Weigher/epochEnded(meanLosses:)``.
  mutating func epochEnded(meanLosses: [Double])
}
