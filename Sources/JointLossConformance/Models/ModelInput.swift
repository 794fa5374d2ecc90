import JointLossLinearAlgebra
public import JointLossTraining

/// A few samples on which a model is checked.
public struct ModelInput: Sendable, Hashable, CustomStringConvertible {
  /// Inputs, targets and which labels there are.
  public let data: TaskDataset
  /// Whether the passes are those of training, with dropout where the model has it; else those of evaluation.
  public let isTraining: Bool
  /// The seed of the parameters and of dropout.
  public let seed: UInt64

  /// Inputs and targets, sample by sample.
  public var description: String {
    let count = data.sampleCount
    let head =
      "  on \(count) \(count == 1 ? "sample" : "samples") in \(isTraining ? "training" : "evaluation"), seed \(seed):"
    let rows = (0..<min(count, 4)).map { sample in
      let targets = data.targets.enumerated().map { task, values in
        let columns = values.count / count
        let isLabelled = data.labelled?[task][sample] ?? true
        return isLabelled ? "\(Array(values[sample * columns..<(sample + 1) * columns]))" : "no label"
      }
      let inputs = data.inputs[sample * data.inputCount..<(sample + 1) * data.inputCount]
      let shown = inputs.prefix(8).map { "\($0)" }.joined(separator: ", ")
      return
        "  sample \(sample): inputs [\(shown)\(inputs.count > 8 ? ", …" : "")], targets \(targets.joined(separator: ", "))"
    }
    return ([head] + rows + (count > 4 ? ["  … \(count - 4) more samples"] : [])).joined(separator: "\n")
  }

  /// The inputs of a check, the smallest first: samples of one's own data or drawn ones, with all labels and with some
  /// missing, in evaluation and in training.
  static func all(
    for model: some MultiTaskModel, data: TaskDataset?, seed: UInt64
  ) throws(TrainingError) -> [ModelInput] {
    var result: [ModelInput] = []
    for (count, isMasked) in [(1, false), (2, false), (3, true), (5, false)] {
      let samples: TaskDataset
      if let data {
        guard let first = try data.first(count, of: model.tasks) else { continue }
        samples = first
      } else {
        samples = try drawn(count, isMasked: isMasked, for: model, seed: seed)
      }
      for isTraining in [false, true] {
        result.append(ModelInput(data: samples, isTraining: isTraining, seed: seed))
      }
    }
    guard !result.isEmpty else {
      throw TrainingError(.shape, "the first five samples of the data have no label of some task")
    }
    return result
  }

  /// Samples of round numbers.
  private static func drawn(
    _ count: Int, isMasked: Bool, for model: some MultiTaskModel, seed: UInt64
  ) throws(TrainingError) -> TaskDataset {
    var stream = PhiloxStream(seed: seed, purpose: "model-check")
    func quarter() -> Double { (4 * stream.normal()).rounded() / 4 }
    let inputs = (0..<count * model.inputs).map { _ in quarter() }
    let targets = model.tasks.map { task in
      (0..<count * task.targetColumns).map { _ in
        switch task.loss {
        case .meanSquaredError: quarter()
        case .softmaxCrossEntropy: Double(stream.index(below: task.outputs))
        case .binaryCrossEntropy: Double(stream.index(below: 2))
        }
      }
    }
    let labelled = model.tasks.indices.map { task in (0..<count).map { $0 != task % count } }
    return try TaskDataset(
      inputCount: model.inputs, inputs: inputs, targets: targets, labelled: isMasked ? labelled : nil,
      tasks: model.tasks)
  }
}

extension TaskDataset {
  /// The first samples; nil where there are not so many, or a task has no label among them.
  fileprivate func first(_ count: Int, of tasks: [TaskSpecification]) throws(TrainingError) -> TaskDataset? {
    guard count <= sampleCount, targets.count == tasks.count else { return nil }
    let flags = labelled?.map { Array($0.prefix(count)) }
    guard flags?.allSatisfy({ $0.contains(true) }) ?? true else { return nil }
    return try TaskDataset(
      inputCount: inputCount, inputs: Array(inputs.prefix(count * inputCount)),
      targets: zip(targets, tasks).map { Array($0.prefix(count * $1.targetColumns)) }, labelled: flags,
      tasks: tasks)
  }
}
