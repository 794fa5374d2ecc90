import JointLossTraining
import JointLossWeighting
import Testing

/// The Gramian and the gradient norms against explicit rows of the Jacobian.
@Suite struct GramianTests {
  private static let mixed: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1), (.meanSquaredError, 1),
    (.meanSquaredError, 1),
  ]
  private static func scalarTasks(_ count: Int) -> [(TaskLoss, Int)] {
    [(TaskLoss, Int)](repeating: (.meanSquaredError, 1), count: count)
  }

  /// Shapes that take every way through the layer's products: by K in one block and in several, a last block
  /// that is short, by weight gradients in one block and in several; widths that no vector length divides; and
  /// as many tasks on as many rectifiers as it takes to descend by active units alone.
  private static func problems() throws -> [Problem] {
    try [
      Problem(inputs: 3, trunk: [5, 4], activation: .tanh, tasks: mixed, samples: 40),
      Problem(inputs: 90, trunk: [33, 70], activation: .relu, tasks: mixed, samples: 20),
      Problem(inputs: 210, trunk: [67, 130], activation: .relu, tasks: mixed, samples: 150),
      Problem(inputs: 130, trunk: [210], activation: .relu, tasks: scalarTasks(6), samples: 500),
      Problem(inputs: 12, trunk: [21, 9], activation: .identity, tasks: scalarTasks(1), samples: 17),
      Problem(inputs: 12, trunk: [21, 9], activation: .relu, tasks: scalarTasks(9), samples: 17),
      Problem(inputs: 12, trunk: [133, 150, 129], activation: .relu, tasks: scalarTasks(17), samples: 9),
    ]
  }

  @Test func `Gramian of all shared parameters`() throws {
    for problem in try Self.problems() {
      let expected = try Jacobian(rows: problem.jacobianRows()).gramian
      #expect(try problem.gramian(in: Double.self).error(against: expected) <= 1e-12, "\(problem)")
    }
  }

  @Test func `The comparison notices a Jacobian without its biases`() throws {
    let problem = try Problem(
      inputs: 3, trunk: [5, 4], activation: .tanh, tasks: Self.mixed, samples: 40)
    let rows = try problem.jacobianRows(over: .lastSharedLayer)
    let wrong = try Jacobian(rows: rows).gramian
    #expect(try problem.gramian(in: Double.self).error(against: wrong) > 1e-3)
  }

  @Test(arguments: GradientScope.onParameters)
  func `Gradient norms of every scope of parameters`(scope: GradientScope) throws {
    for problem in try Self.problems() {
      let rows = try problem.jacobianRows(over: scope)
      let trainer: Trainer<Double, NormRecorder> = try problem.trainer(NormRecorder(scope: scope))
      try trainer.step(
        on: PreparedData(problem.data, network: problem.network), samples: 0..<problem.data.sampleCount)
      for (norm, row) in zip(trainer.strategy.norms, rows) {
        let expected = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(norm - expected) <= 1e-12 * expected, "\(problem)")
      }
    }
  }

  @Test func `In Float it errs by at most a hundred thousandth of the norms`() throws {
    for problem in try Self.problems() {
      let (single, double) = try (problem.gramian(in: Float.self), problem.gramian(in: Double.self))
      #expect(single.error(against: double) <= 1e-5, "\(problem)")
      #expect(single.error(against: double) > 0, "\(problem): computed in Double after all")
    }
  }

  /// Near an optimum the cotangents themselves are differences of nearly equal floats, whatever is computed from
  /// them; the Gramian must add no error of its own, though the gradients nearly cancel over the samples.
  @Test(arguments: [12, 150])
  func `After training it is the Gramian of the gradients in Float`(inputs: Int) throws {
    let problem = try Problem(
      inputs: inputs, trunk: [96, 96], activation: .relu, tasks: Self.scalarTasks(3), samples: 128)
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let trainer = try Trainer<Float, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network),
      optimizer: .adam(learningRate: 1e-3),
      batchSize: 128, seed: 0)
    let start = try trainer.losses(on: data)
    for _ in 0..<200 { try trainer.trainEpoch(on: data) }
    #expect(try trainer.losses(on: data)[0] < 1e-2 * start[0])
    let rows = try (0..<3).map { task in
      let oneHot = (0..<3).map { $0 == task ? 1.0 : 0 }
      // So large a step that the parameters before it do not matter: it leaves the gradient, in Float.
      let step = try Trainer<Float, ConstantWeights<NoGradients, OnLosses>>(
        network: problem.network, strategy: ConstantWeights(oneHot),
        optimizer: .sgd(learningRate: 0x1p60), batchSize: 128, seed: 0)
      try step.setParameters(trainer.parameters)
      try step.step(on: data, samples: 0..<128)
      return step.parameters.filter { $0.key.hasPrefix("trunk") }.sorted { $0.key < $1.key }
        .flatMap { $0.value.map { $0 * 0x1p-60 } }
    }
    let gramian = try trainer.gramian(on: data, samples: 0..<128)
    #expect(gramian.error(against: try Jacobian(rows: rows).gramian) <= 1e-6)
  }

  @Test func `Squares beyond the range of Float are kept in range by powers of two`() throws {
    let tasks: [(TaskLoss, Int)] = [(.meanSquaredError, 1), (.meanSquaredError, 2), (.meanSquaredError, 1)]
    for (inputs, samples) in [(4, 30), (90, 30)] {
      let problem = try Problem(
        inputs: inputs, trunk: [8, 6], activation: .tanh, tasks: tasks, samples: samples,
        scale: [1e25, 1, 1e30])
      let (single, double) = try (problem.gramian(in: Float.self), problem.gramian(in: Double.self))
      #expect(double[2, 2] > Double(Float.greatestFiniteMagnitude))
      #expect(single.error(against: double) <= 1e-5)
    }
  }

  @Test func `Cotangents below the normal range of Float are kept in range too`() throws {
    for outputs in [1, 2] {
      var problem = try Problem(
        inputs: 4, trunk: [6], activation: .identity,
        tasks: [(.meanSquaredError, outputs), (.meanSquaredError, 1)], samples: 2, scale: [1e-39, 1])
      // The predictions of task 0 are 0: the targets alone are left of its cotangents.
      problem = problem.replacing("trunk.0.weight", by: [Double](repeating: 0, count: 24))
        .replacing("trunk.0.bias", by: [Double](repeating: 0, count: 6))
        .replacing("head.0.bias", by: [Double](repeating: 0, count: outputs))
      let (single, double) = try (problem.gramian(in: Float.self), problem.gramian(in: Double.self))
      #expect(double[0, 0] > 0 && double[0, 0] < 1e-70)
      #expect(single.error(against: double) <= 1e-5)
    }
  }

  @Test func `A task without a gradient has a row of zeros`() throws {
    var problem = try Problem(
      inputs: 4, trunk: [6], activation: .relu, tasks: Self.scalarTasks(3), samples: 10)
    problem = problem.replacing("head.1.weight", by: [Double](repeating: 0, count: 6))
    let gramian = try problem.gramian(in: Float.self)
    #expect((0..<3).allSatisfy { gramian[1, $0] == 0 && gramian[$0, 1] == 0 })
    #expect(gramian[0, 0] > 0 && gramian[2, 2] > 0)
  }
}
