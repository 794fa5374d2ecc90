import JointLossLinearAlgebra
import JointLossTraining
import Synchronization

/// A linear model of a shared layer and a head a task, with one fault.
struct BrokenModel: MultiTaskModel {
  enum Fault: String, CaseIterable {
    case none, wrongSign, forgottenBias, zeroBias, leakingHead, batchMean, summedLoss, summedCotangents
    case nondeterminism, ignoredSlotFactor, swappedSlots, sharedBuffer, unmaskedLoss, copiedRepresentation
    case notFinite, wrongShape
  }

  private static let draws = Atomic<Int>(0)

  let fault: Fault
  let inputs = 3
  let units = 4
  let tasks = [
    TaskSpecification(name: "a", loss: .meanSquaredError),
    TaskSpecification(name: "b", loss: .meanSquaredError),
  ]
  /// A scale of the units that nothing trains.
  var tensors: [ParameterTensor] {
    [
      ParameterTensor("trunk.weight", rows: units, columns: inputs, isLastShared: true),
      ParameterTensor("trunk.bias", columns: units),
      ParameterTensor("a.weight", columns: units, task: 0),
      ParameterTensor("b.weight", columns: units, task: 1),
      ParameterTensor("scale", columns: units, isFrozen: true),
    ]
  }
  var representationUnits: Int? { units }

  func initialise(_ values: (Int) -> MatrixView<Double>, seed: UInt64) {
    var stream = PhiloxStream(seed: seed, purpose: "broken")
    for tensor in [0, 2, 3, 4] {
      values(tensor).withElements { for index in $0.indices { $0[index] = stream.normal() } }
    }
    if fault == .notFinite { values(3)[0, 0] = .nan }
  }

  func forward(_ pass: ModelPass<Double>) {
    let (sums, hidden) = (pass.buffer(0, columns: units), pass.buffer(1, columns: units))
    sums.setProduct(pass.inputs, .asIs, pass.parameter(0), .transposed)
    for unit in 0..<units {
      var mean = 0.0
      for sample in 0..<sums.rows {
        sums[sample, unit] += pass.parameter(1)[0, unit]
        mean += sums[sample, unit] / Double(sums.rows)
      }
      for sample in 0..<sums.rows {
        let value = sums[sample, unit] - (fault == .batchMean ? mean : 0)
        hidden[sample, unit] = pass.parameter(4)[0, unit] * value * value
      }
    }
    for task in tasks.indices {
      pass.outputs(of: task).setProduct(hidden, .asIs, pass.parameter(2 + task), .transposed)
    }
    if fault == .leakingHead {
      for sample in 0..<pass.sampleCount {
        pass.outputs(of: 1)[sample, 0] += 0.5 * pass.outputs(of: 0)[sample, 0]
      }
    }
    if fault == .nondeterminism {
      let draw = Self.draws.add(1, ordering: .relaxed).newValue
      pass.outputs(of: 0)[0, 0] += Double(draw % 7)
    }
  }

  func losses(_ pass: ModelPass<Double>, into losses: inout [Double]) {
    for task in tasks.indices {
      let (outputs, targets) = (pass.outputs(of: task), pass.targets(of: task))
      let counted = (0..<pass.sampleCount).filter { fault == .unmaskedLoss || pass.isLabelled($0, of: task) }
      let count = Double(max(counted.count, 1))
      losses[task] = 0
      for sample in 0..<pass.sampleCount {
        let difference = counted.contains(sample) ? outputs[sample, 0] - targets[sample, 0] : 0
        losses[task] += difference * difference / (fault == .summedLoss ? 1 : count)
        let isSummed = fault == .summedLoss || fault == .summedCotangents
        outputs[sample, 0] = 2 * difference / (isSummed ? 1 : count)
      }
    }
  }

  func backward(_ pass: ModelPass<Double>) {
    let (sums, hidden) = (pass.buffer(0, columns: units), pass.buffer(1, columns: units))
    let stack = pass.buffer(2, columns: pass.slots * units)
    for task in tasks.indices {
      let cotangents = pass.buffer(fault == .sharedBuffer ? 3 : 3 + task, columns: 1)
      cotangents.copy(from: pass.outputs(of: task))
      if fault == .leakingHead, task == 0 { cotangents.add(pass.outputs(of: 1), times: 0.5) }
      pass.addDense(
        weight: 2 + task, bias: nil, cotangents: cotangents,
        input: fault == .wrongShape ? hidden.columns(0..<2) : hidden)
      let slot = pass.slot(of: task)
      let index = fault == .swappedSlots && pass.slots > 1 ? 1 - slot.index : slot.index
      stack.columns(index * units..<(index + 1) * units).setProduct(
        cotangents, .asIs, pass.parameter(2 + task), .asIs,
        alpha: fault == .ignoredSlotFactor ? 1 : slot.factor,
        beta: slot.isFirst ? 0 : 1)
    }
    if fault == .copiedRepresentation {
      let copy = pass.buffer(6, columns: pass.slots * units)
      copy.copy(from: stack)
      pass.addRepresentation(hidden, cotangents: copy)
    } else {
      pass.addRepresentation(hidden, cotangents: stack)
    }
    if pass.endsAtRepresentation { return }
    for sample in 0..<stack.rows {
      for column in 0..<stack.columns {
        let unit = column % units
        var mean = 0.0
        if fault == .batchMean {
          for other in 0..<sums.rows { mean += sums[other, unit] / Double(sums.rows) }
        }
        stack[sample, column] *= 2 * pass.parameter(4)[0, unit] * (sums[sample, unit] - mean)
        if fault == .wrongSign { stack[sample, column] *= -1 }
      }
    }
    let bias = fault == .forgottenBias || fault == .zeroBias ? nil : 1
    pass.addDense(weight: 0, bias: bias, cotangents: stack, input: pass.inputs)
    if fault == .zeroBias { pass.addGradients(of: 1, pass.buffer(7, rows: pass.slots, columns: units)) }
  }
}
