import JointLossLinearAlgebra

/// Checks the state of a strategy that was read from a file: a checkpoint, or what `jointloss weigh` saved.
///
/// A decoder checks types. It does not know how long an array must be, or that a counter is never negative. A state
/// is compared with that of the same strategy before its first step, stored property by stored property.
package struct StrategyState {
  /// The largest counter that is read: up to it a `Double` holds every whole number.
  package static let largestCount = 1 << 53

  private let taskCount: Int

  /// Checks a state.
  ///
  /// - Parameters:
  ///   - restored: the strategy that was read.
  ///   - initial: the strategy of the same setup before its first step.
  ///   - taskCount: the number of tasks of both.
  /// - Throws: ``WeightingError`` with the code `shape` that names the property: an array has another length than
  ///   the tasks ask for, a counter is negative or beyond 2^53, a setting differs, or a number is not finite.
  package static func require<Strategy: WeightingStrategy>(
    _ restored: Strategy, fits initial: Strategy, taskCount: Int
  ) throws(WeightingError) {
    try Self(taskCount: taskCount).require(restored, fits: initial, Strategy.about.name)
  }

  private func require(
    _ restored: Any, fits initial: Any, _ path: String
  ) throws(WeightingError) {
    switch (restored, initial) {
    case (is any AnyScratch, _):
      return
    case (let value as any AnyParameter, let first as any AnyParameter):
      try require(value.text == first.text, path, "is \(value.text), not \(first.text)")
    case (is PhiloxStream, _):
      // Its decoder has checked it.
      return
    case (let value as Int, let first as Int):
      // Counters begin at 0. What begins elsewhere never changes.
      let isCount = first == 0
      let fits = isCount ? (0...Self.largestCount).contains(value) : value == first
      try require(fits, path, "is \(value), \(isCount ? "not a count of at least 0" : "not \(first)")")
    case (let value as Double, _):
      try require(value.isFinite, path, "is \(value), not finite")
    case (let values as [Int], let first as [Int]):
      try require(values.count, fits: first.count, path)
      try require(
        values.allSatisfy { (0...Self.largestCount).contains($0) }, path,
        "holds what is not a count of at least 0"
      )
    case (let values as [Double], let first as [Double]):
      try require(values.count, fits: first.count, path)
      try require(values.allSatisfy(\.isFinite), path, "holds a number that is not finite")
    case (let values as [Double?], let first as [Double?]):
      try require(values.count, fits: first.count, path)
      try require(values.allSatisfy { $0?.isFinite ?? true }, path, "holds a number that is not finite")
    case (let values as [Bool], let first as [Bool]):
      try require(values.count, fits: first.count, path)
    case (let jacobian as Jacobian, _):
      // An empty one is memory that the next step makes room in.
      let isEmpty = jacobian.taskCount == 0 && jacobian.parameterCount == 0
      try require(
        isEmpty || jacobian.taskCount == taskCount, path,
        "has \(jacobian.taskCount) rows for \(taskCount) tasks")
      try require(jacobian.elements.firstNonFinite == nil, path, "holds a number that is not finite")
    default:
      try requireChildren(of: restored, fit: initial, path)
    }
  }

  private func requireChildren(
    of restored: Any, fit initial: Any, _ path: String
  ) throws(WeightingError) {
    let (own, first) = (Mirror(reflecting: restored), Mirror(reflecting: initial))
    if own.displayStyle == .optional, let value = own.children.first?.value {
      if let initial = first.children.first?.value {
        return try require(value, fits: initial, path)
      }
      // Known only after the first step: a value a task, or a row a task.
      if let values = value as? [Double?] { return try require(values.count, fits: taskCount, path) }
      return try require(value, fits: value, path)
    }
    guard own.displayStyle == .struct, first.displayStyle == .struct else { return }
    for (child, initial) in zip(own.children, first.children) {
      try require(child.value, fits: initial.value, "\(path).\((child.label ?? "").drop { $0 == "_" })")
    }
  }

  /// An array that is empty before the first step gets its length there: as many numbers for each task.
  private func require(_ count: Int, fits initial: Int, _ path: String) throws(WeightingError) {
    guard initial > 0 else {
      return try require(
        count.isMultiple(of: taskCount), path,
        "has \(count) values, not as many for each of \(taskCount) tasks")
    }
    try require(count == initial, path, "has \(count) values where \(initial) are due")
  }

  private func require(_ holds: Bool, _ path: String, _ what: String) throws(WeightingError) {
    guard holds else { throw WeightingError(.shape, "the state's \(path) \(what)") }
  }
}
