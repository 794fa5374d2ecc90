import JointLossLinearAlgebra

/// The BLAS products of a training step and nothing else: no bias, activation, loss, weights or optimiser.
///
/// What a step takes beyond these is what this package adds. They are the products as one would write them
/// down, one gemm for each product of the mathematics that cannot be avoided; a step may be faster where it
/// finds a cheaper way.
final class BLASFloor {
  /// What a strategy needs to see, and with it the products it cannot do without.
  enum Kind {
    /// Forward and one ordinary backward pass.
    case ordinary
    /// Forward, input gradients of all tasks, their Gramian over the trunk, one weight gradient a layer.
    case gramian
    /// Forward, the tasks' gradient norms at the last trunk layer, and an ordinary backward pass.
    case lastLayer
  }

  private typealias View = MatrixView<Float>

  private let workload: Workload
  private var owners: [Owner] = []
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

  /// Keeps a matrix alive.
  private final class Owner {
    let matrix: Matrix<Float>

    init(rows: Int, columns: Int) {
      matrix = Matrix(rows: rows, columns: columns)
      // Small values of both signs: products must neither vanish nor overflow.
      for row in 0..<rows {
        for column in 0..<columns {
          matrix[row, column] = Float((row &* 31 &+ column &* 17) % 201 - 100) * 5e-4
        }
      }
    }
  }

  init(_ workload: Workload) {
    var owners: [Owner] = []
    func matrix(_ rows: Int, _ columns: Int) -> View {
      let owner = Owner(rows: rows, columns: columns)
      owners.append(owner)
      return owner.matrix.view
    }
    let (batch, width, tasks) = (workload.batch, workload.width, workload.tasks)
    func inputs(_ layer: Int) -> Int { layer == 0 ? workload.inputs : width }
    let widest = max(workload.inputs, width)
    self.workload = workload
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
    let formsGradients = (0..<workload.layers).contains { batch > inputs($0) }
    taskGradients = matrix(formsGradients ? tasks * width : 0, widest)
    gramian = matrix(tasks, tasks)
    taskWeights = matrix(1, tasks)
    self.owners = owners
  }

  /// Runs the products of a step.
  func run(_ kind: Kind) {
    forward()
    switch kind {
    case .ordinary:
      cotangents.0.setProduct(outputs, .asIs, heads, .asIs)
      descend()
    case .gramian:
      stackHeads()
      for layer in stride(from: workload.layers - 1, through: 0, by: -1) {
        addGramian(layer)
        if layer > 0 { stacks[layer - 1].setProduct(stacks[layer], .asIs, weights[layer], .asIs) }
      }
      for layer in stride(from: workload.layers - 1, through: 0, by: -1) {
        combine(layer)
        weightGradients[layer].setProduct(cotangents.0, .transposed, inputs[layer], .asIs)
      }
    case .lastLayer:
      stackHeads()
      addNorms(workload.layers - 1)
      combine(workload.layers - 1)
      descend()
    }
  }

  private func forward() {
    for layer in 0..<workload.layers {
      inputs[layer + 1].setProduct(inputs[layer], .asIs, weights[layer], .transposed)
    }
    outputs.setProduct(inputs[workload.layers], .asIs, heads, .transposed)
    headGradient.setProduct(outputs, .transposed, inputs[workload.layers], .asIs)
  }

  private func descend() {
    var (upper, lower) = cotangents
    for layer in stride(from: workload.layers - 1, through: 0, by: -1) {
      weightGradients[layer].setProduct(upper, .transposed, inputs[layer], .asIs)
      guard layer > 0 else { return }
      lower.setProduct(upper, .asIs, weights[layer], .asIs)
      swap(&upper, &lower)
    }
  }

  private func stackHeads() {
    for task in 0..<workload.tasks {
      let rows = task * workload.outputs..<(task + 1) * workload.outputs
      stack(workload.layers - 1, task).setProduct(outputs.columns(rows), .asIs, heads.rows(rows), .asIs)
    }
  }

  private func addGramian(_ layer: Int) {
    let (batch, width, tasks) = (workload.batch, workload.width, workload.tasks)
    let beta: Float = layer == workload.layers - 1 ? 0 : 1
    if batch <= inputs[layer].columns {
      kernel.setProduct(inputs[layer], .asIs, inputs[layer], .transposed)
      for task in 0..<tasks {
        product.rows(task * batch..<(task + 1) * batch).setProduct(
          kernel, .asIs, stack(layer, task), .asIs)
      }
      let columns = batch * width
      gramian.setProduct(
        stacks[layer].reshaped(rows: tasks, columns: columns), .asIs,
        product.reshaped(rows: tasks, columns: columns), .transposed, beta: beta)
    } else {
      let columns = width * inputs[layer].columns
      for task in 0..<tasks { formGradient(layer, task, into: task) }
      gramian.setSymmetricProduct(flatGradients(tasks, columns), beta: beta)
    }
  }

  private func addNorms(_ layer: Int) {
    let viaKernel = workload.batch <= inputs[layer].columns
    if viaKernel { kernel.setProduct(inputs[layer], .asIs, inputs[layer], .transposed) }
    let first = product.rows(0..<workload.batch)
    for task in 0..<workload.tasks {
      if viaKernel {
        first.setProduct(kernel, .asIs, stack(layer, task), .asIs)
        gramian[0, task] = Float(stack(layer, task).dot(first))
      } else {
        formGradient(layer, task, into: 0)
        let gradient = flatGradients(1, workload.width * inputs[layer].columns)
        gramian[0, task] = Float(gradient.dot(gradient))
      }
    }
  }

  private func formGradient(_ layer: Int, _ task: Int, into slot: Int) {
    let (width, columns) = (workload.width, inputs[layer].columns)
    flatGradients(slot + 1, width * columns).rows(slot..<slot + 1).reshaped(rows: width, columns: columns)
      .setProduct(stack(layer, task), .transposed, inputs[layer], .asIs)
  }

  private func flatGradients(_ tasks: Int, _ columns: Int) -> View {
    taskGradients.reshaped(rows: 1, columns: taskGradients.count).columns(0..<tasks * columns)
      .reshaped(rows: tasks, columns: columns)
  }

  private func combine(_ layer: Int) {
    let columns = workload.batch * workload.width
    cotangents.0.reshaped(rows: columns, columns: 1).setProduct(
      stacks[layer].reshaped(rows: workload.tasks, columns: columns), .transposed, vector: taskWeights)
  }

  private func stack(_ layer: Int, _ task: Int) -> View {
    stacks[layer].rows(task * workload.batch..<(task + 1) * workload.batch)
  }
}
