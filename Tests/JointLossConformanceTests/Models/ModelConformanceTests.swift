import JointLossConformance
import JointLossTraining
import JointLossWeighting
import Testing

/// The checks of models reject every broken one, by the check meant for its fault.
@Suite struct ModelConformanceTests {
  private static let meant: [BrokenModel.Fault: ModelCheck] = [
    .wrongSign: .gradient, .forgottenBias: .handover, .zeroBias: .gradient, .leakingHead: .taskOwnership,
    .batchMean: .sampleIndependence, .summedLoss: .meanLoss, .summedCotangents: .gradient,
    .nondeterminism: .determinism, .ignoredSlotFactor: .gradient, .swappedSlots: .stackedGradients,
    .sharedBuffer: .gradient, .unmaskedLoss: .meanLoss, .copiedRepresentation: .representation,
    .notFinite: .creation, .wrongShape: .handover,
  ]

  @Test func `A model without a fault passes`() {
    let report = ModelConformance.check(BrokenModel(fault: .none))
    #expect(report.passes && report.passedCount == ModelCheck.allCases.count, "\(report)")
  }

  @Test(arguments: BrokenModel.Fault.allCases.filter { $0 != .none })
  func `A broken model is found by the check meant for its fault`(fault: BrokenModel.Fault) throws {
    let report = ModelConformance.check(BrokenModel(fault: fault))
    #expect(report.findings.map(\.check).contains(try #require(Self.meant[fault])), "\(report)")
    for finding in report.findings { #expect(!finding.reason.isEmpty && !"\(finding)".isEmpty) }
  }

  @Test func `The finding has the values and the smallest input`() throws {
    let sign = try #require(ModelConformance.check(BrokenModel(fault: .wrongSign)).findings.first)
    #expect(sign.input.data.sampleCount == 1 && !sign.input.isTraining && (sign.value ?? 0) > 1e-3)
    #expect(sign.reason.contains("trunk.weight") && sign.reason.contains("by central differences"))
    // One sample shows neither a sum in the place of a mean nor what samples do to one another.
    let sum = try #require(ModelConformance.check(BrokenModel(fault: .summedLoss)).findings.first)
    #expect(sum.input.data.sampleCount == 2 && sum.value == 2)
    let mixed = try #require(ModelConformance.check(BrokenModel(fault: .batchMean)).findings.first)
    #expect(mixed.input.data.sampleCount == 2)
  }

  @Test func `It is checked on samples of one's own`() throws {
    let model = BrokenModel(fault: .none)
    let data = try TaskDataset(
      inputCount: 3, inputs: [1, 2, 3, 0, -1, 0.5], targets: [[1, 2], [0, 1]], tasks: model.tasks)
    #expect(ModelConformance.check(model, data: data).passes)
    let other = try TaskDataset(inputCount: 2, inputs: [1, 2], targets: [[1], [0]], tasks: model.tasks)
    let finding = ModelConformance.check(model, data: other).findings.first
    #expect(finding?.check == .creation && finding?.reason.contains("2 inputs") == true)
  }

  @Test(arguments: [
    OptimizerSpecification.sgd(learningRate: 0.01, momentum: 0.9), .nesterov(learningRate: 0.01),
    .adam(learningRate: 0.01), .adamw(learningRate: 0.01, weightDecay: 0.5), .kfac(learningRate: 0.01),
  ])
  func `A frozen tensor keeps its values, and is none of the shared parameters`(
    optimizer: OptimizerSpecification
  ) throws {
    let model = BrokenModel(fault: .none)
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 3, inputs: (0..<24).map { Double($0 % 7) / 7 },
        targets: [(0..<8).map { Double($0 % 3) }, (0..<8).map { Double($0 % 2) }],
        labelled: [(0..<8).map { $0 != 3 }, (0..<8).map { $0 < 4 }], tasks: model.tasks), model: model)
    for name in optimizer == .kfac(learningRate: 0.01)
      ? ["equal", "pcgrad"] : ["equal", "pcgrad", "moco", "adatask"]
    {
      let trainer = try model.makeTrainer(
        strategy: StrategyRegistry.builtIn.make(name, taskCount: 2), optimizer: optimizer, batchSize: 4,
        seed: 2)
      let before = trainer.parameters
      for _ in 0..<5 { try trainer.trainEpoch(on: data) }
      let after = trainer.parameters
      #expect(before["scale"] == after["scale"], "\(name)")
      for tensor in ["trunk.weight", "trunk.bias", "a.weight", "b.weight"] {
        #expect(before[tensor] != after[tensor])
      }
      let again = try model.makeTrainer(
        strategy: StrategyRegistry.builtIn.make(name, taskCount: 2), optimizer: optimizer, batchSize: 4,
        seed: 2)
      try again.restore(trainer.checkpoint())
      #expect(again.parameters == after)
    }
  }
}
