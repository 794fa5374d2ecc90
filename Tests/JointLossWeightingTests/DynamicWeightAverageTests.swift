import Foundation
import JointLossWeighting
import Testing

@Suite struct DynamicWeightAverageTests {
  private func weights(
    _ epochs: [[Double]], temperature: Double = 2
  ) throws -> [Double] {
    let tasks = epochs.first?.count ?? 2
    var rule = try DynamicWeightAverage(
      StrategySetup(
        for: DynamicWeightAverage.descriptor, taskCount: tasks,
        parameters: ["temperature": .number(temperature)]))
    for means in epochs { rule.epochEnded(meanLosses: means) }
    return try rule.weights(observing: StepObservation(losses: [Double](repeating: 1, count: tasks))).values
  }

  @Test func `The first two epochs have weight 1, the third the softmax of the ratios`() throws {
    #expect(try weights([]) == [1, 1])
    #expect(try weights([[1, 1]]) == [1, 1])
    // Ratios 0.9 and 0.98 (STRATEGIES §3): w_1/w_2 = e^(−0.04).
    let third = try weights([[1, 1], [0.9, 0.98]])
    #expect(abs(third[0] / third[1] - 0.9607894391523232) <= 1e-14)
    #expect(abs(third[0] + third[1] - 2) <= 1e-14)
    // Only the last two epochs count.
    #expect(try weights([[7, 3], [1, 1], [0.9, 0.98]]) == third)
  }

  @Test func `A task's constant factor changes nothing`() throws {
    let plain = try weights([[1, 2, 3], [0.5, 1.5, 3.5]])
    #expect(try weights([[1024, 2, 3], [512, 1.5, 3.5]]) == plain)
  }

  // The iteration windows of Nash-MTL's code start at ones and give (1.89, .11) here.
  @Test func `Constant losses of any size keep weight 1`() throws {
    #expect(try weights([[Double]](repeating: [10, 0.1], count: 5)) == [1, 1])
  }

  @Test func `Temperature goes from one task alone to equal weights`() throws {
    let epochs = [[1.0, 1, 1], [0.5, 0.8, 0.7]]
    for (got, wanted) in zip(try weights(epochs, temperature: 1e-3), [0, 3.0, 0]) {
      #expect(abs(got - wanted) <= 1e-12)
    }
    for weight in try weights(epochs, temperature: 1e9) { #expect(abs(weight - 1) <= 1e-9) }
  }

  @Test func `A mean of zero has the ratio 1 where it stays, 10 where it does not`() throws {
    #expect(try weights([[0, 1], [0, 1]]) == [1, 1])
    #expect(try weights([[0, 1], [1e-9, 1]]) == weights([[1, 1], [10, 1]]))
    let huge = try weights([[1e-300, 1], [1e300, 1]])
    #expect(huge == (try weights([[1, 1], [10, 1]])))
  }

  @Test(arguments: [Double.infinity, -1]) func `Means without a meaning leave the weights as they were`(
    mean: Double
  ) throws {
    let epochs = [[1.0, 1], [0.9, 0.5]]
    #expect(try weights(epochs + [[1, mean]]) == weights(epochs))
    #expect(try weights(epochs + [[1, mean], [0.8, 0.5]]) == weights(epochs + [[0.8, 0.5]]))
  }

  @Test func `Ratios that would overflow an exponential do not`() throws {
    let weights = try weights([[1, 1], [1e4, 1]], temperature: 1)
    #expect(weights == [2, 0])
  }
}
