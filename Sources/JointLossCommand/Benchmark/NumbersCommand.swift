import ArgumentParser
import Foundation
import JointLossTraining
import JointLossWeighting

/// `jointloss bench numbers`: what a step starts from, for other programs that take the same steps.
struct NumbersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "numbers",
    abstract: "Writes a workload's data and initial parameters.",
    discussion: """
      As little-endian 32-bit floats, row by row: the inputs of all eight batches, the targets of each task, the \
      weights (outputs × inputs) of each layer of the trunk, those of each head. Biases are 0.
      """)

  @Argument(help: "The workload.")
  var workload: String

  @Argument(help: "The file.", completion: .file())
  var file: String

  func run() throws {
    guard let workload = Workload.all.first(where: { $0.name == workload }) else {
      let hint = NearestNames.hint(for: workload, among: Workload.all.map(\.name), what: "names")
      throw ValidationError("no workload is named “\(workload)”: \(hint)")
    }
    let (data, parameters) = (try workload.data(), try workload.initialParameters())
    let layers = (0..<workload.layers).map { "trunk.\($0)" } + (0..<workload.tasks).map { "head.\($0)" }
    let weights = layers.map { parameters["\($0).weight"] ?? [] }
    var bytes = Data()
    for value in [[data.inputs], data.targets, weights].joined().joined() {
      withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    try bytes.write(to: URL(filePath: file), options: .atomic)
  }
}
