import Foundation
import JointLossLinearAlgebra
import JointLossTraining

/// A model as a reader would write one: a layer of tanh units that all tasks share, and a linear head a task.
struct TanhModel<Scalar: TrainableScalar>: MultiTaskModel {
  /// What the model does wrong.
  enum Fault {
    case forgetsBias
    case handsOverTwice
    case forgetsRepresentation
    case miscountsUnits
    case handsOverCopy
  }

  let inputs: Int
  let units: Int
  let tasks: [TaskSpecification]
  var fault: Fault?

  var representationUnits: Int? { fault == .miscountsUnits ? units + 2 : units }

  var tensors: [ParameterTensor] {
    [
      ParameterTensor("trunk.0.weight", rows: units, columns: inputs, isLastShared: true),
      ParameterTensor("trunk.0.bias", columns: units),
    ]
      + tasks.enumerated().flatMap { task, specification in
        [
          ParameterTensor("head.\(task).weight", rows: specification.outputs, columns: units, task: task),
          ParameterTensor("head.\(task).bias", columns: specification.outputs, task: task),
        ]
      }
  }

  func initialise(_ values: (Int) -> MatrixView<Scalar>, seed: UInt64) {
    var stream = PhiloxStream(seed: seed, purpose: "mine")
    for (index, tensor) in tensors.enumerated() where tensor.name.hasSuffix("weight") {
      for row in 0..<tensor.rows {
        for column in 0..<tensor.columns { values(index)[row, column] = Scalar(stream.normal() / 3) }
      }
    }
  }

  func forward(_ pass: ModelPass<Scalar>) {
    let hidden = pass.buffer(0, columns: units)
    hidden.setProduct(pass.inputs, .asIs, pass.parameter(0), .transposed)
    for row in 0..<hidden.rows {
      for unit in 0..<units {
        hidden[row, unit] = Scalar(tanh(Double(hidden[row, unit] + pass.parameter(1)[0, unit])))
      }
    }
    for task in tasks.indices {
      let outputs = pass.outputs(of: task)
      outputs.setProduct(hidden, .asIs, pass.parameter(2 + 2 * task), .transposed)
      for row in 0..<outputs.rows {
        for column in 0..<outputs.columns {
          outputs[row, column] += pass.parameter(3 + 2 * task)[0, column]
        }
      }
    }
  }

  func backward(_ pass: ModelPass<Scalar>) {
    let (hidden, stack) = (pass.buffer(0, columns: units), pass.buffer(1, columns: pass.slots * units))
    for (task, specification) in tasks.enumerated() {
      let cotangents = pass.buffer(2 + task, columns: specification.outputs)
      cotangents.copy(from: pass.outputs(of: task))
      pass.addDense(weight: 2 + 2 * task, bias: 3 + 2 * task, cotangents: cotangents, input: hidden)
      let slot = pass.slot(of: task)
      stack.columns(slot.index * units..<(slot.index + 1) * units).setProduct(
        cotangents, .asIs, pass.parameter(2 + 2 * task), .asIs, alpha: Scalar(slot.factor),
        beta: slot.isFirst ? 0 : 1)
    }
    switch fault {
    case .forgetsRepresentation: break
    case .handsOverCopy:
      let copy = pass.buffer(2 + tasks.count, columns: pass.slots * units)
      copy.copy(from: stack)
      pass.addRepresentation(hidden, cotangents: copy)
    default: pass.addRepresentation(hidden, cotangents: stack)
    }
    if pass.endsAtRepresentation { return }
    for row in 0..<stack.rows {
      for column in 0..<stack.columns {
        let value = hidden[row, column % units]
        stack[row, column] *= 1 - value * value
      }
    }
    pass.addDense(
      weight: 0, bias: fault == .forgetsBias ? nil : 1, cotangents: stack, input: pass.inputs)
    if fault == .handsOverTwice {
      pass.addDense(weight: 0, bias: nil, cotangents: stack, input: pass.inputs)
    }
  }
}
