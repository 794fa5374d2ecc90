import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// The training of a workload as the textbook writes it, in `Double`: what the trainer's losses are compared with.
///
/// It has nothing of the trainer. Every task has a backward pass of its own; nothing is stacked and no kernel of
/// this package is called: products are BLAS', all else are plain loops. Where a strategy sees gradients they are
/// formed, task by task, and their inner products taken. Layer by layer, so that only rules that read the task
/// gradients themselves cost T×P numbers.
final class PlainReference<Strategy: WeightingStrategy> {
  private typealias Box = MatrixBox<Double>

  private let workload: Workload
  private let data: TaskDataset
  private(set) var weigher: Weigher<Strategy>
  let trunk: [PlainLayer]
  let heads: [PlainLayer]
  private var steps = 0
  private var epoch = 0
  /// The losses of the epoch's steps.
  private var epochLosses: [[Double]] = []

  /// The forward pass of a batch.
  private struct Pass {
    /// The inputs of every trunk layer, then those of the heads: samples × units.
    let inputs: [Box]
    /// For each task, the gradient of its loss by its outputs: samples × outputs.
    let cotangents: [Box]
    let losses: [Double]
  }

  /// Creates a reference at the start of training.
  ///
  /// - Parameters:
  ///   - workload: the network and its batches.
  ///   - data: the workload's data.
  ///   - parameters: the initial parameters, by the trainer's names.
  ///   - strategy: the strategy at the start of training.
  /// - Throws: ``WeightingError`` if the strategy cannot be started.
  init(_ workload: Workload, data: TaskDataset, parameters: [String: [Double]], strategy: Strategy)
    throws(WeightingError)
  {
    self.workload = workload
    self.data = data
    weigher = try Weigher(strategy, taskCount: workload.tasks)
    trunk = (0..<workload.layers).map { layer in
      PlainLayer(
        "trunk.\(layer)", of: parameters, inputs: layer == 0 ? workload.inputs : workload.width,
        outputs: workload.width)
    }
    heads = (0..<workload.tasks).map { task in
      PlainLayer("head.\(task)", of: parameters, inputs: workload.width, outputs: workload.outputs)
    }
  }

  /// Takes a step on the batch whose turn it is; an epoch ends with the last of them.
  ///
  /// - Returns: the losses before the step.
  /// - Throws: ``WeightingError`` where the strategy has no weights.
  func step() throws(WeightingError) -> [Double] {
    let batch = steps % Workload.batches
    let samples = batch * workload.batch..<(batch + 1) * workload.batch
    let pass = forward(samples)
    let weights = try weigher.weights(observing: observe(pass, samples))
    combine(pass, weights)
    steps += 1
    for layer in heads { layer.moveByAdam(step: steps) }
    if let update = weights.update {
      move(by: update)
    } else {
      for layer in trunk { layer.moveByAdam(step: steps) }
    }
    if weigher.looksAfterStep { weigher.stepEnded(lossesAfter: forward(samples).losses) }
    epochLosses.append(pass.losses)
    if batch + 1 == Workload.batches {
      let sums = (0..<workload.tasks).map { task in epochLosses.reduce(0) { $0 + $1[task] } }
      weigher.epochEnded(meanLosses: sums.map { $0 / Double(epochLosses.count) })
      epochLosses = []
      epoch += 1
    }
    return pass.losses
  }

  // MARK: Forward and backward

  private func forward(_ samples: Range<Int>) -> Pass {
    let first = Box(rows: samples.count, columns: workload.inputs)
    for row in 0..<samples.count {
      for column in 0..<workload.inputs {
        first.view[row, column] = data.inputs[(samples.lowerBound + row) * workload.inputs + column]
      }
    }
    var inputs = [first]
    for layer in trunk {
      let output = layer.output(of: inputs[inputs.count - 1])
      for row in 0..<samples.count {
        for unit in 0..<workload.width where output.view[row, unit] < 0 { output.view[row, unit] = 0 }
      }
      inputs.append(output)
    }
    var (cotangents, losses): ([Box], [Double]) = ([], [])
    let outputs = workload.outputs
    let count = Double(samples.count * outputs)
    for (task, head) in heads.enumerated() {
      // The outputs become the gradient by them, in place.
      let box = head.output(of: inputs[inputs.count - 1])
      var sum = 0.0
      for row in 0..<samples.count {
        for column in 0..<outputs {
          let target = data.targets[task][(samples.lowerBound + row) * outputs + column]
          let error = box.view[row, column] - target
          sum += error * error
          box.view[row, column] = 2 * error / count
        }
      }
      cotangents.append(box)
      losses.append(sum / count)
    }
    return Pass(inputs: inputs, cotangents: cotangents, losses: losses)
  }

  /// Visits the trunk's layers downwards, with the gradients of the losses by the layer's sums: one matrix of
  /// samples × units a task.
  private func descend(_ pass: Pass, _ visit: (_ layer: Int, _ cotangents: [Box]) -> Void) {
    var cotangents = representationCotangents(pass)
    for layer in trunk.indices.reversed() {
      for box in cotangents { mask(box, where: pass.inputs[layer + 1]) }
      visit(layer, cotangents)
      if layer > 0 { cotangents = cotangents.map { trunk[layer].inputCotangent(of: $0) } }
    }
  }

  /// The gradients of the losses by the outputs of the trunk.
  private func representationCotangents(_ pass: Pass) -> [Box] {
    zip(heads, pass.cotangents).map { $0.inputCotangent(of: $1) }
  }

  /// The slope of ReLU, at 0 too: 0 where the unit is off.
  private func mask(_ cotangent: Box, where output: Box) {
    for row in 0..<cotangent.view.rows {
      for unit in 0..<cotangent.view.columns where output.view[row, unit] <= 0 {
        cotangent.view[row, unit] = 0
      }
    }
  }

  // MARK: What the strategy sees

  private func observe(_ pass: Pass, _ samples: Range<Int>) -> StepObservation {
    var observation = StepObservation(losses: pass.losses)
    observation.step = steps
    observation.epoch = epoch
    switch Strategy.Gradients.need {
    case .losses: break
    case .gradientNorms:
      let gramian = gramian(pass)
      observation.gradientNorms = (0..<workload.tasks).map { gramian.norm(of: $0) }
    case .gramian: observation.gramian = gramian(pass)
    case .jacobian where Strategy.Gradients.independentBatches == 1: observation.jacobian = jacobian(pass)
    case .jacobian:
      observation.jacobians = workload.parts(Strategy.Gradients.independentBatches).map { part in
        jacobian(forward(samples.lowerBound + part.lowerBound..<samples.lowerBound + part.upperBound))
      }
    }
    return observation
  }

  /// The inner products of the task gradients over the strategy's scope.
  private func gramian(_ pass: Pass) -> Gramian {
    let sum = Box(rows: workload.tasks, columns: workload.tasks)
    func add(_ rows: Box) { sum.view.setSymmetricProduct(rows.view, beta: 1) }
    switch weigher.strategy.gradientScope ?? .sharedParameters {
    case .sharedParameters: descend(pass) { add(self.rows(of: $0, $1, pass, bias: true)) }
    case .allParameters:
      descend(pass) { add(self.rows(of: $0, $1, pass, bias: true)) }
      for (task, head) in heads.enumerated() {
        head.clearGradient()
        head.addGradient(of: pass.cotangents[task], inputs: pass.inputs[trunk.count], times: 1)
        for gradient in [head.weight.gradient, head.bias.gradient] {
          sum.view[task, task] += gradient.view.dot(gradient.view)
        }
      }
    case .lastSharedLayer:
      descend(pass) { layer, cotangents in
        if layer == self.trunk.count - 1 { add(self.rows(of: layer, cotangents, pass, bias: false)) }
      }
    case .representation:
      let cotangents = representationCotangents(pass)
      let rows = Box(rows: cotangents.count, columns: cotangents[0].view.count)
      for (task, box) in cotangents.enumerated() {
        rows.view.rows(task..<task + 1).copy(from: box.view.reshaped(rows: 1, columns: box.view.count))
      }
      add(rows)
    }
    var result = Gramian(taskCount: workload.tasks)
    for i in 0..<workload.tasks {
      for j in i..<workload.tasks { (result[i, j], result[j, i]) = (sum.view[i, j], sum.view[i, j]) }
    }
    return result
  }

  /// The task gradients on all shared parameters: layer by layer, each its weights and its biases.
  private func jacobian(_ pass: Pass) -> Jacobian {
    let counts = trunk.map { $0.weight.values.view.count + $0.bias.values.view.count }
    var result = Jacobian(taskCount: workload.tasks, parameterCount: counts.reduce(0, +))
    descend(pass) { layer, cotangents in
      let rows = self.rows(of: layer, cotangents, pass, bias: true)
      let first = counts[..<layer].reduce(0, +)
      for task in 0..<self.workload.tasks {
        for column in 0..<counts[layer] {
          result.elements[task * result.parameterCount + first + column] = rows.view[task, column]
        }
      }
    }
    return result
  }

  /// The gradients of the tasks on one layer, as rows.
  private func rows(of layer: Int, _ cotangents: [Box], _ pass: Pass, bias: Bool) -> Box {
    let (layer, input) = (trunk[layer], pass.inputs[layer])
    let (outputs, inputs) = (layer.weight.values.view.rows, layer.weight.values.view.columns)
    let weights = outputs * inputs
    let result = Box(rows: cotangents.count, columns: weights + (bias ? outputs : 0))
    for (task, cotangent) in cotangents.enumerated() {
      let row = result.view.rows(task..<task + 1)
      row.columns(0..<weights).reshaped(rows: outputs, columns: inputs)
        .setProduct(cotangent.view, .transposed, input.view, .asIs)
      guard bias else { continue }
      for sample in 0..<cotangent.view.rows {
        for unit in 0..<outputs { row[0, weights + unit] += cotangent.view[sample, unit] }
      }
    }
    return result
  }

  // MARK: The gradient of the step

  /// Sets every layer's gradient: what the rule says on the trunk, each head its own task's.
  ///
  /// Under an update that of the trunk is not looked at.
  private func combine(_ pass: Pass, _ weights: TaskWeights) {
    for layer in trunk + heads { layer.clearGradient() }
    for (task, head) in heads.enumerated() {
      let factor =
        switch Strategy.about.weighs {
        case .losses: weights.values[task]
        case .sharedGradient: 1.0
        case .direction, .update: weights.headWeights?[task] ?? 1
        }
      head.addGradient(of: pass.cotangents[task], inputs: pass.inputs[trunk.count], times: factor)
    }
    if let direction = weights.direction {
      visitTrunk { $0.gradient.view[$1, $2] = direction[$3] }
    } else {
      descend(pass) { layer, cotangents in
        for (task, cotangent) in cotangents.enumerated() {
          self.trunk[layer].addGradient(
            of: cotangent, inputs: pass.inputs[layer], times: weights.values[task])
        }
      }
    }
  }

  /// Moves the trunk as a rule says that gives the update itself.
  private func move(by update: [Double]) {
    visitTrunk { $0.values.view[$1, $2] -= Workload.learningRate * update[$3] }
  }

  /// Visits the elements of the trunk by tensor, row, column and their position among all.
  private func visitTrunk(_ visit: (PlainTensor, Int, Int, Int) -> Void) {
    var position = 0
    for tensor in trunk.flatMap({ [$0.weight, $0.bias] }) {
      for row in 0..<tensor.values.view.rows {
        for column in 0..<tensor.values.view.columns {
          visit(tensor, row, column, position)
          position += 1
        }
      }
    }
  }
}
