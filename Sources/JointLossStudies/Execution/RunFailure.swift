import JointLossTraining

/// Why a run ended before its last epoch.
struct RunFailure: Error {
  let status: RunRecord.Footer.Status
  let message: String
  /// The training step, counted from 0 in the network at fault.
  var step: Int?
  /// The index of the task among those of the suite.
  var task: Int?
}

extension RunFailure {
  /// The failure behind an error of the network that trains some of the tasks.
  init(_ error: TrainingError, tasks: [Int]) {
    let status: RunRecord.Footer.Status =
      switch error.code {
      case .diverged: .diverged
      case .configuration, .shape, .nonFinite, .strategy, .optimizer, .model, .checkpoint: .failed
      }
    self.init(
      status: status, message: error.message, step: error.step,
      task: error.task.flatMap { tasks.indices.contains($0) ? tasks[$0] : nil })
  }
}
