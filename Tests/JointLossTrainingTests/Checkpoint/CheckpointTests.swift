import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

/// What a checkpoint holds, what it refuses, and the folder that it lies in.
@Suite struct CheckpointTests {
  static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  static func problem(tasks: [(TaskLoss, Int)] = tasks, trunk: [Int] = [8, 6]) throws -> Problem {
    try Problem(inputs: 5, trunk: trunk, activation: .relu, tasks: tasks, samples: 29)
  }

  static func trainer<Scalar: TrainableScalar, Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ problem: Problem, in scalar: Scalar.Type = Float.self,
    parameters: [String: ParameterValue] = [:], seed: UInt64 = 11, batchSize: Int = 8,
    optimizer: OptimizerSpecification = .adam(learningRate: 0.01), options: StepOptions = StepOptions()
  ) throws -> Trainer<Scalar, Strategy> {
    return try Trainer(
      network: problem.network,
      strategy: try Strategy(taskCount: problem.network.tasks.count, parameters: parameters),
      optimizer: optimizer, batchSize: batchSize,
      seed: seed, options: options)
  }

  @Test func `A checkpoint between two steps of an epoch keeps the epoch's sums`() throws {
    let problem = try Self.problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let whole: Trainer<Float, PCGrad> = try Self.trainer(PCGrad.self, problem)
    let resumed: Trainer<Float, PCGrad> = try Self.trainer(PCGrad.self, problem)
    for start in [0, 8] { try whole.step(on: data, samples: start..<start + 8) }
    try resumed.restore(whole.checkpoint())
    #expect(resumed.lastLosses == whole.lastLosses && resumed.lastWeights == whole.lastWeights)
    for trainer in [whole, resumed] { try trainer.step(on: data, samples: 16..<24) }
    let (a, b) = try (whole.endEpoch(), resumed.endEpoch())
    #expect(a.meanLosses == b.meanLosses && a.meanWeights == b.meanWeights)
    #expect(a.seenConflictRate == b.seenConflictRate && whole.parameters == resumed.parameters)
    // The mean is over all three steps: that of the last alone is another.
    #expect(a.directionNorm != nil && a.directionNorm == b.directionNorm)
    let alone: Trainer<Float, PCGrad> = try Self.trainer(PCGrad.self, problem)
    for start in [0, 8] { try alone.step(on: data, samples: start..<start + 8) }
    try alone.endEpoch()
    try alone.step(on: data, samples: 16..<24)
    #expect(try alone.endEpoch().directionNorm != a.directionNorm)
  }

  // MARK: Refusals

  private func refusal<Scalar, Strategy>(
    of checkpoint: Checkpoint, by trainer: Trainer<Scalar, Strategy>
  ) -> String {
    let before = (trainer.parameters, trainer.counts, trainer.epoch)
    let error = #expect(throws: TrainingError.self) { try trainer.restore(checkpoint) }
    #expect(error?.code == .checkpoint)
    #expect(before == (trainer.parameters, trainer.counts, trainer.epoch), "the trainer was changed")
    return error?.message ?? ""
  }

  @Test func `Another model, strategy, seed or configuration is refused with what differs`() throws {
    let problem = try Self.problem()
    let own: Trainer<Float, GradNorm> = try Self.trainer(GradNorm.self, problem)
    let checkpoint = try own.checkpoint()
    func message<Strategy: WeightingStrategy>(
      _ type: Strategy.Type, _ problem: Problem, parameters: [String: ParameterValue] = [:],
      seed: UInt64 = 11,
      batchSize: Int = 8, options: StepOptions = StepOptions()
    ) throws -> String {
      let trainer: Trainer<Float, Strategy> = try Self.trainer(
        type, problem, parameters: parameters, seed: seed, batchSize: batchSize, options: options)
      return refusal(of: checkpoint, by: trainer)
    }
    #expect(
      try message(PCGrad.self, problem)
        == "the checkpoint is of the strategy gradnorm, this trainer of pcgrad")
    let alpha = try message(GradNorm.self, problem, parameters: ["alpha": .number(0.5)])
    #expect(alpha.contains("gradnorm with other parameters"))
    let wide = try message(GradNorm.self, Self.problem(trunk: [9, 6]))
    #expect(wide.contains("trunk.0.weight of the shape [8, 5]") && wide.contains("[9, 5]"), "\(wide)")
    let deep = try message(GradNorm.self, Self.problem(trunk: [8, 6, 6]))
    #expect(deep == "the checkpoint has 30 tensors, this network has 36", "\(deep)")
    let tasks = try message(GradNorm.self, Self.problem(tasks: Array(Self.tasks.dropLast())))
    #expect(tasks.contains("of the tasks"), "\(tasks)")
    #expect(try message(GradNorm.self, problem, seed: 12).contains("of the seed 11, this trainer of 12"))
    #expect(
      try message(GradNorm.self, problem, batchSize: 9).contains("of the batch size 8, this trainer of 9"))
    let unit = try message(GradNorm.self, problem, options: StepOptions(headPolicy: .unit))
    #expect(unit.contains("of the options"), "\(unit)")
    let double: Trainer<Double, GradNorm> = try Self.trainer(GradNorm.self, problem, in: Double.self)
    #expect(
      refusal(of: checkpoint, by: double) == "the checkpoint is of the element type F32, this trainer of F64")
  }

  @Test func `Another version of the format is refused with both numbers`() throws {
    let trainer: Trainer<Float, GradNorm> = try Self.trainer(GradNorm.self, Self.problem())
    let own = try trainer.checkpoint()
    let text = String(decoding: own.state, as: UTF8.self)
    #expect(text.contains("\"format\":1,"))
    let newer = text.replacing("\"format\":1,", with: "\"format\":7,")
    // Sealed again, as a later version would have done.
    let body = Data(("{" + newer.drop { $0 != "," }.dropFirst()).utf8)
    let checkpoint = try Checkpoint(
      tensors: own.tensors, state: SealedJSON.seal(body, with: own.tensors))
    #expect(
      refusal(of: checkpoint, by: trainer)
        == "the checkpoint is of format 7, this version reads format 1")
  }

  @Test func `A flipped bit anywhere, and a file cut short anywhere, are noticed`() throws {
    let trainer: Trainer<Float, UncertaintyWeighting> = try Self.trainer(
      UncertaintyWeighting.self, Self.problem(trunk: [3]))
    let own = try trainer.checkpoint()
    _ = try Checkpoint(tensors: own.tensors, state: own.state)
    func isRefused(_ tensors: Data, _ state: Data) -> Bool {
      do {
        _ = try Checkpoint(tensors: tensors, state: state)
        return false
      } catch {
        return error.code == .checkpoint && error.message.contains("\(tensors.count) bytes of tensors")
      }
    }
    for index in own.tensors.indices {
      var damaged = own.tensors
      damaged[index] ^= 1 << (index % 8)
      #expect(isRefused(damaged, own.state), "bit \(index % 8) of byte \(index) of the tensors")
    }
    for index in own.state.indices {
      var damaged = own.state
      damaged[index] ^= 1 << (index % 8)
      #expect(isRefused(own.tensors, damaged), "bit \(index % 8) of byte \(index) of the state")
    }
    for length in stride(from: 0, to: own.tensors.count, by: 13) {
      #expect(isRefused(own.tensors.prefix(length), own.state))
    }
    for length in stride(from: 0, to: own.state.count, by: 13) {
      #expect(isRefused(own.tensors, own.state.prefix(length)))
    }
  }

  // MARK: The folder

  @Test func `The last two are kept; a damaged newest is told, left as it is, and the one before is used`()
    throws
  {
    let folder = try TemporaryFolder()
    let store = CheckpointFolder("\(folder.path)/run")
    #expect(try store.newest() == nil)
    let problem = try Self.problem()
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    let trainer: Trainer<Float, GradNorm> = try Self.trainer(GradNorm.self, problem)
    var written: [Checkpoint] = []
    for _ in 0..<4 {
      try trainer.trainEpoch(on: data)
      written.append(try trainer.checkpoint())
      try store.write(written[written.count - 1])
    }
    #expect(try folder.names(in: "run") == ["3", "4"])
    #expect(try store.newest()?.checkpoint == written[3])

    let file = URL(filePath: "\(folder.path)/run/4/parameters.safetensors")
    let cut = try Data(contentsOf: file).dropLast(5)
    try cut.write(to: file)
    let found = try #require(try store.newest())
    #expect(found.checkpoint == written[2] && found.damaged.count == 1)
    #expect(found.damaged.first?.message.contains("run/4") == true)
    #expect(found.damaged.first?.message.contains("\(cut.count) bytes of tensors") == true)
    #expect(try Data(contentsOf: file) == cut)

    // A missing file is damage too; with nothing left the newest is the error.
    try FileManager.default.removeItem(atPath: "\(folder.path)/run/3/state.json")
    let error = #expect(throws: TrainingError.self) { try store.newest() }
    #expect(error?.code == .checkpoint && error?.message.contains("run/4") == true)
    #expect(try Data(contentsOf: file) == cut)
  }

  @Test func `What a killed writer leaves is no checkpoint, and is gone with the next one`() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointFolder(folder.path)
    let trainer: Trainer<Float, GradNorm> = try Self.trainer(GradNorm.self, Self.problem())
    try store.write(trainer.checkpoint())
    // The name of a process that no longer runs: this one's, with a number that no process has.
    var parts = TemporaryName.new().split(separator: "-")
    parts[2] = "2147483646"
    let leftover = parts.joined(separator: "-")
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(leftover)", withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: "\(folder.path)/\(leftover)/state.json"))
    #expect(try store.newest()?.damaged.isEmpty == true)
    try store.write(trainer.checkpoint())
    #expect(try folder.names(in: ".") == ["1", "2"])
  }

  @Test func `A folder that cannot be written to is an error that names it`() throws {
    let folder = try TemporaryFolder()
    try Data().write(to: URL(filePath: "\(folder.path)/file"))
    let trainer: Trainer<Float, GradNorm> = try Self.trainer(GradNorm.self, Self.problem())
    let error = #expect(throws: TrainingError.self) {
      try CheckpointFolder("\(folder.path)/file/run").write(trainer.checkpoint())
    }
    #expect(error?.code == .checkpoint && error?.message.contains("file/run") == true)
  }
}
