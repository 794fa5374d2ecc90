import Foundation
import JointLossTraining

/// A whole training run of another system: `Tests/Golden/training/*.json`.
struct GoldenTraining: Decodable {
  struct Network: Decodable {
    struct Head: Decodable {
      let loss: TaskLoss
      let outputs: Int
    }

    let inputs: Int
    let trunk: [Int]
    let activation: Activation
    let heads: [Head]
  }

  struct Optimizer: Decodable {
    let name: String
    let learningRate: Double
    let momentum: Double?
    let beta1: Double?
    let beta2: Double?
    let epsilon: Double?
  }

  struct Step: Decodable {
    let losses: [Double]
    let weights: [Double]
  }

  struct Run: Decodable {
    let steps: [Step]
    let finalParameters: [String: Tensor]
  }

  /// A number, a vector or a matrix, flattened.
  struct Tensor: Decodable {
    let elements: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let rows = try? container.decode([[Double]].self) {
        elements = rows.flatMap { $0 }
      } else if let row = try? container.decode([Double].self) {
        elements = row
      } else {
        elements = [try container.decode(Double.self)]
      }
    }
  }

  let network: Network
  let optimizer: Optimizer
  let batchesPerEpoch: Int
  let parameters: [String: Tensor]
  /// Batches × samples × inputs.
  let inputs: [[[Double]]]
  /// Tasks × batches × samples × columns.
  let targets: [[[Tensor]]]
  let tolerance: Double
  let runs: [String: Run]

  /// The files of the repository, and those of the folder that `JOINTLOSS_GOLDEN_EXTRA` names.
  static let files: [URL] = {
    let own = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: "Golden/training")
    var folders = [own]
    if let extra = ProcessInfo.processInfo.environment["JOINTLOSS_GOLDEN_EXTRA"] {
      folders += [URL(filePath: extra), URL(filePath: extra).appending(path: "training")]
    }
    return folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        .filter { $0.hasSuffix(".json") }.map { folder.appending(path: $0) }.filter(holdsRuns)
    }
  }()

  /// Whether a file is a training run; the extra folder may hold vectors of other kinds.
  private static func holdsRuns(_ file: URL) -> Bool {
    struct Anything: Decodable {}
    struct Kind: Decodable { let runs: [String: Anything]? }
    guard let data = try? Data(contentsOf: file) else { return false }
    return (try? JSONDecoder().decode(Kind.self, from: data))?.runs != nil
  }

  /// Reads a file.
  init(contentsOf file: URL) throws {
    let decoder = JSONDecoder()
    // Names of tensors and strategies stay as they are; the format's own keys are in snake case.
    decoder.keyDecodingStrategy = .custom { path in
      let key = path[path.count - 1].stringValue
      return Key(stringValue: Self.camelCase[key] ?? key)
    }
    self = try decoder.decode(GoldenTraining.self, from: Data(contentsOf: file))
  }

  private static let camelCase = [
    "batches_per_epoch": "batchesPerEpoch", "learning_rate": "learningRate",
    "final_parameters": "finalParameters",
  ]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
  }

  // MARK: As this package's types

  func specification() throws -> NetworkSpecification {
    try NetworkSpecification(
      inputs: network.inputs, trunk: network.trunk, activation: network.activation,
      tasks: network.heads.enumerated().map {
        TaskSpecification(name: "task \($0)", loss: $1.loss, outputs: $1.outputs)
      })
  }

  var optimizerSpecification: OptimizerSpecification {
    optimizer.name == "adam"
      ? .adam(
        learningRate: optimizer.learningRate, beta1: optimizer.beta1 ?? 0.9, beta2: optimizer.beta2 ?? 0.999,
        epsilon: optimizer.epsilon ?? 1e-8)
      : .sgd(learningRate: optimizer.learningRate, momentum: optimizer.momentum ?? 0)
  }

  /// The samples of each batch in ``dataset()``.
  var batches: [Range<Int>] {
    var start = 0
    return inputs.map { batch in
      defer { start += batch.count }
      return start..<start + batch.count
    }
  }

  /// All batches, one after the other.
  func dataset() throws -> TaskDataset {
    try TaskDataset(
      inputCount: network.inputs, inputs: inputs.flatMap { $0.flatMap { $0 } },
      targets: targets.map { $0.flatMap { $0.flatMap(\.elements) } }, tasks: specification().tasks)
  }
}
