/// How the tasks of a network share its layers.
///
/// Shared are the parameters that more than one task's loss depends on: Gramian, gradient norms and weights of the
/// shared gradient concern them. All others belong to one task and follow it, as heads do. The *last shared layer*
/// of `GradientScope` is the weight matrix of every shared dense layer whose output no other shared dense layer
/// reads, directly or through others.
public enum Architecture: Codable, Hashable, Sendable {
  /// One trunk for all tasks. All of it is shared.
  case hardSharing
  /// Multi-gate mixture of experts: every expert has the layers of the trunk and serves all tasks; each task mixes
  /// them by a gate of its own, the softmax of a linear map of the input. Experts are shared, gates are not; the
  /// last shared layers are those of all experts.
  ///
  /// J. Ma et al., *Modeling task relationships in multi-task learning with multi-gate mixture-of-experts*,
  /// KDD 2018.
  case mixtureOfExperts(experts: Int)
  /// Customised gate control: as ``mixtureOfExperts(experts:)``, with further experts that serve one task each. The
  /// shared experts are shared, gates and task experts are not.
  ///
  /// H. Tang et al., *Progressive layered extraction*, RecSys 2020, section 4.1.
  case customizedGateControl(sharedExperts: Int, taskExperts: Int)
  /// Progressive layered extraction: levels of ``customizedGateControl(sharedExperts:taskExperts:)``, each reading
  /// the mixtures of the one below. Below the last level a further gate mixes all experts for the shared experts of
  /// the next: through it every expert there, and every gate two levels below the last or deeper, serves all tasks
  /// and is shared (without task experts a task's gates serve it alone). The last level shares its shared experts alone.
  ///
  /// H. Tang et al., RecSys 2020, section 4.2.
  case progressiveExtraction(levels: Int, sharedExperts: Int, taskExperts: Int)
  /// Cross-stitch: a tower for each task with the layers of the trunk; after every layer each tower goes on with a
  /// linear combination of all towers, one learned coefficient a pair. Towers are shared, and all coefficients but a task's last ones, which
  /// serve its head alone; the last shared layers are those of all towers. Coefficients start at 0.9 for a tower's own, 0.1 divided among the
  /// others.
  ///
  /// I. Misra et al., *Cross-stitch networks for multi-task learning*, CVPR 2016.
  case crossStitch

  /// The largest number of experts that serve a task, or all tasks, over all levels.
  private static var mostExperts: Int { 4096 }

  /// Checks the numbers.
  ///
  /// - Throws: ``TrainingError`` that names the one that makes no sense.
  package func validate() throws(TrainingError) {
    let (levels, shared, own) =
      switch self {
      case .hardSharing, .crossStitch: (1, 1, 0)
      case .mixtureOfExperts(let experts): (1, experts, 0)
      case .customizedGateControl(let sharedExperts, let taskExperts): (1, sharedExperts, taskExperts)
      case .progressiveExtraction(let levels, let sharedExperts, let taskExperts):
        (levels, sharedExperts, taskExperts)
      }
    try Self.require(levels, atLeast: 1, "levels")
    try Self.require(shared, atLeast: 1, "shared experts")
    try Self.require(own, atLeast: 0, "experts a task")
    guard levels * max(shared, own) <= Self.mostExperts else {
      throw TrainingError(
        .configuration, "\(levels) levels of \(max(shared, own)) experts are more than \(Self.mostExperts)")
    }
  }

  private static func require(_ count: Int, atLeast least: Int, _ what: String) throws(TrainingError) {
    guard (least...mostExperts).contains(count) else {
      throw TrainingError(
        .configuration, "an architecture has \(least) to \(mostExperts) \(what), not \(count)")
    }
  }
}
