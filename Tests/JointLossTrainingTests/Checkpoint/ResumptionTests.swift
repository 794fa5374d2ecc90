import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

/// Training that goes on from a checkpoint is, bit for bit, training that was not interrupted.
@Suite struct ResumptionTests {
  /// What an epoch leaves behind, but for its times.
  private struct Row: Equatable {
    let losses: [Double]
    let weights: [Double]
    let conflicts: Double?
    let clipped: Double?
    let directionNorm: Double?
    let certificate: SolverCertificate?
    let validation: [Double]

    init<Scalar, Strategy>(_ trainer: Trainer<Scalar, Strategy>, _ data: PreparedData<Scalar>) throws {
      let summary = try trainer.trainEpoch(on: data)
      (losses, weights) = (summary.meanLosses, summary.meanWeights)
      (conflicts, clipped) = (summary.seenConflictRate, summary.clippedShare)
      (directionNorm, certificate) = (summary.directionNorm, summary.certificate)
      validation = try trainer.losses(on: data)
    }
  }

  private static func json(_ strategy: some WeightingStrategy) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(strategy)
  }

  /// 40 epochs in one go, and 17 with a checkpoint on the disk, one more that is lost, and 23 by a new trainer.
  private func expectResumption<Scalar, Strategy>(
    on data: PreparedData<Scalar>, _ make: () throws -> Trainer<Scalar, Strategy>
  ) throws {
    let whole = try make()
    let rows = try (0..<40).map { _ in try Row(whole, data) }

    let folder = try TemporaryFolder()
    let killed = try make()
    var resumedRows = try (0..<17).map { _ in try Row(killed, data) }
    try CheckpointFolder(folder.path).write(killed.checkpoint())
    // What came after the checkpoint is lost.
    try killed.trainEpoch(on: data)

    let resumed = try make()
    let found = try #require(try CheckpointFolder(folder.path).newest())
    #expect(found.damaged.isEmpty)
    try resumed.restore(found.checkpoint)
    #expect(resumed.epoch == 17)
    for _ in 17..<40 { resumedRows.append(try Row(resumed, data)) }

    #expect(resumedRows == rows)
    #expect(resumed.parameters == whole.parameters && resumed.counts == whole.counts)
    #expect(try Self.json(resumed.strategy) == Self.json(whole.strategy))
    // Without the checkpoint it would be another run: the comparison sees more than the first epochs.
    let unrestored = try make()
    #expect(try Row(unrestored, data) != rows[17])
  }

  private func expectResumption<Scalar: TrainableScalar, Strategy: WeightingStrategy>(
    _ type: Strategy.Type, in scalar: Scalar.Type, _ problem: Problem,
    parameters: [String: ParameterValue] = [:],
    optimizer: OptimizerSpecification = .adam(learningRate: 0.01), options: StepOptions = StepOptions()
  ) throws {
    try expectResumption(on: PreparedData<Scalar>(problem.data, network: problem.network)) {
      try CheckpointTests.trainer(
        type, problem, in: scalar, parameters: parameters, optimizer: optimizer, options: options)
        as Trainer<Scalar, Strategy>
    }
  }

  @Test(arguments: StrategyRegistry.builtIn.names)
  func `40 epochs are 17, a checkpoint, and 23, for every strategy`(name: String) throws {
    func check<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws {
      let tasks =
        Strategy.about.arrangement == .joint ? CheckpointTests.tasks : [(TaskLoss.meanSquaredError, 2)]
      let problem = try CheckpointTests.problem(tasks: tasks)
      try expectResumption(type, in: Float.self, problem)
      try expectResumption(type, in: Double.self, problem, optimizer: .sgd(learningRate: 0.01, momentum: 0.9))
    }
    try check(StrategyRegistry.builtIn.type(named: name))
  }

  @Test(arguments: NetworkCase.all)
  func `So they are for every layer and architecture`(_ test: NetworkCase) throws {
    let problem = try Problem(test.network, samples: 29)
    try expectResumption(PCGrad.self, in: Float.self, problem)
    try expectResumption(
      EqualWeighting.self, in: Float.self, problem, optimizer: .kfac(learningRate: 0.003, interval: 5))
  }

  @Test(arguments: [
    OptimizerSpecification.sgd(learningRate: 0.01), .nesterov(learningRate: 0.01),
    .adamw(learningRate: 0.01, weightDecay: 0.1), .kfac(learningRate: 0.01, interval: 1),
    .kfac(learningRate: 0.01, decay: 0.8, interval: 7),
  ])
  func `And for every optimiser, with clipping`(optimizer: OptimizerSpecification) throws {
    let (problem, options) = (try CheckpointTests.problem(), StepOptions(clipNorm: 0.5))
    try expectResumption(GradNorm.self, in: Float.self, problem, optimizer: optimizer, options: options)
    try expectResumption(FAMO.self, in: Double.self, problem, optimizer: optimizer, options: options)
  }

  @Test func `And with missing labels, accumulation, matched norms and every scope`() throws {
    let mask = CheckpointTests.tasks.indices.map { task in (0..<29).map { ($0 + task) % 3 != 0 } }
    let masked = try CheckpointTests.problem().masked(mask)
    let parts = StepOptions(accumulation: 3)
    try expectResumption(UncertaintyWeighting.self, in: Float.self, masked, options: parts)
    try expectResumption(ExcessMTL.self, in: Float.self, masked, options: parts)
    try expectResumption(AdaTask.self, in: Float.self, masked, options: parts)
    try expectResumption(
      EqualWeighting.self, in: Float.self, masked, optimizer: .kfac(learningRate: 0.01), options: parts)
    try expectResumption(GradNorm.self, in: Float.self, masked, options: StepOptions(scalePolicy: .matchNorm))
    for scope in GradientScope.allCases {
      try expectResumption(MGDA.self, in: Float.self, masked, options: StepOptions(gradientScope: scope))
    }
  }

  @Test func `And in the middle of the steps between two solutions, whose gradients nobody takes`() throws {
    // Four steps an epoch: the checkpoint lies after step 67, and steps 66 and 69 have new weights.
    let mask = CheckpointTests.tasks.indices.map { task in (0..<29).map { ($0 + task) % 3 != 0 } }
    let every: [String: ParameterValue] = ["every-steps": .number(3)]
    for problem in try [CheckpointTests.problem(), CheckpointTests.problem().masked(mask)] {
      try expectResumption(EveryKSteps<MGDA>.self, in: Float.self, problem, parameters: every)
      try expectResumption(
        ExponentialAverage<Normalized<EveryKSteps<GradNorm>>>.self, in: Float.self, problem, parameters: every
      )
      try expectResumption(EveryKSteps<ExcessMTL>.self, in: Double.self, problem, parameters: every)
      try expectResumption(NashMTL.self, in: Float.self, problem, parameters: ["update-every": .number(3)])
      try expectResumption(
        EveryKSteps<MGDA>.self, in: Float.self, problem, parameters: every,
        options: StepOptions(scalePolicy: .matchNorm))
    }
  }

  @Test func `And for a model of one's own`() throws {
    let problem = try CheckpointTests.problem()
    let model = TanhModel<Float>(inputs: 5, units: 6, tasks: problem.network.tasks)
    try expectResumption(on: PreparedData<Float>(problem.data, network: problem.network)) {
      return try Trainer<Float, PCGrad>(
        model: model, strategy: PCGrad(), optimizer: .adam(learningRate: 0.01), batchSize: 8, seed: 3)
    }
  }
}
