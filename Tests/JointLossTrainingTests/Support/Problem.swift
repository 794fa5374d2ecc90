import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// A small network with random parameters and one random batch.
struct Problem: CustomStringConvertible {
  let network: NetworkSpecification
  private(set) var data: TaskDataset
  let tensors: [ParameterTensor]
  private(set) var parameters: [String: [Double]]

  var description: String {
    "\(network.architecture) \(network.inputs)→\(network.trunk) \(network.activation), \(data.sampleCount) samples, "
      + network.tasks.map { "\($0.loss.rawValue) \($0.outputs)" }.joined(separator: ", ")
  }

  /// Draws a problem of a plain trunk.
  init(
    inputs: Int, trunk: [Int], activation: Activation, tasks: [(TaskLoss, Int)], samples: Int,
    seed: UInt64 = 1, scale: [Double]? = nil
  ) throws {
    let network = try NetworkSpecification(
      inputs: inputs, trunk: trunk, activation: activation,
      tasks: tasks.enumerated().map {
        TaskSpecification(name: "task \($0)", loss: $1.0, outputs: $1.1)
      })
    try self.init(network, samples: samples, seed: seed, scale: scale)
  }

  /// Draws a problem; parameters are representable in `Float`, so that both scalars see the same network.
  init(_ network: NetworkSpecification, samples: Int, seed: UInt64 = 1, scale: [Double]? = nil) throws {
    self.network = network
    let inputs = network.inputs
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
    tensors = trainer.tensors
    var parameters = trainer.parameters
    for name in parameters.keys.sorted() {
      parameters[name] = parameters[name]?.map { Double(Float($0 + 0.1 * stream.normal())) }
    }
    self.parameters = parameters
  }

  static func equal(_ network: NetworkSpecification) throws -> EqualWeighting {
    EqualWeighting()
  }

  /// The problem with other values of one tensor.
  func replacing(_ name: String, by values: [Double]) -> Problem {
    var result = self
    result.parameters[name] = values
    return result
  }

  /// The problem without the labels whose flags are false.
  func masked(_ labelled: [[Bool]]) throws -> Problem {
    var result = self
    result.data = try TaskDataset(
      inputCount: data.inputCount, inputs: data.inputs, targets: data.targets, labelled: labelled,
      tasks: network.tasks)
    return result
  }

  /// The problem with other targets, and other inputs where some are given.
  func retargeted(_ targets: [[Double]], inputs: [Double]? = nil) throws -> Problem {
    var result = self
    result.data = try TaskDataset(
      inputCount: data.inputCount, inputs: inputs ?? data.inputs, targets: targets, tasks: network.tasks)
    return result
  }

  /// The samples of an index alone.
  func keeping(_ samples: [Int]) throws -> Problem {
    var result = self
    func rows(_ values: [Double], _ columns: Int) -> [Double] {
      samples.flatMap { values[$0 * columns..<($0 + 1) * columns] }
    }
    result.data = try TaskDataset(
      inputCount: data.inputCount, inputs: rows(data.inputs, data.inputCount),
      targets: zip(data.targets, network.tasks).map { rows($0, $1.targetColumns) }, tasks: network.tasks)
    return result
  }

  /// The samples of an index alone, with the labels that they have.
  func picking(_ samples: [Int]) throws -> Problem {
    var result = try keeping(samples)
    if let labelled = data.labelled {
      result = try result.masked(labelled.map { flags in samples.map { flags[$0] } })
    }
    return result
  }

  /// A trainer at the problem's parameters whose step subtracts the gradient as it is.
  func trainer<Scalar: TrainableScalar, Strategy: WeightingStrategy>(
    _ strategy: Strategy, options: StepOptions = StepOptions()
  ) throws -> Trainer<Scalar, Strategy> {
    let trainer = try Trainer<Scalar, Strategy>(
      network: network, strategy: strategy, optimizer: .sgd(learningRate: 1), batchSize: data.sampleCount,
      seed: 0, options: options)
    try trainer.setParameters(parameters)
    return trainer
  }

  /// The gradient by which a strategy's step moves each parameter.
  func gradient<Strategy: WeightingStrategy>(
    _ strategy: Strategy, options: StepOptions = StepOptions()
  ) throws -> [String: [Double]] {
    let trainer: Trainer<Double, Strategy> = try trainer(strategy, options: options)
    try trainer.step(on: PreparedData(data, network: network), samples: 0..<data.sampleCount)
    let after = trainer.parameters
    return Dictionary(
      uniqueKeysWithValues: parameters.map { name, before in
        (name, zip(before, after[name] ?? []).map { $0 - $1 })
      })
  }

  /// The rows of the Jacobian over a scope of parameters, by one ordinary backward pass a task.
  func jacobianRows(over scope: GradientScope = .sharedParameters) throws -> [[Double]] {
    let names = tensors.filter {
      switch scope {
      case .allParameters: true
      case .lastSharedLayer: $0.isLastShared
      case .sharedParameters, .representation: $0.task == nil
      }
    }.map(\.name)
    return try network.tasks.indices.map { task in
      let oneHot = network.tasks.indices.map { $0 == task ? 1.0 : 0 }
      let gradient = try gradient(ConstantWeights<NoGradients, OnLosses>(oneHot))
      return names.flatMap { gradient[$0] ?? [] }
    }
  }

  /// The Gramian on the batch.
  func gramian<Scalar: TrainableScalar>(in scalar: Scalar.Type) throws -> Gramian {
    let trainer: Trainer<Scalar, EqualWeighting> = try trainer(Self.equal(network))
    return try trainer.gramian(
      on: PreparedData(data, network: network), samples: 0..<data.sampleCount)
  }
}

extension Problem {
  /// A strategy after one step on the batch.
  func stepped<Strategy: WeightingStrategy>(
    _ strategy: Strategy, options: StepOptions = StepOptions()
  ) throws -> Strategy {
    let trainer: Trainer<Double, Strategy> = try trainer(strategy, options: options)
    try trainer.step(on: PreparedData(data, network: network), samples: 0..<data.sampleCount)
    return trainer.strategy
  }
}

extension Gramian {
  /// The largest error of an inner product, relative to the product of the two norms.
  func error(against expected: Gramian) -> Double {
    var worst = 0.0
    for i in 0..<expected.taskCount {
      for j in 0..<expected.taskCount {
        let scale = expected.norm(of: i) * expected.norm(of: j)
        worst = max(worst, abs(self[i, j] - expected[i, j]) / scale)
        if self[i, j] != self[j, i] || !self[i, j].isFinite { return .infinity }
      }
    }
    return worst
  }
}
