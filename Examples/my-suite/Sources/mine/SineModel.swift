import Foundation
import JointLossLinearAlgebra
import JointLossTraining

/// A layer of sines that all tasks share, h = sin(W x + b), and a linear head a task.
struct SineModel: MultiTaskModel {
  let tasks: [TaskSpecification]
  let inputs = 2
  private let units = 16

  /// W and b are shared; each head belongs to its task.
  var tensors: [ParameterTensor] {
    [
      ParameterTensor("sines.weight", rows: units, columns: inputs, isLastShared: true),
      ParameterTensor("sines.bias", columns: units),
    ]
      + tasks.enumerated().map { index, task in
        ParameterTensor("\(task.name).weight", columns: units, task: index)
      }
  }

  func initialise(_ values: (Int) -> MatrixView<Float>, seed: UInt64) {
    for (index, tensor) in tensors.enumerated() {
      // A stream a tensor: a task's head begins as it does when the task is trained alone.
      var stream = PhiloxStream(seed: seed, purpose: "initialisation/\(tensor.name)")
      let scale = index == 0 ? 2 : index == 1 ? 1 : 0.25
      values(index).withElements { elements in
        for element in elements.indices { elements[element] = Float(scale * stream.normal()) }
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
    for task in tasks.indices {
      pass.outputs(of: task).setProduct(sines, .asIs, pass.parameter(2 + task), .transposed)
    }
  }

  func backward(_ pass: ModelPass<Float>) {
    let (sines, slopes) = (pass.buffer(0, columns: units), pass.buffer(1, columns: units))
    // The cotangents of the sines: for each sample a slot a task, or one slot for the weighted sum of all.
    let stack = pass.buffer(2, columns: pass.slots * units)
    for task in tasks.indices {
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
