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

  @Test(arguments: StrategyRegistry.builtIn.names.filter { !learning.contains($0) })
  func `A single task keeps its native weight`(name: String) throws {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    var strategy = try StrategyRegistry.builtIn.make(name, taskCount: 1)
    for index in 0..<9 {
      let loss = 0.1 + stream.uniform()
      var step = try StepObservation(jacobian: stream.jacobian(tasks: 1, parameters: 4), losses: [loss])
      step.epoch = index / 3
      step.jacobians = try [Jacobian](repeating: #require(step.jacobian), count: 3)
      let norm = try #require(step.gramian).norm(of: 0)
      let expected = Self.soleWeights[name]?(loss, norm) ?? 1
      let weights = try strategy.weights(observing: step).values
      #expect(abs(weights[0] - expected) <= 1e-14 * expected)
      if index % 3 == 2 { strategy.epochEnded(meanLosses: [loss]) }
    }
  }
}
