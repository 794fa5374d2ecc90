import Foundation
import JointLossLinearAlgebra
import JointLossTraining

/// A layer of sines that all tasks share, h = sin(W x + b), and a linear head a task.
struct SineModel: MultiTaskModel {
  let inputs = 2
  let tasks = [
    TaskSpecification(name: "product", loss: .meanSquaredError),
    TaskSpecification(name: "order", loss: .binaryCrossEntropy),
  ]
  private let units = 16

  /// W and b are shared; each head belongs to its task.
  var tensors: [ParameterTensor] {
    [
      ParameterTensor("sines.weight", rows: units, columns: inputs, isLastShared: true),
      ParameterTensor("sines.bias", columns: units),
      ParameterTensor("product.weight", columns: units, task: 0),
      ParameterTensor("order.weight", columns: units, task: 1),
    ]
  }

  func initialise(_ values: (Int) -> MatrixView<Float>, seed: UInt64) {
    var stream = PhiloxStream(seed: seed, purpose: "initialisation")
    for (tensor, scale) in [(0, 2), (1, 1), (2, 0.25), (3, 0.25)] {
      values(tensor).withElements { elements in
        for index in elements.indices { elements[index] = Float(scale * stream.normal()) }
      }
    }
  }

  func forward(_ pass: ModelPass<Float>) {
    let (sines, slopes) = (pass.buffer(0, columns: units), pass.buffer(1, columns: units))
    sines.setProduct(pass.inputs, .asIs, pass.parameter(0), .transposed)
    for sample in 0..<pass.sampleCount {
      for unit in 0..<units {
        let angle = sines[sample, unit] + pass.parameter(1)[0, unit]
        (sines[sample, unit], slopes[sample, unit]) = (sin(angle), cos(angle))
      }
    }
    for task in 0..<2 {
      pass.outputs(of: task).setProduct(sines, .asIs, pass.parameter(2 + task), .transposed)
    }
  }

  func backward(_ pass: ModelPass<Float>) {
    let (sines, slopes) = (pass.buffer(0, columns: units), pass.buffer(1, columns: units))
    // The cotangents of the sines: for each sample a slot a task, or one slot for the weighted sum of all.
    let stack = pass.buffer(2, columns: pass.slots * units)
    for task in 0..<2 {
      let cotangents = pass.buffer(3 + task, columns: 1)
      cotangents.copy(from: pass.outputs(of: task))
      pass.addDense(weight: 2 + task, bias: nil, cotangents: cotangents, input: sines)
      let slot = pass.slot(of: task)
      stack.columns(slot.index * units..<(slot.index + 1) * units).setProduct(
        cotangents, .asIs, pass.parameter(2 + task), .asIs, alpha: Float(slot.factor),
        beta: slot.isFirst ? 0 : 1)
    }
    for sample in 0..<stack.rows {
      for column in 0..<stack.columns { stack[sample, column] *= slopes[sample, column % units] }
    }
    pass.addDense(weight: 0, bias: 1, cotangents: stack, input: pass.inputs)
  }
}
