import JointLossLinearAlgebra
import JointLossTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A convolution as a reader would write it.
///
/// The windows of an image are the rows of one matrix (im2col). On them come a dense layer and tanh, twice, the second with
/// a window of 1; then the mean over positions, and a linear head a task. An image of height 1 is a sequence.
struct ConvolutionModel<Scalar: TrainableScalar>: MultiTaskModel {
  let height: Int
  let width: Int
  let window: (rows: Int, columns: Int)
  let channels = 3
  let tasks = [
    TaskSpecification(name: "a", loss: .meanSquaredError, outputs: 2),
    TaskSpecification(name: "b", loss: .softmaxCrossEntropy, outputs: 3),
    TaskSpecification(name: "c", loss: .binaryCrossEntropy),
  ]

  var inputs: Int { height * width }
  private var windowSize: Int { window.rows * window.columns }
  private var down: Int { height - window.rows + 1 }
  private var across: Int { width - window.columns + 1 }
  private var positions: Int { down * across }

  var representationUnits: Int? { channels }

  var tensors: [ParameterTensor] {
    [
      ParameterTensor("first.weight", rows: channels, columns: windowSize),
      ParameterTensor("first.bias", columns: channels),
      ParameterTensor("second.weight", rows: channels, columns: channels, isLastShared: true),
      ParameterTensor("second.bias", columns: channels),
    ]
      + tasks.map {
        ParameterTensor("\($0.name).weight", rows: $0.outputs, columns: channels, task: index(of: $0))
      }
  }

  private func index(of task: TaskSpecification) -> Int? { tasks.firstIndex(of: task) }

  func initialise(_ values: (Int) -> MatrixView<Scalar>, seed: UInt64) {
    var stream = PhiloxStream(seed: seed, purpose: "convolution")
    for tensor in tensors.indices where !tensors[tensor].name.hasSuffix("bias") {
      values(tensor).withElements { elements in
        for index in elements.indices { elements[index] = Scalar(0.6 * stream.normal()) }
      }
    }
  }

  func forward(_ pass: ModelPass<Scalar>) {
    let rows = pass.sampleCount * positions
    let windows = pass.buffer(0, rows: rows, columns: windowSize)
    for sample in 0..<pass.sampleCount {
      for position in 0..<positions {
        for offset in 0..<windowSize {
          let row = position / across + offset / window.columns
          let column = position % across + offset % window.columns
          windows[sample * positions + position, offset] = pass.inputs[sample, row * width + column]
        }
      }
    }
    layer(pass, from: windows, to: pass.buffer(1, rows: rows, columns: channels), weight: 0)
    layer(
      pass, from: pass.buffer(1, rows: rows, columns: channels),
      to: pass.buffer(2, rows: rows, columns: channels), weight: 2)
    let (mean, second) = (pass.buffer(3, columns: channels), pass.buffer(2, rows: rows, columns: channels))
    mean.fill(0)
    for row in 0..<rows {
      for channel in 0..<channels {
        mean[row / positions, channel] += second[row, channel] / Scalar(Double(positions))
      }
    }
    for task in tasks.indices {
      pass.outputs(of: task).setProduct(mean, .asIs, pass.parameter(4 + task), .transposed)
    }
  }

  private func layer(
    _ pass: ModelPass<Scalar>, from input: MatrixView<Scalar>, to output: MatrixView<Scalar>, weight: Int
  ) {
    output.setProduct(input, .asIs, pass.parameter(weight), .transposed)
    for row in 0..<output.rows {
      for channel in 0..<channels {
        output[row, channel] = Scalar(
          tanh(Double(output[row, channel] + pass.parameter(weight + 1)[0, channel])))
      }
    }
  }

  func backward(_ pass: ModelPass<Scalar>) {
    let rows = pass.sampleCount * positions
    let (mean, pooled) = (pass.buffer(3, columns: channels), pass.buffer(4, columns: pass.slots * channels))
    for task in tasks.indices {
      let cotangents = pass.buffer(5 + task, columns: tasks[task].outputs)
      cotangents.copy(from: pass.outputs(of: task))
      pass.addDense(weight: 4 + task, bias: nil, cotangents: cotangents, input: mean)
      let slot = pass.slot(of: task)
      pooled.columns(slot.index * channels..<(slot.index + 1) * channels).setProduct(
        cotangents, .asIs, pass.parameter(4 + task), .asIs, alpha: Scalar(slot.factor),
        beta: slot.isFirst ? 0 : 1)
    }
    pass.addRepresentation(mean, cotangents: pooled)
    if pass.endsAtRepresentation { return }
    let first = pass.buffer(1, rows: rows, columns: channels)
    let second = pass.buffer(2, rows: rows, columns: channels)
    let upper = pass.buffer(8, rows: rows, columns: pass.slots * channels)
    for row in 0..<rows {
      for column in 0..<upper.columns {
        let value = second[row, column % channels]
        upper[row, column] = pooled[row / positions, column] / Scalar(Double(positions)) * (1 - value * value)
      }
    }
    pass.addDense(weight: 2, bias: 3, cotangents: upper, input: first)
    if pass.endsAtLastShared { return }
    let lower = pass.buffer(9, rows: rows, columns: pass.slots * channels)
    lower.reshaped(rows: rows * pass.slots, columns: channels).setProduct(
      upper.reshaped(rows: rows * pass.slots, columns: channels), .asIs, pass.parameter(2), .asIs)
    for row in 0..<rows {
      for column in 0..<lower.columns {
        let value = first[row, column % channels]
        lower[row, column] *= 1 - value * value
      }
    }
    pass.addDense(
      weight: 0, bias: 1, cotangents: lower, input: pass.buffer(0, rows: rows, columns: windowSize))
  }
}
