import JointLossTraining
import JointLossWeighting

extension Architecture {
  /// The architectures' names in a study file, each with the sizes that it needs.
  static let sizes: [(name: String, keys: [String])] = [
    ("hard-sharing", []), ("mmoe", ["experts"]), ("cgc", ["shared-experts", "task-experts"]),
    ("ple", ["levels", "shared-experts", "task-experts"]), ("cross-stitch", []),
  ]

  /// An architecture by its name; nil if a size is missing.
  init?(name: String, sizes: [String: Int]) {
    switch (name, sizes["levels"], sizes["experts"], sizes["shared-experts"], sizes["task-experts"]) {
    case ("hard-sharing", _, _, _, _): self = .hardSharing
    case ("mmoe", _, let experts?, _, _): self = .mixtureOfExperts(experts: experts)
    case ("cgc", _, _, let shared?, let own?):
      self = .customizedGateControl(sharedExperts: shared, taskExperts: own)
    case ("ple", let levels?, _, let shared?, let own?):
      self = .progressiveExtraction(levels: levels, sharedExperts: shared, taskExperts: own)
    case ("cross-stitch", _, _, _, _): self = .crossStitch
    default: return nil
    }
  }

  /// The architecture in one line, as a YAML value.
  var text: String {
    switch self {
    case .hardSharing: "hard-sharing"
    case .mixtureOfExperts(let experts): "{name: mmoe, experts: \(experts)}"
    case .customizedGateControl(let sharedExperts, let taskExperts):
      "{name: cgc, shared-experts: \(sharedExperts), task-experts: \(taskExperts)}"
    case .progressiveExtraction(let levels, let sharedExperts, let taskExperts):
      "{name: ple, levels: \(levels), shared-experts: \(sharedExperts), task-experts: \(taskExperts)}"
    case .crossStitch: "cross-stitch"
    }
  }
}

extension BlockSpecification {
  /// The block in one line, as a YAML value.
  var text: String {
    "{layer-norm: \(layerNorm), dropout: \(ParameterValue.number(dropout)), residual: \(residual)}"
  }
}
