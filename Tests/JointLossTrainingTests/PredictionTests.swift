import Foundation
import JointLossTraining
import JointLossWeighting
import Testing

/// What a network says of samples, against its definition and its own losses.
@Suite struct PredictionTests {
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  @Test func `A network by hand: one sample, two units, two tasks`() throws {
    let network = try NetworkSpecification(
      inputs: 2, trunk: [2], activation: .relu,
      tasks: [
        TaskSpecification(name: "a", loss: .meanSquaredError),
        TaskSpecification(name: "b", loss: .meanSquaredError, outputs: 2),
      ])
    let trainer = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: .sgd(learningRate: 1), batchSize: 1,
      seed: 0)
    try trainer.setParameters([
      "trunk.0.weight": [1, 2, 3, -4], "trunk.0.bias": [0.5, 1], "head.0.weight": [2, -1],
      "head.0.bias": [0.25],
      "head.1.weight": [1, 1, 0, 3], "head.1.bias": [-1, 2],
    ])
    // (1, 1): units 3.5 and max(0, 0) = 0. (2, −1): 0.5 and 11. Two batches of one sample.
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 2, inputs: [1, 1, 2, -1], targets: [[0, 0], [0, 0, 0, 0]], tasks: network.tasks),
      network: network)
    #expect(try trainer.predictions(on: data) == [[7.25, -9.75], [2.5, 2, 10.5, 35]])
  }

  /// The losses by definition from the outputs.
  private func losses(_ outputs: [[Double]], of problem: Problem) -> [Double] {
    let samples = problem.data.sampleCount
    return problem.network.tasks.enumerated().map { task, specification in
      let (columns, targets) = (specification.outputs, problem.data.targets[task])
      var sum = 0.0
      for sample in 0..<samples {
        let row = outputs[task][sample * columns..<(sample + 1) * columns]
        switch specification.loss {
        case .meanSquaredError:
          for (output, value) in row.enumerated() {
            sum += pow(value - targets[sample * columns + output], 2) / Double(columns)
          }
        case .softmaxCrossEntropy:
          sum += log(row.map { exp($0) }.reduce(0, +)) - row[row.startIndex + Int(targets[sample])]
        case .binaryCrossEntropy:
          for (output, value) in row.enumerated() {
            sum += (log(1 + exp(value)) - targets[sample * columns + output] * value) / Double(columns)
          }
        }
      }
      return sum / Double(samples)
    }
  }

  @Test(arguments: NetworkCase.all)
  func `Losses of the outputs are the losses, for every layer and architecture`(_ test: NetworkCase) throws {
    let problem = try Problem(test.network, samples: 9)
    try check(problem)
  }

  @Test func `So they are for plain trunks and linear heads`() throws {
    for trunk in [[], [6], [7, 5]] {
      try check(
        Problem(inputs: 4, trunk: trunk, activation: .tanh, tasks: Self.tasks, samples: 9))
    }
  }

  private func check(_ problem: Problem) throws {
    // Batches of 4: the last has one sample.
    let trainer = try Trainer<Double, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network), optimizer: .sgd(learningRate: 0.1),
      batchSize: 4, seed: 0)
    try trainer.setParameters(problem.parameters)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    let outputs = try trainer.predictions(on: data)
    #expect(outputs.map(\.count) == problem.network.tasks.map { 9 * $0.outputs })
    for (own, due) in zip(losses(outputs, of: problem), try trainer.losses(on: data)) {
      #expect(abs(own - due) <= 1e-13 * max(1, abs(due)))
    }
    // Training does not notice.
    let twin = try Trainer<Double, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network), optimizer: .sgd(learningRate: 0.1),
      batchSize: 4, seed: 0)
    try twin.setParameters(problem.parameters)
    for each in [trainer, twin] { try each.trainEpoch(on: data) }
    #expect(trainer.parameters == twin.parameters)
  }

  @Test func `Data of another network, and outputs that overflow, are refused`() throws {
    let problem = try Problem(inputs: 4, trunk: [5], activation: .relu, tasks: Self.tasks, samples: 9)
    let other = try Problem(inputs: 3, trunk: [5], activation: .relu, tasks: Self.tasks, samples: 9)
    let trainer: Trainer<Float, EqualWeighting> = try problem.trainer(Problem.equal(problem.network))
    let shape = #expect(throws: TrainingError.self) {
      try trainer.predictions(on: PreparedData(other.data, network: other.network))
    }
    #expect(shape?.code == .shape && shape?.message.contains("another network") == true)
    let large: Trainer<Float, EqualWeighting> = try problem.replacing(
      "head.2.weight", by: [3e38, 3e38, 3e38, 3e38, 3e38]
    )
    .replacing("trunk.0.bias", by: [9, 9, 9, 9, 9]).trainer(Problem.equal(problem.network))
    let error = #expect(throws: TrainingError.self) {
      try large.predictions(on: PreparedData(problem.data, network: problem.network))
    }
    #expect(error?.code == .diverged && error?.task == 2)
    #expect(error?.message == "output 0 of task task 2 is inf for sample 0")
  }
}
