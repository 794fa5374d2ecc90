import JointLossLinearAlgebra
import JointLossWeighting

/// The BLAS products of a training step and nothing else: no bias, activation, loss, weights or optimiser.
///
/// What a step takes beyond these is what this package adds. They are the products as one would write them
/// down, one gemm for each product of the mathematics that cannot be avoided; a step may be faster where it
/// finds a cheaper way.
final class BLASFloor {
  /// The gradients that a strategy looks at, and with them the products it cannot do without.
  enum Gradients {
    /// None: one ordinary backward pass.
    case none
    /// Input gradients of all tasks, their Gramian over the trunk, one weight gradient a layer.
    case gramian
    /// The tasks' gradient norms at the last trunk layer, and an ordinary backward pass.
    case lastLayer
    /// The Gramian of the gradients by the trunk's outputs, and an ordinary backward pass.
    case representation
    /// Input gradients and weight gradients of all tasks in every layer.
    case jacobian
  }

  /// What the products of a step depend on.
  struct Kind: Hashable {
    let gradients: Gradients
    /// The parts of the batch that have a pass each.
    let batches: Int
    /// Whether one more forward pass follows.
    let looksAfterStep: Bool
  }

  private typealias View = MatrixView<Float>

  private let workload: Workload
  private let kind: Kind
  private var boxes: [MatrixBox<Float>] = []
  private let inputs: [View]
  private let weights: [View]
  private let weightGradients: [View]
  private let heads: View
  private let headGradient: View
  private let outputs: View
  private let cotangents: (View, View)
  private let stacks: [View]
  private let kernel: View
  private let product: View
  private let taskGradients: View
  private let gramian: View
  private let taskWeights: View

  init(_ workload: Workload, _ kind: Kind) {
    var boxes: [MatrixBox<Float>] = []
    func matrix(_ rows: Int, _ columns: Int) -> View {
      let box = MatrixBox<Float>(rows: rows, columns: columns)
      // Small values of both signs: products must neither vanish nor overflow.
      for row in 0..<rows {
        for column in 0..<columns {
          box.view[row, column] = Float((row &* 31 &+ column &* 17) % 201 - 100) * 5e-4
        }
      }
      boxes.append(box)
      return box.view
    }
    let (batch, width, tasks) = (workload.batch, workload.width, workload.tasks)
    func inputs(_ layer: Int) -> Int { layer == 0 ? workload.inputs : width }
    self.workload = workload
    self.kind = kind
    self.inputs = (0...workload.layers).map { matrix(batch, inputs($0)) }
    weights = (0..<workload.layers).map { matrix(width, inputs($0)) }
    weightGradients = (0..<workload.layers).map { matrix(width, inputs($0)) }
    heads = matrix(tasks * workload.outputs, width)
    headGradient = matrix(tasks * workload.outputs, width)
    outputs = matrix(batch, tasks * workload.outputs)
    cotangents = (matrix(batch, width), matrix(batch, width))
    stacks = (0..<workload.layers).map { _ in matrix(tasks * batch, width) }
    kernel = matrix(batch, batch)
    product = matrix(tasks * batch, width)
    let gradients = (0..<workload.layers).map { width * inputs($0) }
    let held =
      switch kind.gradients {
      case .jacobian: gradients.reduce(0, +)
      case .gramian, .lastLayer:
        (0..<workload.layers).filter { batch > inputs($0) }.map { gradients[$0] }.max() ?? 0
      case .none, .representation: 0
      }
    taskGradients = matrix(tasks, held)
    gramian = matrix(tasks, tasks)
    taskWeights = matrix(1, tasks)
    self.boxes = boxes
  }

  /// Runs the products of a step.
  func run() {
    for part in workload.parts(kind.batches) { pass(samples: part.count) }
    if kind.looksAfterStep { forward(workload.batch) }
  }

  /// Runs a part of the batch forward and backward.
  private func pass(samples: Int) {
    forward(samples)
    headGradient.setProduct(
      outputs.rows(0..<samples), .transposed, inputs[workload.layers].rows(0..<samples), .asIs)
    let top = workload.layers - 1
    if kind.gradients != .none { stackHeads(samples) }
    switch kind.gradients {
    case .none:
      cotangents.0.rows(0..<samples).setProduct(outputs.rows(0..<samples), .asIs, heads, .asIs)
      descend(samples)
    case .gramian:
      descendStacked(samples, addGramian)
      for layer in (0...top).reversed() {
        combine(layer, samples)
        weightGradients[layer].setProduct(
          cotangents.0.rows(0..<samples), .transposed, inputs[layer].rows(0..<samples), .asIs)
      }
    case .jacobian: descendStacked(samples, formGradients)
    case .lastLayer:
      addNorms(top, samples)
      combine(top, samples)
      descend(samples)
    case .representation:
      gramian.setSymmetricProduct(flatStack(top, samples))
      combine(top, samples)
      descend(samples)
    }
  }

  private func forward(_ samples: Int) {
    for layer in 0..<workload.layers {
      inputs[layer + 1].rows(0..<samples)
        .setProduct(inputs[layer].rows(0..<samples), .asIs, weights[layer], .transposed)
    }
    outputs.rows(0..<samples).setProduct(inputs[workload.layers].rows(0..<samples), .asIs, heads, .transposed)
  }

  private func descend(_ samples: Int) {
    var (upper, lower) = (cotangents.0.rows(0..<samples), cotangents.1.rows(0..<samples))
    for layer in stride(from: workload.layers - 1, through: 0, by: -1) {
      weightGradients[layer].setProduct(upper, .transposed, inputs[layer].rows(0..<samples), .asIs)
      guard layer > 0 else { return }
      lower.setProduct(upper, .asIs, weights[layer], .asIs)
      swap(&upper, &lower)
    }
  }

  // MARK: All tasks

  private func stackHeads(_ samples: Int) {
    for task in 0..<workload.tasks {
      let columns = task * workload.outputs..<(task + 1) * workload.outputs
      stack(workload.layers - 1, task, samples)
        .setProduct(outputs.rows(0..<samples).columns(columns), .asIs, heads.rows(columns), .asIs)
    }
  }

  private func descendStacked(_ samples: Int, _ visit: (_ layer: Int, _ samples: Int) -> Void) {
    let all = 0..<workload.tasks * samples
    for layer in stride(from: workload.layers - 1, through: 0, by: -1) {
      visit(layer, samples)
      guard layer > 0 else { return }
      stacks[layer - 1].rows(all).setProduct(stacks[layer].rows(all), .asIs, weights[layer], .asIs)
    }
  }

  private func addGramian(_ layer: Int, _ samples: Int) {
    let beta: Float = layer == workload.layers - 1 ? 0 : 1
    if samples <= inputs[layer].columns {
      setKernel(layer, samples)
      for task in 0..<workload.tasks {
        product.rows(task * samples..<(task + 1) * samples)
          .setProduct(
            kernel.rows(0..<samples).columns(0..<samples), .asIs, stack(layer, task, samples), .asIs)
      }
      let all = product.rows(0..<workload.tasks * samples)
      gramian.setProduct(
        flatStack(layer, samples), .asIs,
        all.reshaped(rows: workload.tasks, columns: all.count / workload.tasks), .transposed, beta: beta)
    } else {
      let columns = weights[layer].count
      for task in 0..<workload.tasks { formGradient(layer, task, samples, at: task * columns) }
      gramian.setSymmetricProduct(
        gradients(from: 0, to: workload.tasks * columns).reshaped(rows: workload.tasks, columns: columns),
        beta: beta)
    }
  }

  private func addNorms(_ layer: Int, _ samples: Int) {
    let viaKernel = samples <= inputs[layer].columns
    if viaKernel { setKernel(layer, samples) }
    let first = product.rows(0..<samples)
    for task in 0..<workload.tasks {
      if viaKernel {
        let stack = stack(layer, task, samples)
        first.setProduct(kernel.rows(0..<samples).columns(0..<samples), .asIs, stack, .asIs)
        gramian[0, task] = Float(stack.dot(first))
      } else {
        formGradient(layer, task, samples, at: 0)
        let gradient = gradients(from: 0, to: weights[layer].count)
        gramian[0, task] = Float(gradient.dot(gradient))
      }
    }
  }

  private func setKernel(_ layer: Int, _ samples: Int) {
    let inputs = inputs[layer].rows(0..<samples)
    kernel.rows(0..<samples).columns(0..<samples).setProduct(inputs, .asIs, inputs, .transposed)
  }

  /// Forms a layer's rows of the Jacobian.
  private func formGradients(_ layer: Int, _ samples: Int) {
    let first = weights[..<layer].reduce(0) { $0 + $1.count }
    for task in 0..<workload.tasks {
      formGradient(layer, task, samples, at: task * taskGradients.columns + first)
    }
  }

  private func formGradient(_ layer: Int, _ task: Int, _ samples: Int, at first: Int) {
    let (rows, columns) = (weights[layer].rows, weights[layer].columns)
    gradients(from: first, to: first + rows * columns).reshaped(rows: rows, columns: columns)
      .setProduct(stack(layer, task, samples), .transposed, inputs[layer].rows(0..<samples), .asIs)
  }

  private func gradients(from first: Int, to end: Int) -> View {
    taskGradients.reshaped(rows: 1, columns: taskGradients.count).columns(first..<end)
  }

  private func combine(_ layer: Int, _ samples: Int) {
    let flat = flatStack(layer, samples)
    cotangents.0.rows(0..<samples).reshaped(rows: flat.columns, columns: 1)
      .setProduct(flat, .transposed, vector: taskWeights)
  }

  private func stack(_ layer: Int, _ task: Int, _ samples: Int) -> View {
    stacks[layer].rows(task * samples..<(task + 1) * samples)
  }

  /// The cotangents of each task in a row.
  private func flatStack(_ layer: Int, _ samples: Int) -> View {
    stacks[layer].rows(0..<workload.tasks * samples)
      .reshaped(rows: workload.tasks, columns: samples * workload.width)
  }
}

extension BLASFloor.Kind {
  /// The kind of a strategy, by what its evidence declares.
  init<Strategy: WeightingStrategy>(of strategy: Strategy) {
    let evidence = Strategy.Gradients.self
    let gradients: BLASFloor.Gradients =
      switch (evidence.need, strategy.gradientScope ?? .sharedParameters) {
      case (.losses, _): .none
      case (.jacobian, _): .jacobian
      // The heads' gradients are products of every step.
      case (_, .sharedParameters), (_, .allParameters): .gramian
      case (_, .lastSharedLayer): .lastLayer
      case (_, .representation): .representation
      }
    self.init(
      gradients: gradients, batches: evidence.independentBatches, looksAfterStep: strategy.looksAfterStep)
  }
}
