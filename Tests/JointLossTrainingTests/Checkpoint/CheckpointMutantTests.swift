import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

/// Checkpoints with wrong content and right checksums: each is refused with its reason or can be trained on.
@Suite struct CheckpointMutantTests {
  private static func trainer<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ optimizer: OptimizerSpecification = .adam(learningRate: 0.01)
  ) throws -> (trainer: Trainer<Float, Strategy>, data: PreparedData<Float>) {
    let problem = try Problem(
      inputs: 1, trunk: [2], activation: .relu, tasks: [(.meanSquaredError, 1), (.meanSquaredError, 1)],
      samples: 4)
    let trainer: Trainer<Float, Strategy> = try CheckpointTests.trainer(
      type, problem, batchSize: 2, optimizer: optimizer)
    return (trainer, try PreparedData(problem.data, network: problem.network))
  }

  /// The object of a sealed state, without its checksum.
  private static func unsealed(_ state: Data) throws -> Data {
    let comma = try #require(state.firstIndex(of: UInt8(ascii: ",")))
    return Data("{".utf8) + state[(comma + 1)...]
  }

  /// Counts what becomes of mutants; every accepted one is trained on where `trains` says so.
  private static func tally<Strategy: WeightingStrategy>(
    _ type: Strategy.Type, _ optimizer: OptimizerSpecification = .adam(learningRate: 0.01), mutants: Int,
    ofTensors: Bool = false, seed: UInt64
  ) throws -> (refused: Int, accepted: Int) {
    let (made, data) = try trainer(type, optimizer)
    try made.trainEpoch(on: data)
    let checkpoint = try made.checkpoint()
    let (resumed, _) = try trainer(type, optimizer)
    let object = try unsealed(checkpoint.state)
    var mutator = Mutator(ofTensors ? checkpoint.tensors : object, seed: seed)
    var counts = (refused: 0, accepted: 0)
    for _ in 0..<mutants {
      let mutant = Data(mutator.next())
      let (tensors, state) = ofTensors ? (mutant, object) : (checkpoint.tensors, mutant)
      do {
        let read = try Checkpoint(tensors: tensors, state: SealedJSON.seal(state, with: tensors))
        let restoration = try resumed.restoration(from: read)
        counts.accepted += 1
        guard counts.accepted.isMultiple(of: 5) else { continue }
        restoration.apply()
        let again = try resumed.checkpoint()
        #expect(resumed.parameters.values.allSatisfy { $0.allSatisfy(\.isFinite) })
        _ = try? resumed.step(on: data, samples: 0..<2)
        _ = try? resumed.trainEpoch(on: data)
        try resumed.restore(again)
      } catch {
        counts.refused += 1
        #expect(error.code == .checkpoint && error.message.unicodeScalars.count < 1000)
        #expect(!error.message.contains("\n"))
      }
    }
    return counts
  }

  @Test func `20,000 mutants of the state are refused or trained on`() throws {
    let counts = try [
      Self.tally(GradNorm.self, mutants: 5_000, seed: 1), Self.tally(PCGrad.self, mutants: 5_000, seed: 2),
      Self.tally(DynamicWeightAverage.self, .sgd(learningRate: 0.01, momentum: 0.5), mutants: 5_000, seed: 3),
      Self.tally(NashMTL.self, .kfac(learningRate: 0.01), mutants: 5_000, seed: 4),
    ]
    for count in counts { #expect(count.refused > 2_500 && count.accepted > 100, "\(counts)") }
  }

  @Test func `20,000 mutants of the tensors are refused or trained on`() throws {
    let counts = try Self.tally(EqualWeighting.self, mutants: 20_000, ofTensors: true, seed: 5)
    #expect(counts.refused > 10_000 && counts.accepted > 100, "\(counts)")
  }

  @Test func `The state of every strategy is refused or trained on`() throws {
    func check<Strategy: WeightingStrategy>(_ type: Strategy.Type, _ seed: UInt64) throws {
      guard (try? Self.trainer(type)) != nil else { return }
      _ = try Self.tally(type, mutants: 150, seed: seed)
    }
    for (index, name) in StrategyRegistry.builtIn.names.enumerated() {
      let wrapped = index.isMultiple(of: 5) ? "\(name)+average+every" : name
      let type = (try? StrategyRegistry.builtIn.type(named: wrapped)) ?? EqualWeighting.self
      try check(type, UInt64(index))
    }
  }

  @Test(arguments: [
    (#""epoch":1"#, #""epoch":9223372036854775807"#, "epoch is 9223372036854775807"),
    (#""epoch":1"#, #""epoch":-5"#, "epoch is -5"),
    (#""steps":2"#, #""steps":9223372036854775807"#, "counts.steps is 9223372036854775807"),
    (#""samples":4"#, #""samples":9223372036854775807"#, "counts.samples"),
    (#""forward":2"#, #""forward":9223372036854775807"#, "counts.forward"),
    (#""step":2"#, #""step":9223372036854775807"#, "optimizer.step"),
    (#""averages":0"#, #""averages":9223372036854775807"#, "optimizer.averages"),
    (#""learningRate":0.01"#, #""learningRate":-1"#, "learningRate is -1.0"),
    (#""learningRate":0.01"#, #""learningRate":1e308"#, "learning rate 1e+308 is infinite in Float"),
    (#""steps":0"#, #""steps":-1"#, "tally.steps is -1"),
    (#""steps":0"#, #""steps":9223372036854775807"#, "tally.steps"),
    (#""interventionSteps":[0"#, #""interventionSteps":[3"#, "tally.interventionSteps is 3.0 of 0 steps"),
    (#""interventionSteps":[0"#, #""interventionSteps":[-1"#, "tally.interventionSteps is -1.0 of 0 steps"),
  ])
  func `A number that cannot be is refused with its name`(old: String, new: String, message: String) throws {
    let (made, data) = try Self.trainer(PCGrad.self)
    try made.trainEpoch(on: data)
    let checkpoint = try made.checkpoint()
    let text = String(decoding: try Self.unsealed(checkpoint.state), as: UTF8.self)
    let place = try #require(
      text.range(of: old, options: old.contains("learningRate") ? [] : .backwards), "\(old) is not in \(text)"
    )
    let edited = text.replacingCharacters(in: place, with: new)
    let read = try Checkpoint(
      tensors: checkpoint.tensors, state: SealedJSON.seal(Data(edited.utf8), with: checkpoint.tensors))
    let error = #expect(throws: TrainingError.self) { try made.restore(read) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: [-1, 5, Int.max, Int.min]) func `A random stream's position is 0 to 4`(position: Int)
    throws
  {
    let (made, data) = try Self.trainer(PCGrad.self)
    try made.trainEpoch(on: data)
    let checkpoint = try made.checkpoint()
    let text = String(decoding: try Self.unsealed(checkpoint.state), as: UTF8.self)
    for key in ["\"batches\":"] {
      let start = try #require(text.range(of: key)).upperBound
      let place = try #require(
        text.range(of: #""position":\d"#, options: .regularExpression, range: start..<text.endIndex))
      let edited = text.replacingCharacters(in: place, with: "\"position\":\(position)")
      let read = try Checkpoint(
        tensors: checkpoint.tensors, state: SealedJSON.seal(Data(edited.utf8), with: checkpoint.tensors))
      let error = #expect(throws: TrainingError.self) { try made.restore(read) }
      #expect(error?.message.contains("cannot be read") == true, "\(error?.message ?? "")")
    }
  }

  @Test func `Parameters and moments that are not finite are refused`() throws {
    let (made, data) = try Self.trainer(EqualWeighting.self)
    try made.trainEpoch(on: data)
    let checkpoint = try made.checkpoint()
    let object = try Self.unsealed(checkpoint.state)
    for (place, value) in [(4, Float.nan), (8, .infinity)] {
      var tensors = checkpoint.tensors
      withUnsafeBytes(of: value) {
        tensors.replaceSubrange(tensors.count - place..<tensors.count - place + 4, with: $0)
      }
      let read = try Checkpoint(tensors: tensors, state: SealedJSON.seal(object, with: tensors))
      let error = #expect(throws: TrainingError.self) { try made.restore(read) }
      #expect(error?.message.contains("holds \(value)") == true, "\(error?.message ?? "")")
    }
  }

  @Test func `Offsets at the ends of the integers are refused`() throws {
    for offsets in ["[0,-9223372036854775808]", "[720,-9223372036854775808]", "[0,9223372036854775807]"] {
      var header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      header += #""b":{"dtype":"F32","shape":[1],"data_offsets":\#(offsets)}}"#
      var data = Data(withUnsafeBytes(of: UInt64(header.utf8.count)) { Array($0) })
      data += Data(header.utf8) + Data(count: 12)
      #expect(throws: TrainingError.self) { try SafeTensors(data) }
    }
  }

  @Test func `Names that are no numbers of the folder's own are left alone`() throws {
    let folder = try TemporaryFolder()
    let foreign = ["9223372036854775807", "9007199254740992", "+7", "007", "-1", "0", "٣"]
    for name in foreign {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    let (made, _) = try Self.trainer(EqualWeighting.self)
    let checkpoints = CheckpointFolder(folder.path)
    #expect(try checkpoints.newest() == nil)
    for _ in 0..<3 { try checkpoints.write(made.checkpoint()) }
    #expect(try folder.names(in: ".") == (foreign + ["2", "3"]).sorted())
    #expect(try checkpoints.newest()?.damaged.isEmpty == true)
  }

  @Test(.timeLimit(.minutes(10))) func `A pipe in place of a checkpoint's file is not waited for`() throws {
    let folder = try TemporaryFolder()
    let (made, _) = try Self.trainer(EqualWeighting.self)
    let checkpoints = CheckpointFolder(folder.path)
    for _ in 0..<2 { try checkpoints.write(made.checkpoint()) }
    let file = "\(folder.path)/2/state.json"
    try FileManager.default.removeItem(atPath: file)
    #expect(mkfifo(file, 0o600) == 0)
    let damaged = try #require(try checkpoints.newest()).damaged
    #expect(damaged.first?.message.contains("it is a pipe, not a file") == true, "\(damaged)")
  }
}
