import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// The weight of a task alone; what else every strategy must satisfy is the conformance kit's.
@Suite struct SingleTaskTests {
  @Test func `The registry lists the strategies in their order`() {
    #expect(
      StrategyRegistry.builtIn.names == [
        "equal", "fixed", "single-task", "uncertainty", "gradnorm", "dwa", "pcgrad", "random",
        "revised-uncertainty", "gls", "scale-invariant", "imtl-l", "imtl-g", "imtl", "mgda", "cagrad",
        "gradvac", "nash-mtl", "aligned-mtl", "fairgrad", "stch", "upgrad", "dualproj", "config", "cov",
        "dtp",
        "softadapt", "relobralo", "uw-o", "uw-so", "igb", "go4align", "ldc-mtl", "unit-gradient", "cosmos",
        "pbi", "krum", "trimmed-mean", "famo", "graddrop", "db-mtl", "excess-mtl", "moco", "modo", "sdmgrad",
        "adatask",
      ])
  }

  /// The weight of a single task where it is not 1, from its loss and the norm of its gradient.
  private static let soleWeights: [String: @Sendable (_ loss: Double, _ norm: Double) -> Double] = [
    "scale-invariant": { loss, _ in 1 / loss },
    "uw-o": { loss, _ in 1 / loss },
    "igb": { loss, _ in 1 / loss },
    "nash-mtl": { _, norm in 1 / norm },
    "unit-gradient": { _, norm in 1 / norm },
    // G w = w^(−1/2)
    "fairgrad": { _, norm in pow(norm, -4.0 / 3) },
    "cagrad": { _, _ in 1.4 },
  ]
  /// Rules that learn, or whose weight depends on the past, also of a single task; each has a test of its own.
  private static let learning: Set = ["uncertainty", "revised-uncertainty", "imtl-l", "imtl", "dtp"]

  /// The direction or the update of a single task after some steps where it is not the last gradient.
  private static let soleDirections:
    [String: @Sendable (_ steps: [(loss: Double, gradient: [Double])]) -> [Double]] =
      [
        // y ← y − β/√k (y − g) from 0, β = 1/2
        "moco": { steps in
          steps.enumerated().reduce([0, 0, 0, 0]) { average, step in
            let share = 0.5 / Double(step.offset + 1).squareRoot()
            return zip(average, step.element.gradient).map { $0 - share * ($0 - $1) }
          }
        },
        // m ← 0.9 m + 0.1 g/(L + 1e-8) from the first g/(L + 1e-8)
        "db-mtl": { steps in
          let scaled = steps.map { step in step.gradient.map { $0 / (step.loss + 1e-8) } }
          return scaled.reduce(scaled[0]) { zip($0, $1).map { 0.9 * $0 + 0.1 * $1 } }
        },
        // Adam's step
        "adatask": { steps in
          (0..<4).map { parameter in
            var (first, second) = (0.0, 0.0)
            for step in steps {
              let gradient = step.gradient[parameter]
              (first, second) = (0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient * gradient)
            }
            let count = Double(steps.count)
            return first / (1 - pow(0.9, count)) / ((second / (1 - pow(0.999, count))).squareRoot() + 1e-8)
          }
        },
      ]

  @Test(arguments: StrategyRegistry.builtIn.names.filter { !learning.contains($0) })
  func `A single task keeps its native weight, and its own direction`(name: String) throws {
    var steps: [(loss: Double, gradient: [Double])] = []
    var stream = PhiloxStream(seed: 1, purpose: "test")
    let type = try StrategyRegistry.builtIn.type(named: name)
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: 1)
    for index in 0..<9 {
      let loss = 0.1 + stream.uniform()
      var step = try StepObservation(jacobian: stream.jacobian(tasks: 1, parameters: 4), losses: [loss])
      step.epoch = index / 3
      step.jacobians = try [Jacobian](repeating: #require(step.jacobian), count: 3)
      let norm = try #require(step.gramian).norm(of: 0)
      let expected = Self.soleWeights[name]?(loss, norm) ?? 1
      let weights = try strategy.weights(observing: step)
      #expect(abs(weights.values[0] - expected) <= 1e-14 * expected)
      let gradient = try #require(step.jacobian).elements
      steps.append((loss, gradient))
      #expect((weights.elements != nil) == type.about.weighs.isGiven)
      if let given = weights.elements {
        let due = Self.soleDirections[name]?(steps) ?? gradient
        #expect(given.count == due.count)
        for (a, b) in zip(given, due) { #expect(abs(a - b) <= 1e-13 * due.map(abs).reduce(0, max)) }
      }
      if index % 3 == 2 { strategy.epochEnded(meanLosses: [loss]) }
    }
  }
}
