import JointLossLinearAlgebra
import JointLossWeighting

/// The shape of a dense layer's weights.
struct LayerShape {
  let inputs: Int
  let outputs: Int
}

/// The inner products of the task gradients of dense layers, summed over layers in `Double`.
///
/// With `D_t` the cotangents of task t (rows × outputs) and X the layer's input, the weight gradient of task
/// t is `D_tᵀ X` and its bias gradient the column sums of `D_t`, so that
///
///     ⟨∇_t, ∇_s⟩ = ⟨D_t, K D_s⟩,   K = X Xᵀ + 1 1ᵀ        (rows × rows)
///
/// with a row a sample or, in a convolution, a row a position of a sample.
/// K is symmetric: with E the stack times K's upper triangle, diagonal blocks halved, the sum is
/// `⟨D_t, E_s⟩ + ⟨D_s, E_t⟩`, for little more than half of the multiplications. Where a layer has few inputs
/// and the batch many rows, the weight gradients are formed instead, in blocks that stay in cache. The T×P
/// Jacobian never exists.
final class LayerGramian<Scalar: TrainableScalar> {
  /// What is summed: all inner products, or each task's with itself.
  enum Sum {
    case products
    case squares
  }

  /// Rows of a block of K: enough for gemm to run at its full speed.
  private static var kernelRows: Int { 64 }
  /// Elements of a block of weight gradients.
  static var blockElements: Int { 1 << 17 }

  private let taskCount: Int
  /// A block of K: its rows × samples.
  private let kernel: ScratchBuffer<Scalar>
  /// A block of K's rows times a stack, or a block of all tasks' weight gradients.
  private let block: ScratchBuffer<Scalar>
  /// The bias gradients of all tasks.
  private let biases: Buffer<Scalar>
  /// The sums `⟨D_t, E_s⟩`, of which the result holds both orders: T × T for products, T for squares.
  private var halves: [Double]
  /// The sums of whole inner products, in the upper triangle.
  private var wholes: [Double]

  init(layers: [LayerShape], tasks: Int, capacity: Int) {
    taskCount = tasks
    let kernelRows = min(capacity, Self.kernelRows)
    // A short last batch may go the other way than full batches: there is room for both. A layer of a model that has
    // more rows than samples finds the rest when it comes.
    let blocks = layers.map { layer in
      max(kernelRows * tasks * layer.outputs, tasks * Self.blockOutputs(of: layer, tasks) * layer.inputs)
    }
    kernel = ScratchBuffer(count: kernelRows * capacity)
    block = ScratchBuffer(count: blocks.max() ?? 0)
    biases = Buffer(rows: 1, columns: tasks * (layers.map(\.outputs).max() ?? 0))
    halves = [Double](repeating: 0, count: tasks * tasks)
    wholes = [Double](repeating: 0, count: tasks * tasks)
  }

  func reset() {
    for index in halves.indices {
      halves[index] = 0
      wholes[index] = 0
    }
  }

  /// Adds a layer: its stack of cotangents (rows × T · outputs) and its input (rows × inputs).
  func add(
    _ sum: Sum, layer: LayerShape, stack: MatrixView<Scalar>, input: MatrixView<Scalar>, withBias: Bool
  ) {
    if Self.prefersKernel(samples: stack.rows, layer, tasks: taskCount, sum) {
      addByKernel(sum, layer, stack, input, withBias: withBias)
    } else {
      addByWeightGradients(sum, layer, stack, input)
      if withBias { addBiases(sum, layer, stack) }
    }
  }

  /// Adds the gradients of a tensor themselves: T × values.
  func add(_ sum: Sum, gradients: MatrixView<Scalar>) {
    accumulate(
      sum, into: &wholes, gradients.pointer, gradients.pointer, rows: 1, gradients.columns, upper: true)
  }

  /// Adds cotangents themselves (samples × T · width): gradients on a layer's output instead of its parameters.
  func add(_ sum: Sum, cotangents stack: MatrixView<Scalar>) {
    accumulate(
      sum, into: &wholes, stack.pointer, stack.pointer, rows: stack.rows, stack.columns / taskCount,
      upper: true)
  }

  /// The Gramian of what was added; the stacks had been multiplied by powers of two.
  func finish(into gramian: inout Gramian, exponents: [Int]) {
    for t in 0..<taskCount {
      for s in t..<taskCount {
        let sum =
          wholes[t * taskCount + s] + halves[t * taskCount + s] + halves[s * taskCount + t]
        // Rounding may leave the square of a vanishing gradient below zero.
        let value = t == s && sum < 0 ? 0 : sum * powerOfTwo(-exponents[t]) * powerOfTwo(-exponents[s])
        gramian[t, s] = value
        gramian[s, t] = value
      }
    }
  }

  /// The norms of what was added as squares.
  func finish(into norms: inout [Double], exponents: [Int]) {
    for task in 0..<taskCount {
      let square = wholes[task] + 2 * halves[task]
      norms[task] = square < 0 ? 0 : square.squareRoot() * powerOfTwo(-exponents[task])
    }
  }

  /// Whether the products with K need fewer multiplications than the weight gradients.
  private static func prefersKernel(samples: Int, _ layer: LayerShape, tasks: Int, _ sum: Sum) -> Bool {
    let (n, pairs) = (Double(samples), sum == .products ? Double(tasks) : 1)
    let (inputs, outputs) = (Double(layer.inputs), Double(layer.outputs) * Double(tasks))
    let kernel = (n + Double(kernelRows)) / 2 * n * (inputs + outputs) + n * outputs * pairs
    let gradients = n * outputs * inputs + outputs * inputs * pairs / 2
    return kernel < gradients
  }

  /// The outputs of a layer whose weight gradients, of all tasks, make a block.
  private static func blockOutputs(of layer: LayerShape, _ tasks: Int) -> Int {
    min(layer.outputs, max(1, blockElements / (tasks * layer.inputs)))
  }

  private func addByKernel(
    _ sum: Sum, _ layer: LayerShape, _ stack: MatrixView<Scalar>, _ input: MatrixView<Scalar>, withBias: Bool
  ) {
    for from in Swift.stride(from: 0, to: stack.rows, by: Self.kernelRows) {
      let rows = from..<min(from + Self.kernelRows, stack.rows)
      let rest = from..<stack.rows
      let kernel = self.kernel.matrix(rows: rows.count, columns: rest.count)
      kernel.setProduct(input.rows(rows), .asIs, input.rows(rest), .transposed)
      Scalar._halveDiagonalBlock(kernel.pointer, withBias ? 1 : 0, rows.count, rest.count)
      let product = block.matrix(rows: rows.count, columns: stack.columns)
      product.setProduct(kernel, .asIs, stack.rows(rest), .asIs)
      accumulate(
        sum, into: &halves, stack.rows(rows).pointer, product.pointer, rows: rows.count, layer.outputs,
        upper: false)
    }
  }

  private func addByWeightGradients(
    _ sum: Sum, _ layer: LayerShape, _ stack: MatrixView<Scalar>, _ input: MatrixView<Scalar>
  ) {
    let step = Self.blockOutputs(of: layer, taskCount)
    for from in Swift.stride(from: 0, to: layer.outputs, by: step) {
      let outputs = min(step, layer.outputs - from)
      let gradients = block.matrix(rows: taskCount * outputs, columns: layer.inputs)
      if outputs == layer.outputs {
        gradients.setProduct(stack, .transposed, input, .asIs)
      } else {
        for task in 0..<taskCount {
          let first = task * layer.outputs + from
          gradients.rows(task * outputs..<(task + 1) * outputs).setProduct(
            stack.columns(first..<first + outputs), .transposed, input, .asIs)
        }
      }
      accumulate(
        sum, into: &wholes, gradients.pointer, gradients.pointer, rows: 1, outputs * layer.inputs, upper: true
      )
    }
  }

  private func addBiases(_ sum: Sum, _ layer: LayerShape, _ stack: MatrixView<Scalar>) {
    Scalar._columnSums(biases.pointer, stack.pointer, stack.rows, stack.columns)
    accumulate(sum, into: &wholes, biases.pointer, biases.pointer, rows: 1, layer.outputs, upper: true)
  }

  private func accumulate(
    _ sum: Sum, into sums: inout [Double], _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, rows: Int,
    _ columns: Int, upper: Bool
  ) {
    switch sum {
    case .products: Scalar._gramian(&sums, a, b, rows, taskCount, columns, upper)
    case .squares: Scalar._diagonal(&sums, a, b, rows, taskCount, columns)
    }
  }
}
