import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// A network and a batch to time steps on: dense layers of one width under ReLU, squared errors.
struct Workload: Sendable {
  /// The batches that steps cycle through.
  static let batches = 8
  /// Adam's rate.
  static let learningRate = 1e-3

  let name: String
  let inputs: Int
  let width: Int
  let layers: Int
  let tasks: Int
  let outputs: Int
  let batch: Int
  /// The first steps whose losses are compared with those of the ``PlainReference``: few where these take long.
  var checkedSteps = batches

  static let all = [
    Workload(name: "small", inputs: 32, width: 64, layers: 2, tasks: 2, outputs: 1, batch: 64),
    Workload(
      name: "gradnorm-toy", inputs: 250, width: 100, layers: 4, tasks: 10, outputs: 100, batch: 100),
    Workload(
      name: "gradnorm-toy-t2", inputs: 250, width: 100, layers: 4, tasks: 2, outputs: 100, batch: 100),
    Workload(name: "medium", inputs: 128, width: 512, layers: 3, tasks: 10, outputs: 16, batch: 256),
    Workload(
      name: "wide", inputs: 256, width: 1024, layers: 3, tasks: 40, outputs: 1, batch: 256, checkedSteps: 3),
  ]

  /// The network.
  func network() throws(TrainingError) -> NetworkSpecification {
    try NetworkSpecification(
      inputs: inputs, trunk: [Int](repeating: width, count: layers), activation: .relu,
      tasks: (0..<tasks).map {
        TaskSpecification(name: "task \($0)", loss: .meanSquaredError, outputs: outputs)
      })
  }

  /// The parameters that every strategy's trainer starts from, by name.
  func initialParameters() throws -> [String: [Double]] {
    try Trainer<Float, EqualWeighting>(self, EqualWeighting(taskCount: tasks)).parameters
  }

  /// A batch cut into parts that follow one another, as the trainer cuts it into independent batches.
  func parts(_ count: Int) -> [Range<Int>] {
    (0..<count).map { $0 * batch / count..<($0 + 1) * batch / count }
  }

  /// Eight batches: `y_t = (1 + t/5) tanh(x (B + E_t))` with Gaussian x, a common B and an own E_t.
  ///
  /// All are numbers of `Float`, so that the trainer and its reference read the same.
  func data() throws(TrainingError) -> TaskDataset {
    var stream = PhiloxStream(seed: 0, purpose: "data")
    let samples = Self.batches * batch
    let x = Matrix<Double>(rows: samples, columns: inputs)
    fill(x.view, scale: 1, &stream)
    let scale = 1 / Double(inputs).squareRoot()
    let common = Matrix<Double>(rows: inputs, columns: outputs)
    fill(common.view, scale: scale, &stream)
    let own = Matrix<Double>(rows: inputs, columns: outputs)
    let product = Matrix<Double>(rows: samples, columns: outputs)
    let targets = (0..<tasks).map { task in
      fill(own.view, scale: 0.35 * scale, &stream)
      own.view.add(common.view)
      product.view.setProduct(x.view, .asIs, own.view, .asIs)
      return product.elements.map { Double(Float((1 + Double(task) / 5) * tanh($0))) }
    }
    return try TaskDataset(
      inputCount: inputs, inputs: x.elements.map { Double(Float($0)) }, targets: targets,
      tasks: network().tasks)
  }

  private func fill(_ view: MatrixView<Double>, scale: Double, _ stream: inout PhiloxStream) {
    for row in 0..<view.rows {
      for column in 0..<view.columns { view[row, column] = scale * stream.normal() }
    }
  }
}
