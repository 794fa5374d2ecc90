import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// What a run that takes long leaves on the disk from time to time, to go on from if it is killed.
package struct RunCheckpoints: Sendable {
  private let folder: CheckpointFolder
  private let interval: Duration
  private let notice: @Sendable (String) -> Void

  /// Names where and how often.
  ///
  /// - Parameters:
  ///   - path: the folder of this run's checkpoints.
  ///   - interval: the least time between two of them.
  ///   - notice: told that the run goes on from one, or that one is damaged or cannot be written.
  package init(_ path: String, every interval: Duration, notice: @escaping @Sendable (String) -> Void) {
    folder = CheckpointFolder(path)
    self.interval = interval
    self.notice = notice
  }

  /// The record so far, and the build it was made by: another build may round differently.
  private struct Progress: Codable {
    let versions: RunRecord.Versions
    let epochs: [RunRecord.Epoch]
    /// The hashes of the parameters at the selected epochs, where these are kept.
    let selected: [String]?
  }

  private static let progress = "epochs.json"
  private static func tensors(_ network: Int) -> String { "network\(network).safetensors" }
  private static func selected(_ network: Int) -> String { "network\(network).selected.safetensors" }
  private static func state(_ network: Int) -> String { "network\(network).json" }

  /// Takes networks to where an earlier process left them.
  ///
  /// - Parameters:
  ///   - networks: the run's networks, untrained.
  ///   - models: what keeps them at their selected epochs, if that is asked for: a checkpoint without these is of no use
  ///     then.
  /// - Returns: the epochs that are done; none where there is nothing to go on from.
  func resume<Strategy>(
    _ networks: [NetworkTraining<Strategy>], _ models: KeptModels?
  ) -> [RunRecord.Epoch] {
    do throws(TrainingError) {
      let found = try folder.newest { file throws(TrainingError) in
        let content = try file(Self.progress)
        try SealedJSON.check(content, what: Self.progress)
        let checkpoints = try networks.indices.map { network throws(TrainingError) in
          try Checkpoint(tensors: file(Self.tensors(network)), state: file(Self.state(network)))
        }
        let progress = try Self.decoded(content)
        try Self.validate(progress.epochs, of: networks)
        let selected =
          models == nil
          ? []
          : try networks.indices.map { network throws(TrainingError) in try file(Self.selected(network)) }
        guard models == nil || progress.selected == selected.map(Self.hash) else {
          throw TrainingError(.checkpoint, "the parameters of the selected epochs have changed")
        }
        return (progress: progress, checkpoints: checkpoints, selected: selected)
      }
      guard let found else { return [] }
      for error in found.damaged { notice("a damaged checkpoint is not used: \(error)") }
      guard found.value.progress.versions == .current else {
        notice("the checkpoint is of another version, and the run begins anew")
        return []
      }
      // All are checked before the first is changed: a run that begins anew does so with all its networks.
      let restorations = try networks.indices.map { network throws(TrainingError) in
        try networks[network].restoration(
          from: found.value.checkpoints[network], after: found.value.progress.epochs)
      }
      for restore in restorations { restore() }
      models?.restore(found.value.selected)
      notice("goes on from epoch \(found.value.progress.epochs.count - 1)")
      return found.value.progress.epochs
    } catch {
      notice("no checkpoint can be used, and the run begins anew: \(error)")
      return []
    }
  }

  /// Writes where the networks are, if the last time is long ago.
  ///
  /// A checkpoint that cannot be written does not stop the run.
  func write<Strategy>(
    _ epochs: [RunRecord.Epoch], _ networks: [NetworkTraining<Strategy>], _ models: KeptModels?,
    since last: inout ContinuousClock.Instant
  ) {
    guard last.duration(to: .now) >= interval else { return }
    do throws(TrainingError) {
      let progress = Progress(
        versions: .current, epochs: epochs, selected: models?.parameters.map(Self.hash))
      var files = [Self.progress: SealedJSON.seal(try Self.encoded(progress))]
      for (index, parameters) in (models?.parameters ?? []).enumerated() {
        files[Self.selected(index)] = parameters
      }
      for (index, network) in networks.enumerated() {
        let checkpoint = try network.checkpoint()
        files[Self.tensors(index)] = checkpoint.tensors
        files[Self.state(index)] = checkpoint.state
      }
      try folder.write(files)
    } catch {
      notice("no checkpoint was written: \(error)")
    }
    last = .now
  }

  /// Checks the epochs that were read: as many as the run can have had, each with a value for every task.
  private static func validate<Strategy>(
    _ epochs: [RunRecord.Epoch], of networks: [NetworkTraining<Strategy>]
  ) throws(TrainingError) {
    let (tasks, planned) = (networks.reduce(0) { $0 + $1.tasks.count }, networks.first?.plannedEpochs ?? 0)
    guard !epochs.isEmpty, epochs.count <= planned else {
      throw TrainingError(.checkpoint, "\(progress) has \(epochs.count) epochs of \(planned)")
    }
    for (index, epoch) in epochs.enumerated() {
      if let defect = epoch.defect(expecting: index, tasks: tasks) {
        throw TrainingError(.checkpoint, "\(progress), epoch \(index): \(defect.key) \(defect.message)")
      }
    }
  }

  private static func hash(_ file: Data) -> String {
    String(file.withUnsafeBytes { StableHash.fnv1a($0) }, radix: 16)
  }

  private static func decoded(_ content: Data) throws(TrainingError) -> Progress {
    do {
      try StrictJSON.check(content)
      return try JSONDecoder().decode(Progress.self, from: content)
    } catch {
      throw TrainingError(
        .checkpoint, "\(progress) cannot be read: \(Quotation.short("\(error)", longest: 300))")
    }
  }

  private static func encoded(_ value: Progress) throws(TrainingError) -> Data {
    do {
      return try JSONEncoder().encode(value)
    } catch {
      throw TrainingError(.checkpoint, "an epoch has no JSON: \(error)")
    }
  }
}
