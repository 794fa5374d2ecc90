import AllocationCounter
import JointLossLinearAlgebra
import JointLossWeighting
import Testing

/// After its first steps no strategy, and no solver in it, allocates.
@Suite struct StrategyAllocationTests {
  private static let names = StrategyRegistry.builtIn.names

  /// Code that is not optimised allocates where the optimised code does not.
  static var isCounted: Bool {
    #if DEBUG
      false
    #else
      jl_allocations_are_counted() != 0
    #endif
  }

  /// The allocations of eight steps that the strategy has taken once before.
  private func allocations<Strategy: WeightingStrategy>(_ strategy: Strategy, tasks: Int) throws -> Int {
    var strategy = try Weigher(strategy, taskCount: tasks)
    var stream = PhiloxStream(seed: 3, purpose: "test")
    // Dependent gradients in every other step, so that active sets and ranks change.
    let observations = try (0..<8).map { index in
      var step = StepObservation(losses: (0..<tasks).map { _ in 0.1 + stream.uniform() })
      let parameters = index.isMultiple(of: 2) ? 2 * tasks : max(tasks / 2, 1)
      let rows = (0..<tasks).map { _ in (0..<parameters).map { _ in stream.normal() } }
      let gramian = try Jacobian(rows: rows).gramian
      step.gramian = gramian
      // As a trainer gives them; to take them from the Gramian makes an array.
      step.gradientNorms = (0..<tasks).map { gramian.norm(of: $0) }
      // Of one width: rules that keep gradients would refuse another.
      let wide = rows.map { $0 + [Double](repeating: 0, count: 2 * tasks - parameters) }
      step.jacobian = try Jacobian(rows: wide)
      step.jacobians = try (0..<3).map { _ in try Jacobian(rows: wide) }
      // In some steps every other task has no labels.
      if index % 4 == 3 {
        try step.keep((0..<tasks).map { $0.isMultiple(of: 2) })
      }
      return step
    }
    let after = [Double](repeating: 0.5, count: tasks)
    func run() throws {
      for observation in observations {
        _ = try strategy.weights(observing: observation)
        strategy.stepEnded(lossesAfter: after)
      }
    }
    try run()
    let before = jl_allocation_count()
    try run()
    return Int(jl_allocation_count() - before)
  }

  @Test(.enabled(if: isCounted), arguments: names)
  func `No step allocates after the first`(name: String) throws {
    // As in a study; threads of the BLAS are woken with memory of its own.
    BLASLibrary.setThreads(1)
    for tasks in [3, 12] {
      let strategy = try StrategyRegistry.builtIn.make(name, taskCount: tasks)
      #expect(try allocations(strategy, tasks: tasks) == 0, "\(tasks) tasks")
    }
  }
}
