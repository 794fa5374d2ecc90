import JointLossTraining
import JointLossWeighting

// Arrays of one's own: 512 samples of 2 inputs, row by row, and the targets of each task.
let inputs = (0..<1024).map { Double($0 * $0 * 7919 % 1009) / 504.5 - 1 }
let rows = stride(from: 0, to: 1024, by: 2).map { (inputs[$0], inputs[$0 + 1]) }
let targets = [rows.map { $0 * $1 }, rows.map { $0 > $1 ? 1.0 : 0 }]

let tasks = [
  TaskSpecification(name: "product", loss: .meanSquaredError),
  TaskSpecification(name: "order", loss: .binaryCrossEntropy),
]
let network = try NetworkSpecification(inputs: 2, trunk: [32, 32], activation: .relu, tasks: tasks)
let data = try PreparedData<Float>(
  TaskDataset(inputCount: 2, inputs: inputs, targets: targets, tasks: tasks), network: network)
let trainer = try network.makeTrainer(
  strategy: StrategyRegistry.builtIn.make("nash-mtl", taskCount: 2),
  optimizer: .adam(learningRate: 1e-2), batchSize: 32, seed: 1)
for epoch in 1...20 {
  print(epoch, try trainer.trainEpoch(on: data).meanLosses)
}
