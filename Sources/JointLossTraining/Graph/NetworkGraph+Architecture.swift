extension NetworkGraph {
  /// The graph of a specification.
  init(_ network: NetworkSpecification) {
    var builder = GraphBuilder(network)
    let outputs =
      switch network.architecture {
      case .hardSharing:
        builder.sharedTrunk(network.trunk)
      case .mixtureOfExperts(let experts):
        builder.expertLevels(1, sharedExperts: experts, taskExperts: 0, widths: network.trunk)
      case .customizedGateControl(let sharedExperts, let taskExperts):
        builder.expertLevels(
          1, sharedExperts: sharedExperts, taskExperts: taskExperts, widths: network.trunk)
      case .progressiveExtraction(let levels, let sharedExperts, let taskExperts):
        builder.expertLevels(
          levels, sharedExperts: sharedExperts, taskExperts: taskExperts, widths: network.trunk)
      case .crossStitch:
        builder.stitchedTowers(network.trunk)
      }
    self.init(builder, outputs: outputs)
  }
}
