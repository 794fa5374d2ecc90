/// What a rule does to a task's number where its formula alone would fail or run away.
public enum Intervention: String, Sendable, Hashable, Codable, CodingKeyRepresentable, CaseIterable {
  /// A number that the rule learns would have left its range, and is held at the end of it.
  case clamp
  /// A loss, a mean or a rate that is too small counts as the smallest allowed one.
  case floor
  /// A ratio or an exponent that is too large counts as the largest allowed one.
  case ceiling
  /// A weight that would be too small, or negative, is raised to the smallest allowed one.
  case minimumWeight = "minimum-weight"
  /// The task has labels, but next to no gradient beside the others: the rule leaves it out of its computation.
  case leftOut = "left-out"
  /// The solver added something to the diagonal of the cosines: ``SolverCertificate/ridge``.
  case ridge
}

/// The interventions in one step, for each task.
///
/// A rule keeps one as a buffer, resets it at the start of a step, and hands it over with its weights. From the second
/// step on nothing is allocated.
public struct Interventions: ScratchBuffer, Sendable, Hashable, Codable {
  /// For each task a bit for each intervention, in the order of `allCases`.
  private var tasks: [UInt8] = []

  /// Creates an empty list of no tasks, for ``reset(taskCount:)``.
  public init() {}

  /// Forgets all interventions.
  ///
  /// - Parameter taskCount: the number of tasks of the next step.
  public mutating func reset(taskCount: Int) {
    if tasks.count != taskCount { tasks = [UInt8](repeating: 0, count: taskCount) }
    for task in tasks.indices { tasks[task] = 0 }
  }

  /// Notes an intervention.
  ///
  /// - Parameters:
  ///   - intervention: what was done.
  ///   - task: the index of the task to which it was done.
  public mutating func insert(_ intervention: Intervention, task: Int) {
    tasks[task] |= intervention.bit
  }

  /// Adds the interventions of another part of the same rule.
  ///
  /// - Parameter other: those of as many tasks.
  mutating func formUnion(_ other: Interventions) {
    for (task, bits) in other.tasks.enumerated() { tasks[task] |= bits }
  }

  /// The bits of what was done to at least one task: ``Intervention/bit``.
  package var union: UInt8 { tasks.reduce(0, |) }

  /// Whether nothing was done to any task.
  public var isEmpty: Bool { union == 0 }

  /// For each task what was done to it.
  public var byTask: [[Intervention]] {
    tasks.map { bits in Intervention.allCases.filter { bits & $0.bit != 0 } }
  }
}

extension Intervention {
  /// The place in `allCases`, without a search.
  package var position: Int {
    switch self {
    case .clamp: 0
    case .floor: 1
    case .ceiling: 2
    case .minimumWeight: 3
    case .leftOut: 4
    case .ridge: 5
    }
  }

  /// Its bit among those of a task.
  package var bit: UInt8 { 1 << position }
}
