import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// What a rule makes of the unit of one task's targets: elsewhere a switch that scales them was forgotten in a script,
/// and results moved by tens of points.
@Suite struct TargetUnitTests {
  /// Rules whose direction stays where it is, because they look at ratios or unit vectors of each task; the direction of
  /// all others turns.
  private static let indifferent: Set = [
    // 1/L_t, or a gradient of log L_t.
    "scale-invariant", "uw-o", "gls", "igb", "famo", "db-mtl",
    // Unit vectors, or a bargain in relative gains.
    "unit-gradient", "imtl-g", "imtl", "config", "nash-mtl",
    // Each task's gradient over the root of its own mean square.
    "adatask",
  ]

  /// Targets of task 1 in units of a 1024th: its squared errors and their gradients are 2^20 times as large.
  private static let factor = Double(1 << 20)

  /// The directions of nine steps in three epochs, where the gradients of task 1 are times a factor.
  private func directions(_ name: String, factor: Double) throws -> [[Double]] {
    var stream = PhiloxStream(seed: 5, purpose: "test")
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 5, seed: 2)
    let scales = [1, factor, 1, 1, 1]
    func losses() -> [Double] { scales.map { $0 * (0.5 + stream.uniform()) } }
    return try (0..<9).map { index in
      let rows = zip(stream.jacobian(tasks: 5, parameters: 8), scales).map { row, scale in
        row.map { scale * $0 }
      }
      var step = try StepObservation(jacobian: rows, losses: losses())
      (step.step, step.epoch) = (index, index / 3)
      step.jacobians = try [Jacobian](repeating: #require(step.jacobian), count: 3)
      let weights = try strategy.weights(observing: step)
      strategy.stepEnded(lossesAfter: losses())
      if index % 3 == 2 { strategy.epochEnded(meanLosses: losses()) }
      return try weights.direction ?? weights.update
        ?? #require(step.jacobian).direction(weights: weights.values)
    }
  }

  private func cosine(_ a: [Double], _ b: [Double]) -> Double {
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    return product(a, b) / (product(a, a).squareRoot() * product(b, b).squareRoot())
  }

  @Test func `These rules, and no others, go the same way in every unit of a task's targets`() throws {
    var found: Set<String> = []
    for name in StrategyRegistry.builtIn.names {
      let (plain, scaled) = try (directions(name, factor: 1), directions(name, factor: Self.factor))
      if zip(plain, scaled).allSatisfy({ cosine($0, $1) > 1 - 1e-6 }) { found.insert(name) }
    }
    #expect(found == Self.indifferent)
  }
}
