import JointLossTraining
import JointLossWeighting

/// Whether a trainer's first losses are those of the ``PlainReference``, but for rounding.
///
/// A deviation above ``tolerance`` can still be rounding alone, under a rule that magnifies it. Then a second
/// reference starts from parameters that differ by half a unit in the last place of `Float`: a trainer that is
/// further away than ``multiple`` times what that changes is wrong.
struct LossCheck: Encodable, Equatable {
  /// The deviation that needs no explanation: a unit near 0 that one side rounds on and the other off moves the
  /// losses by up to 3e-4.
  static let tolerance = 1e-3
  /// How much further than the second reference a trainer may be.
  static let multiple = 4.0

  /// The mean of the trainer's losses over the tasks, for each step compared.
  let meanLosses: [Double]
  /// The largest deviation of a task's loss, relative to the reference's.
  let deviation: Double
  /// That of the second reference; nil where there was no need of one.
  let sensitivity: Double?

  /// Whether the losses are right.
  var passes: Bool {
    // So put that what is not a number does not pass.
    deviation <= Self.tolerance || deviation <= Self.multiple * (sensitivity ?? 0)
  }

  /// Compares losses.
  ///
  /// - Parameters:
  ///   - losses: those of the trainer, for each of the first steps one a task.
  ///   - workload: what it trains.
  ///   - data: the workload's data.
  ///   - strategy: the trainer's strategy at the start of training.
  /// - Throws: ``TrainingError``, or ``WeightingError`` where the strategy has no weights in the reference.
  init<Strategy: WeightingStrategy>(
    of losses: [[Double]], _ workload: Workload, _ data: TaskDataset, _ strategy: Strategy
  ) throws {
    let initial = try workload.initialParameters()
    func referenceLosses(_ parameters: [String: [Double]]) throws(WeightingError) -> [[Double]] {
      let reference = try PlainReference(workload, data: data, parameters: parameters, strategy: strategy)
      return try losses.map { _ throws(WeightingError) in try reference.step() }
    }
    let expected = try referenceLosses(initial)
    meanLosses = losses.map { $0.reduce(0, +) / Double($0.count) }
    deviation = Self.deviation(of: losses, from: expected)
    guard !(deviation <= Self.tolerance) else {
      sensitivity = nil
      return
    }
    let nearby = initial.mapValues { values in
      values.enumerated().map { $1 * (1 + ($0.isMultiple(of: 2) ? 1 : -1) * 0x1p-24) }
    }
    sensitivity = try Self.deviation(of: referenceLosses(nearby), from: expected)
  }

  private static func deviation(of losses: [[Double]], from expected: [[Double]]) -> Double {
    var result = 0.0
    for (loss, expected) in zip(losses.joined(), expected.joined()) {
      let deviation = abs(loss - expected) / abs(expected)
      if !(deviation <= result) { result = deviation }
      guard result.isFinite else { return .infinity }
    }
    return result
  }
}
