import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// A small network with random parameters and one random batch.
struct Problem: CustomStringConvertible {
  let network: NetworkSpecification
  let data: TaskDataset
  private(set) var parameters: [String: [Double]]

  var description: String {
    "\(network.inputs)→\(network.trunk) \(network.activation), \(data.sampleCount) samples, "
      + network.tasks.map { "\($0.loss.rawValue) \($0.outputs)" }.joined(separator: ", ")
  }

  /// Draws a problem; parameters are representable in `Float`, so that both scalars see the same network.
  init(
    inputs: Int, trunk: [Int], activation: Activation, tasks: [(TaskLoss, Int)], samples: Int,
    seed: UInt64 = 1, scale: [Double]? = nil
  ) throws {
    network = try NetworkSpecification(
      inputs: inputs, trunk: trunk, activation: activation,
      tasks: tasks.enumerated().map {
        TaskSpecification(name: "task \($0)", loss: $1.0, outputs: $1.1)
      })
    var stream = PhiloxStream(seed: seed, purpose: "test")
    let targets = network.tasks.enumerated().map { index, task in
      (0..<samples * task.targetColumns).map { _ in
        switch task.loss {
        case .meanSquaredError: Double(Float(stream.normal() * (scale?[index] ?? 1)))
        case .softmaxCrossEntropy: Double(stream.index(below: task.outputs))
        case .binaryCrossEntropy: Double(stream.index(below: 2))
        }
      }
    }
    data = try TaskDataset(
      inputCount: inputs, inputs: (0..<samples * inputs).map { _ in Double(Float(stream.normal())) },
      targets: targets, tasks: network.tasks)
    let trainer = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Self.equal(network), optimizer: .sgd(learningRate: 1), batchSize: samples,
      seed: seed)
    var parameters = trainer.parameters
    for name in parameters.keys.sorted() {
      parameters[name] = parameters[name]?.map { Double(Float($0 + 0.1 * stream.normal())) }
    }
    self.parameters = parameters
  }

  static func equal(_ network: NetworkSpecification) throws -> EqualWeighting {
    EqualWeighting(try StrategySetup(for: EqualWeighting.descriptor, taskCount: network.tasks.count))
  }

  /// The problem with other values of one tensor.
  func replacing(_ name: String, by values: [Double]) -> Problem {
    var result = self
    result.parameters[name] = values
    return result
  }

  /// A trainer at the problem's parameters whose step subtracts the gradient as it is.
  func trainer<Scalar: TrainableScalar, Strategy: WeightingStrategy>(
    _ strategy: Strategy
  ) throws -> Trainer<Scalar, Strategy> {
    let trainer = try Trainer<Scalar, Strategy>(
      network: network, strategy: strategy, optimizer: .sgd(learningRate: 1), batchSize: data.sampleCount,
      seed: 0)
    try trainer.setParameters(parameters)
    return trainer
  }

  /// The gradient by which a strategy's step moves each parameter.
  func gradient<Strategy: WeightingStrategy>(_ strategy: Strategy) throws -> [String: [Double]] {
    let trainer: Trainer<Double, Strategy> = try trainer(strategy)
    try trainer.step(on: PreparedData(data, network: network), samples: 0..<data.sampleCount)
    let after = trainer.parameters
    return Dictionary(
      uniqueKeysWithValues: parameters.map { name, before in
        (name, zip(before, after[name] ?? []).map { $0 - $1 })
      })
  }

  /// The rows of the Jacobian on the shared parameters, by one ordinary backward pass a task.
  func jacobianRows(lastLayerWeights: Bool = false) throws -> [[Double]] {
    let last = "trunk.\(network.trunk.count - 1).weight"
    return try network.tasks.indices.map { task in
      let oneHot = network.tasks.indices.map { $0 == task ? 1.0 : 0 }
      let gradient = try gradient(ConstantWeights<LossEvidence>(oneHot, appliesTo: .losses))
      return gradient.filter { lastLayerWeights ? $0.key == last : $0.key.hasPrefix("trunk") }
        .sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }

  /// The Gramian on the batch.
  func gramian<Scalar: TrainableScalar>(in scalar: Scalar.Type) throws -> Gramian {
    let trainer: Trainer<Scalar, EqualWeighting> = try trainer(Self.equal(network))
    return try trainer.gramian(
      on: PreparedData(data, network: network), samples: 0..<data.sampleCount)
  }
}
