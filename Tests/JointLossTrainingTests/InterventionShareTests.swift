import JointLossTraining
import JointLossWeighting
import Testing

/// An epoch's summary counts the steps in which a rule departed from its formula.
@Suite struct InterventionShareTests {
  /// Clamps a number of the second task in every third step, and needs a ridge in every second.
  private struct Departing: WeightingStrategy {
    static let about = StrategyDescription(
      "departing", "departing", formula: "w = 1", weighs: .losses)
    private var steps = 0
    private var interventions = Interventions()

    mutating func weights(for step: Step<NoGradients>) -> TaskWeights {
      interventions.reset(taskCount: step.taskCount)
      if steps % 3 == 0 { interventions.insert(.clamp, task: 1) }
      let ridge = steps % 2 == 0 ? 1e-5 : 0
      steps += 1
      return TaskWeights(
        step.losses.map { _ in 1 },
        certificate: SolverCertificate(iterations: 1, residual: 0, ridge: ridge), interventions: interventions
      )
    }
  }

  private func trainer<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ problem: Problem
  ) throws -> Trainer<Double, Strategy> {
    try Trainer(
      network: problem.network, strategy: Strategy(taskCount: 2),
      optimizer: .sgd(learningRate: 0.01), batchSize: 4, seed: 0)
  }

  @Test func `The shares are those of the epoch's steps, also after a checkpoint in its middle`() throws {
    let problem = try Problem(
      inputs: 3, trunk: [4], activation: .tanh, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 2)],
      samples: 4)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let first = try trainer(Departing.self, problem)
    for _ in 0..<5 { try first.step(on: data, samples: 0..<4) }
    // Steps 0 and 3 of five, and 0, 2 and 4.
    let checkpoint = try first.checkpoint()
    #expect(try first.endEpoch().interventionShares == [.clamp: 2.0 / 5, .ridge: 3.0 / 5])
    // Step 5 alone has neither.
    try first.step(on: data, samples: 0..<4)
    #expect(try first.endEpoch().interventionShares == nil)

    let second = try trainer(Departing.self, problem)
    try second.restore(checkpoint)
    for _ in 0..<2 { try second.step(on: data, samples: 0..<4) }
    // Steps 0, 3 and 6 of seven, and 0, 2, 4 and 6.
    #expect(try second.endEpoch().interventionShares == [.clamp: 3.0 / 7, .ridge: 4.0 / 7])
  }

  @Test func `A rule that never departs has none`() throws {
    let problem = try Problem(
      inputs: 3, trunk: [4], activation: .tanh, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 2)],
      samples: 4)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let trainer = try trainer(PCGrad.self, problem)
    try trainer.step(on: data, samples: 0..<4)
    #expect(try trainer.endEpoch().interventionShares == nil)
  }
}
