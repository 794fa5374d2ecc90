import JointLossTraining
import Testing

/// A network of the tables of tests: every layer and every architecture, small.
struct NetworkCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let network: NetworkSpecification
  /// Tensors of the last shared layers.
  let lastShared: Set<String>
  /// What the names of shared tensors begin with; all others belong to the task whose number follows `task.` or
  /// `head.`.
  let shared: [String]

  var hasDropout: Bool { network.block.dropout > 0 }

  static let all: [NetworkCase] = {
    do { return try cases() } catch { return [] }
  }()

  private static let tasks = [
    TaskSpecification(name: "a", loss: .meanSquaredError, outputs: 2),
    TaskSpecification(name: "b", loss: .softmaxCrossEntropy, outputs: 3),
    TaskSpecification(name: "c", loss: .binaryCrossEntropy),
  ]

  private static func cases() throws -> [NetworkCase] {
    let trunk = (["trunk."], ["trunk.1.weight"])
    return try [
      make("GELU", .gelu, trunk: trunk),
      make("layer norm", .tanh, block: BlockSpecification(layerNorm: true), trunk: trunk),
      make("layer norm under ReLU", .relu, block: BlockSpecification(layerNorm: true), trunk: trunk),
      make("layer norm alone", .identity, block: BlockSpecification(layerNorm: true), trunk: trunk),
      make("dropout", .gelu, block: BlockSpecification(dropout: 0.3), trunk: trunk),
      make("residual", .tanh, block: BlockSpecification(residual: true), widths: [5, 5], trunk: trunk),
      make(
        "residual on the input", .gelu, block: BlockSpecification(residual: true), widths: [4, 4],
        trunk: trunk),
      make(
        "all at once", .gelu, block: BlockSpecification(layerNorm: true, dropout: 0.2, residual: true),
        widths: [5, 5], trunk: trunk),
      make("one task", .gelu, tasks: 1, trunk: trunk),
      make(
        "mmoe", .tanh, .mixtureOfExperts(experts: 3),
        trunk: (["level.0.expert."], (0..<3).map { "level.0.expert.\($0).1.weight" })),
      make(
        "mmoe, all at once", .gelu, .mixtureOfExperts(experts: 2),
        block: BlockSpecification(layerNorm: true, dropout: 0.2, residual: true), widths: [5, 5],
        trunk: (["level.0.expert."], (0..<2).map { "level.0.expert.\($0).1.weight" })),
      make(
        "mmoe of one task", .tanh, .mixtureOfExperts(experts: 2), tasks: 1,
        trunk: (["level.0.expert."], (0..<2).map { "level.0.expert.\($0).1.weight" })),
      make(
        "cgc", .gelu, .customizedGateControl(sharedExperts: 2, taskExperts: 1),
        trunk: (["level.0.expert."], (0..<2).map { "level.0.expert.\($0).1.weight" })),
      make(
        "ple of two levels", .tanh,
        .progressiveExtraction(levels: 2, sharedExperts: 1, taskExperts: 1), widths: [5],
        trunk: (
          ["level.0.expert.", "level.0.gate.", "level.1.expert."]
            + (0..<3).map { "level.0.task.\($0).expert." }, ["level.1.expert.0.0.weight"]
        )),
      make(
        "ple of three levels", .tanh,
        .progressiveExtraction(levels: 3, sharedExperts: 1, taskExperts: 1),
        block: BlockSpecification(layerNorm: true),
        widths: [4],
        trunk: (
          ["level.0.", "level.1.expert.", "level.1.gate.", "level.2.expert."]
            + (0..<3).map { "level.1.task.\($0).expert." }, ["level.2.expert.0.0.weight"]
        )),
      make(
        "ple without task experts", .tanh,
        .progressiveExtraction(levels: 3, sharedExperts: 2, taskExperts: 0), widths: [4],
        trunk: (
          (0..<3).map { "level.\($0).expert." } + (0..<2).map { "level.\($0).gate." },
          ["level.2.expert.0.0.weight", "level.2.expert.1.0.weight"]
        )),
      make(
        "cross-stitch", .tanh, .crossStitch,
        trunk: (["tower.", "stitch.0."], (0..<3).map { "tower.\($0).1.weight" })),
      make(
        "cross-stitch, all at once", .gelu, .crossStitch,
        block: BlockSpecification(layerNorm: true, dropout: 0.2, residual: true), widths: [4, 4],
        trunk: (["tower.", "stitch.0."], (0..<3).map { "tower.\($0).1.weight" })),
    ]
  }

  private static func make(
    _ name: String, _ activation: Activation, _ architecture: Architecture = .hardSharing,
    block: BlockSpecification = .plain, widths: [Int] = [6, 5], tasks count: Int = 3,
    trunk: (shared: [String], last: [String])
  ) throws -> NetworkCase {
    NetworkCase(
      testDescription: name,
      network: try NetworkSpecification(
        inputs: 4, architecture: architecture, trunk: widths, activation: activation, block: block,
        tasks: Array(tasks.prefix(count))),
      lastShared: Set(trunk.last), shared: trunk.shared)
  }
}
