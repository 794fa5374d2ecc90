import JointLossConformance
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// Models with more rows than samples: a convolution of a sequence and of an image.
@Suite struct ConvolutionTests {
  static let shapes = [(1, 9, 1, 3), (5, 6, 2, 3), (12, 14, 3, 3)]

  private static func model<Scalar: TrainableScalar>(
    _ index: Int, in scalar: Scalar.Type
  ) -> ConvolutionModel<Scalar> {
    let (height, width, rows, columns) = shapes[index]
    return ConvolutionModel(height: height, width: width, window: (rows, columns))
  }

  private func data<Scalar>(_ count: Int, _ model: ConvolutionModel<Scalar>) throws -> TaskDataset {
    var stream = PhiloxStream(seed: 5, purpose: "data")
    return try TaskDataset(
      inputCount: model.inputs, inputs: (0..<count * model.inputs).map { _ in stream.normal() },
      targets: [
        (0..<2 * count).map { _ in stream.normal() }, (0..<count).map { _ in Double(stream.index(below: 3)) },
        (0..<count).map { _ in Double(stream.index(below: 2)) },
      ], tasks: model.tasks)
  }

  @Test(arguments: shapes.indices)
  func `Gradients agree with central differences, and the Gramian with explicit rows`(shape: Int) throws {
    let double = ModelConformance.check(Self.model(shape, in: Double.self))
    #expect(double.passes && double.passedCount == ModelCheck.allCases.count, "\(double)")
    let float = ModelConformance.check(Self.model(shape, in: Float.self))
    #expect(float.passes, "\(float)")
  }

  @Test(arguments: ["equal", "gradnorm", "pcgrad", "nash-mtl", "graddrop", "moco", "modo", "adatask", "famo"])
  func `Rules of every kind train it`(name: String) throws {
    for shape in Self.shapes.indices {
      let model = Self.model(shape, in: Float.self)
      let prepared = try PreparedData<Float>(data(70, model), model: model)
      let trainer = try model.makeTrainer(
        strategy: StrategyRegistry.builtIn.make(name, taskCount: 3), optimizer: .adam(learningRate: 0.01),
        batchSize: 16, seed: 0)
      let before = try trainer.losses(on: prepared)
      for _ in 0..<30 { try trainer.trainEpoch(on: prepared) }
      let after = try trainer.losses(on: prepared)
      #expect(zip(before, after).reduce(0) { $0 + $1.1 / $1.0 } < 3, "\(name): \(before) → \(after)")
    }
  }

  @Test func `Micro-batches give the gradient of the whole batch`() throws {
    let model = Self.model(1, in: Double.self)
    let prepared = try PreparedData<Double>(data(12, model), model: model)
    let parameters = try [1, 3].map { parts in
      let trainer = try model.makeTrainer(
        strategy: StrategyRegistry.builtIn.make("equal", taskCount: 3), optimizer: .sgd(learningRate: 0.1),
        batchSize: 12, seed: 0, options: StepOptions(accumulation: parts))
      for _ in 0..<3 { try trainer.trainEpoch(on: prepared) }
      return trainer.parameters
    }
    for (name, values) in parameters[0] {
      for (a, b) in zip(values, parameters[1][name] ?? []) { #expect(abs(a - b) <= 1e-12, "\(name)") }
    }
  }

  @Test func `K-FAC, which knows one row a sample, says so`() throws {
    let model = Self.model(0, in: Float.self)
    let prepared = try PreparedData<Float>(data(12, model), model: model)
    let trainer = try model.makeTrainer(
      strategy: StrategyRegistry.builtIn.make("equal", taskCount: 3), optimizer: .kfac(learningRate: 0.01),
      batchSize: 12, seed: 0)
    let error = #expect(throws: TrainingError.self) { try trainer.trainEpoch(on: prepared) }
    #expect(error?.code == .configuration && error?.message.contains("has 84 rows for 12 samples") == true)
  }
}
