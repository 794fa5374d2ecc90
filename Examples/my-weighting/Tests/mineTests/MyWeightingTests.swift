import Foundation
import JointLossWeighting
import Testing

@testable import mine

@Suite struct MyWeightingTests {
  private func strategy(memory: Double = 0.9) throws -> MyWeighting {
    MyWeighting(
      try StrategySetup(for: MyWeighting.descriptor, taskCount: 2, parameters: ["memory": .number(memory)]))
  }

  private func evidence(_ losses: [Double]) throws -> LossEvidence {
    try LossEvidence(observing: StepObservation(losses: losses))
  }

  @Test func `Weights are inverse to constant losses and sum to the number of tasks`() throws {
    var strategy = try strategy()
    let weights = strategy.weights(for: try evidence([1, 4])).values
    #expect(abs(weights[0] - 1.6) < 1e-12)
    #expect(abs(weights[1] - 0.4) < 1e-12)
  }

  @Test func `Swapping the tasks swaps the weights`() throws {
    var (one, other) = (try strategy(), try strategy())
    for losses in [[1.0, 3], [0.5, 2], [0.2, 7]] {
      let weights = one.weights(for: try evidence(losses)).values
      #expect(other.weights(for: try evidence(losses.reversed())).values == weights.reversed())
    }
  }

  @Test func `Saving and loading in mid-run changes nothing`() throws {
    var strategy = try strategy()
    _ = strategy.weights(for: try evidence([1, 3]))
    var loaded = try JSONDecoder().decode(MyWeighting.self, from: JSONEncoder().encode(strategy))
    let next = try evidence([2, 2])
    #expect(loaded.weights(for: next) == strategy.weights(for: next))
  }

  @Test func `A memory of one is refused`() {
    #expect(throws: WeightingError.self) { try strategy(memory: 1) }
  }
}
