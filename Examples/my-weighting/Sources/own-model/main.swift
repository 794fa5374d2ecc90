import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

let model = SineModel()
var stream = PhiloxStream(seed: 0, purpose: "data")
let rows = (0..<256).map { _ in (stream.normal(), stream.normal()) }
let data = try PreparedData(
  TaskDataset(
    inputCount: 2, inputs: rows.flatMap { [$0, $1] },
    targets: [rows.map { $0 * $1 }, rows.map { $0 > $1 ? 1 : 0 }], tasks: model.tasks), model: model)

/// The losses before and after training under a strategy, whatever it looks at.
func train(by strategy: some WeightingStrategy) throws -> (before: [Double], after: [Double]) {
  let trainer = try Trainer(
    model: model, strategy: strategy, optimizer: .adam(learningRate: 1e-2), batchSize: 32, seed: 1)
  let before = try trainer.losses(on: data)
  for _ in 0..<30 { try trainer.trainEpoch(on: data) }
  return (before, try trainer.losses(on: data))
}

for type in StrategyRegistry.builtIn.types where type.about.arrangement == .joint {
  let strategy = try StrategyRegistry.builtIn.make(type.about.name, taskCount: 2)
  let (before, after) = try train(by: strategy)
  print("\(type.about.name): \(before) → \(after)")
}
