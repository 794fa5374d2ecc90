import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// The networks of a run as they were at their selected epochs, and in the end what they say of every sample.
package final class KeptModels {
  /// What `model.json` says of a task.
  private struct Task: Encodable {
    let name: String
    let loss: TaskLoss
    let outputs: Int
    /// The number of its network: parameters are in `networkN.safetensors`.
    let network: Int
    let selectedEpoch: Int
  }

  /// For each network, its parameters at the selected epoch, as a safetensors file.
  private(set) var parameters: [Data] = []
  /// The files of the run, by name, once it is over; none if it failed before its first epoch.
  private(set) var files: [String: Data] = [:]

  package init() {}

  /// The name of a network's parameters.
  static func parameterFile(_ network: Int) -> String { "network\(network).safetensors" }

  /// Keeps the networks whose selected epoch is the last one.
  func keep<Strategy>(
    _ networks: [NetworkTraining<Strategy>], after epochs: [RunRecord.Epoch]
  ) throws(TrainingError) {
    let selected = EpochSelection.epochs(of: epochs, arrangement: Strategy.about.arrangement)
    for (index, network) in networks.enumerated() where selected[network.tasks[0]] == epochs.count - 1 {
      let file = try network.parameters()
      if index < parameters.count { parameters[index] = file } else { parameters.append(file) }
    }
  }

  /// Goes on from what an earlier process kept.
  func restore(_ parameters: [Data]) { self.parameters = parameters }

  /// The files of a run that is over: the networks are at their selected epochs afterwards.
  func finish<Strategy>(
    _ networks: [NetworkTraining<Strategy>], tasks: [TaskSpecification], selected: [Int]
  ) throws(TrainingError) {
    guard !selected.isEmpty, parameters.count == networks.count else { return }
    var owners = tasks.map { _ in 0 }
    for (index, network) in networks.enumerated() {
      files[Self.parameterFile(index)] = parameters[index]
      for (name, content) in try network.arrays(at: parameters[index]) { files[name] = content }
      for task in network.tasks { owners[task] = index }
    }
    let index = tasks.indices.map { task in
      Task(
        name: tasks[task].name, loss: tasks[task].loss, outputs: tasks[task].outputs, network: owners[task],
        selectedEpoch: selected[task])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    do {
      files["model.json"] = try encoder.encode(["tasks": index])
    } catch {
      throw TrainingError(.checkpoint, "the tasks have no JSON: \(error)")
    }
  }
}
