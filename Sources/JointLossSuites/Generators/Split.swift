import JointLossLinearAlgebra
import JointLossTraining

/// One of the three parts of a suite's data; the raw value names its streams.
enum Split: String, CaseIterable {
  case train
  case validation
  case test
}

/// The number of samples of each split.
struct SplitSizes: Sendable {
  let train: Int
  let validation: Int
  let test: Int

  /// The number of samples of a split.
  subscript(split: Split) -> Int {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }
}

extension SuiteData {
  /// Checks that there is memory for the training split and so many numbers beside it.
  static func requireMemory(
    of suite: String, samples: Int, inputs: Int, tasks: [TaskSpecification], beside count: Double = 0
  ) throws(SuiteError) {
    let columns = tasks.reduce(Double(inputs)) { $0 + Double($1.targetColumns) }
    // Drawn in Double, trained on in Float.
    let bytes = 12 * Double(samples) * columns + 8 * count
    if let shortage = PhysicalMemory.shortage(of: bytes) {
      throw SuiteError(
        "\(suite) with \(samples) samples of \(inputs) inputs for \(tasks.count) tasks \(shortage)")
    }
  }

  /// Draws the three splits of a suite.
  init(
    of suite: String, inputs: Int, tasks: [TaskSpecification], irreducibleLoss: [Double]?,
    drawing: (Split) throws(SuiteError) -> (inputs: [Double], targets: [[Double]])
  ) throws(SuiteError) {
    func dataset(_ split: Split) throws(SuiteError) -> TaskDataset {
      let drawn = try drawing(split)
      do {
        return try TaskDataset(
          inputCount: inputs, inputs: drawn.inputs, targets: drawn.targets, tasks: tasks)
      } catch {
        throw SuiteError("\(suite), \(split) split: \(error)")
      }
    }
    self.init(
      train: try dataset(.train), validation: try dataset(.validation), test: try dataset(.test),
      irreducibleLoss: irreducibleLoss)
  }
}
