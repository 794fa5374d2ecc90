import Foundation
import JointLossWeighting

/// What is wrong, before it is tied to a check and an input.
struct Failure: Sendable, Hashable {
  let reason: String
  var value: Double?
}

/// A strategy under test: how to create, run, save and load it.
struct Subject<Strategy: WeightingStrategy> {
  let parameters: [String: ParameterValue]
  let seed: UInt64
  /// The promises with the parameters; nil if no strategy can be created.
  let promises: StrategyPromises?
  /// Whether it sees gradients on a representation, with these parameters.
  private let isOnRepresentation: Bool

  init(parameters: [String: ParameterValue], seed: UInt64) {
    (self.parameters, self.seed) = (parameters, seed)
    let strategy = [2, 3, 1, 4, 5].lazy.compactMap { taskCount in
      try? Strategy(taskCount: taskCount, parameters: parameters)
    }.first
    promises = strategy?.promises
    isOnRepresentation = strategy?.gradientScope == .representation
  }

  var name: String { Strategy.about.name }

  func make(_ taskCount: Int, seed: UInt64? = nil) throws(WeightingError) -> Weigher<Strategy> {
    try Weigher(taskCount: taskCount, parameters: parameters, seed: seed ?? self.seed)
  }

  /// Whether the parameters allow so many tasks: a list of one number a task allows only its own number.
  func admits(_ taskCount: Int) -> Bool {
    for case .numbers(let numbers) in parameters.values where numbers.count != taskCount {
      if (try? make(taskCount)) == nil { return false }
    }
    return true
  }

  /// What is known of a step, with a representation where the strategy sees gradients on one.
  func observation(_ input: ConformanceInput, at index: Int) throws(WeightingError) -> StepObservation {
    var observation = try input.observation(at: index)
    if isOnRepresentation { observation.representation = try input.representation(at: index) }
    return observation
  }

  /// Takes one step, tells the losses after it, and ends the epoch if the step is its last.
  func step(
    _ strategy: inout Weigher<Strategy>, _ input: ConformanceInput, at index: Int
  ) throws(WeightingError) -> TaskWeights {
    try step(&strategy, input, at: index, observing: observation(input, at: index))
  }

  /// The same with something else in the place of what is to be seen in the step.
  func step(
    _ strategy: inout Weigher<Strategy>, _ input: ConformanceInput, at index: Int,
    observing observation: StepObservation
  ) throws(WeightingError) -> TaskWeights {
    let weights = try strategy.answer(observing: observation)
    if strategy.looksAfterStep { strategy.stepEnded(lossesAfter: input.lossesAfter(index)) }
    if let means = input.meanLosses(endingAt: index) { strategy.epochEnded(meanLosses: means) }
    return weights
  }

  /// Takes some of the steps.
  func run(
    _ strategy: inout Weigher<Strategy>, _ input: ConformanceInput, _ range: Range<Int>? = nil
  ) throws(WeightingError) -> [TaskWeights] {
    var result: [TaskWeights] = []
    for index in range ?? 0..<input.steps.count { result.append(try step(&strategy, input, at: index)) }
    return result
  }

  /// The weights of all steps of a new strategy, a direction or an update after them where there is one; nil if
  /// there are none, or not one finite weight a task: these faults have checks of their own.
  func weights(on input: ConformanceInput, seed: UInt64? = nil) -> [[Double]]? {
    answers(on: input, seed: seed)?.map(\.numbers)
  }

  /// The same with what a solver says of them.
  func answers(on input: ConformanceInput, seed: UInt64? = nil) -> [TaskWeights]? {
    guard var strategy = try? make(input.taskCount, seed: seed), let result = try? run(&strategy, input),
      result.allSatisfy({ $0.values.count == input.taskCount && $0.numbers.allSatisfy(\.isFinite) })
    else { return nil }
    return result
  }

  func encoded(_ weigher: Weigher<Strategy>) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(weigher.strategy)
  }

  /// The weigher with a strategy that was encoded.
  func decoded(_ data: Data, for weigher: Weigher<Strategy>) throws -> Weigher<Strategy> {
    var result = weigher
    try result.resume(JSONDecoder().decode(Strategy.self, from: data))
    return result
  }
}

extension TaskWeights {
  /// The weights, and after them the direction or the update where there is one.
  var numbers: [Double] { values + (elements ?? []) }

  /// Whether they solve a problem that was changed to have a solution.
  var hasRidge: Bool { (certificate?.ridge ?? 0) > 0 }
}
