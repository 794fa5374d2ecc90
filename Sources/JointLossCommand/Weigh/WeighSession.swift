package import Foundation
package import JointLossWeighting

/// The state behind `jointloss weigh`, without input or output: lines in, lines out.
package struct WeighSession {
  private let registry: StrategyRegistry
  private let origin: WeighOrigin
  private let keepsState: Bool
  private var progress: Progress?
  /// The encoded form of ``progress``, where the session keeps it.
  private var encodedProgress: Data?
  /// The file that the state was read from, for messages.
  private var stateFile: String?
  private var lineNumber = 0
  /// The number of lines that could not be weighed.
  package private(set) var failures = 0

  /// What a step changes: replaced as a whole when the step has succeeded, so that a bad line changes nothing.
  private struct Progress {
    var weigher: any StepWeigher
    var epoch: Int
    var means: EpochMeans
    var step = 0
    /// Whether the strategy waits for the losses after the last step.
    var awaitsLosses = false

    /// Tells the strategy the losses after the last step.
    mutating func endStep(lossesAfter: [Double]) throws(WeightingError) {
      guard awaitsLosses else {
        throw WeightingError(.shape, "there is no step whose losses_after are missing")
      }
      guard lossesAfter.count == weigher.taskCount else {
        throw WeightingError(
          .taskCount,
          "losses_after is of \(lossesAfter.count) tasks, the lines before of \(weigher.taskCount)")
      }
      weigher.stepEnded(lossesAfter: lossesAfter)
      awaitsLosses = false
    }

    mutating func endEpoch() {
      if let means = means.means { weigher.epochEnded(meanLosses: means) }
      means.reset()
    }
  }

  /// Creates a session; the strategy itself is created by the first line, which says how many tasks there are.
  ///
  /// - Parameters:
  ///   - strategy: its name in the registry.
  ///   - parameters: values for some of its parameters.
  ///   - seed: the seed of its draws.
  ///   - registry: the strategies there are.
  ///   - keepsState: whether ``state()`` will be asked for after each line. A line after which the state could not be
  ///     written is then an error, and changes nothing.
  /// - Throws: ``WeightingError`` for an unknown name, or parameters that are unknown or out of range.
  package init(
    strategy: String, parameters: [String: ParameterValue], seed: UInt64, registry: StrategyRegistry,
    keepsState: Bool = false
  ) throws(WeightingError) {
    let type = try registry.type(named: strategy)
    let values: ParameterValues
    do {
      values = try ParameterValues(parameters, of: type.about.name, against: type.parameters)
    } catch {
      throw WeightingError(.parameter, error.description)
    }
    self.registry = registry
    self.keepsState = keepsState
    origin = WeighOrigin(strategy: strategy, parameters: values.values, seed: seed)
  }

  // MARK: State

  /// The state between two lines, for ``restore(_:from:)``; nil before the first line that could be weighed.
  ///
  /// - Returns: sealed JSON.
  /// - Throws: ``WeighStateError`` if a number of the state cannot be written.
  package func state() throws(WeighStateError) -> Data? {
    if let encodedProgress { return encodedProgress }
    guard let progress else { return nil }
    return try Self.state(progress, of: progress.weigher, origin)
  }

  private static func state(
    _ progress: Progress, of weigher: some StepWeigher, _ origin: WeighOrigin
  ) throws(WeighStateError) -> Data {
    try WeighState(
      origin: origin, taskCount: weigher.taskCount, epoch: progress.epoch, step: progress.step,
      awaitsLosses: progress.awaitsLosses, means: progress.means, strategy: weigher.strategy
    ).sealed()
  }

  /// Goes on from what a line has changed, if it can be kept.
  private mutating func proceed(to next: Progress) throws {
    if keepsState { encodedProgress = try Self.state(next, of: next.weigher, origin) }
    progress = next
  }

  /// Goes on from a state.
  ///
  /// - Parameters:
  ///   - content: what ``state()`` of a session of the same strategy, parameters and seed returned.
  ///   - file: where it was read, for messages.
  /// - Throws: ``WeighStateError`` naming the file if it is damaged, or of another session.
  package mutating func restore(_ content: Data, from file: String) throws(WeighStateError) {
    do {
      progress = try Self.progress(from: content, of: registry.type(named: origin.strategy), origin)
    } catch {
      throw WeighStateError("\(file): \(error)")
    }
    stateFile = file
  }

  private static func progress<Strategy: WeightingStrategy>(
    from content: Data, of type: Strategy.Type, _ origin: WeighOrigin
  ) throws(WeighStateError) -> Progress {
    let state = try WeighState<Strategy>(sealed: content, for: origin)
    var weigher: Weigher<Strategy>
    do throws(WeightingError) {
      weigher = try Weigher(
        taskCount: state.taskCount, parameters: origin.parameters, seed: origin.seed)
      try weigher.resume(state.strategy)
    } catch {
      throw WeighStateError(error.message)
    }
    return Progress(
      weigher: weigher, epoch: state.epoch, means: state.means, step: state.step,
      awaitsLosses: state.awaitsLosses)
  }

  // MARK: Lines

  /// Weighs a line.
  ///
  /// - Parameter line: a JSON object, or nothing but white space.
  /// - Returns: the answer, a JSON object on one line; nil for an empty line, or one that ends a step.
  package mutating func answer(to line: String) -> String? {
    lineNumber += 1
    guard line.contains(where: { !$0.isWhitespace }) else { return nil }
    do {
      let line = try WeighLine(parsing: line)
      guard line.endsStepAlone, let lossesAfter = line.lossesAfter, var next = progress else {
        return try weigh(line)
      }
      try line.requireLossesAfterAlone()
      try next.endStep(lossesAfter: lossesAfter)
      try proceed(to: next)
      return nil
    } catch {
      failures += 1
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let failure = WeighFailure(error: "\(error)", line: lineNumber)
      return (try? encoder.encode(failure)).map { String(decoding: $0, as: UTF8.self) }
        ?? #"{"error":"the error cannot be written","line":\#(lineNumber)}"#
    }
  }

  private mutating func weigh(_ line: WeighLine) throws -> String {
    var observation = try line.observation()
    let taskCount = observation.taskCount
    var next = try progress ?? start(taskCount: taskCount, epoch: line.epoch ?? 0)
    guard taskCount == next.weigher.taskCount else {
      let before = stateFile.map { "the state of \($0) has" } ?? "those before had"
      throw WeightingError(
        .taskCount, "this line has \(taskCount) tasks, \(before) \(next.weigher.taskCount)")
    }
    guard !next.awaitsLosses else {
      throw WeightingError(
        .missingEvidence,
        "\(origin.strategy) looks at the losses after a step: give losses_after with its line, or on a line of its own"
      )
    }
    let epoch = line.epoch ?? next.epoch
    guard epoch >= next.epoch else {
      throw WeightingError(.shape, "epoch \(epoch) has ended already: this is epoch \(next.epoch)")
    }
    if epoch > next.epoch { next.endEpoch() }
    next.epoch = epoch
    observation.epoch = epoch
    observation.step = next.step

    try line.requireReader(next.weigher.strategy, named: origin.strategy, of: observation)
    let weights = try next.weigher.weights(observing: observation)
    // Written before the state moves on, so that an answer that cannot be written changes nothing.
    let answer = try WeighAnswer(
      weights, on: registry.type(named: origin.strategy).about.weighs, observation: observation
    ).json
    next.step += 1
    next.awaitsLosses = next.weigher.looksAfterStep
    if next.awaitsLosses, let lossesAfter = line.lossesAfter { try next.endStep(lossesAfter: lossesAfter) }
    for (task, loss) in observation.losses.enumerated() {
      next.means.add(loss, of: task, samples: line.sampleCount(of: task))
    }
    if let defect = next.means.defect { throw WeightingError(.nonFinite, defect) }
    if line.epochEnd == true {
      next.endEpoch()
      next.epoch += 1
    }
    try proceed(to: next)
    return answer
  }

  private func start(taskCount: Int, epoch: Int) throws(WeightingError) -> Progress {
    Progress(
      weigher: try registry.makeWeigher(
        origin.strategy, taskCount: taskCount, parameters: origin.parameters, seed: origin.seed),
      epoch: epoch, means: EpochMeans(taskCount: taskCount))
  }
}

/// The answer to a line that could not be weighed.
private struct WeighFailure: Encodable {
  let error: String
  let line: Int
}
