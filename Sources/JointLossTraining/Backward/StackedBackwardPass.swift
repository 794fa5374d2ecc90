import JointLossLinearAlgebra
import JointLossWeighting

/// The backward pass of all tasks at once, on the shared parameters.
///
/// The T cotangents of a sample lie below one another: a stack is samples × (T · width) and, with the same
/// elements, (samples · T) × width. So the input gradients of a layer are one product of samples · T rows, its
/// T weight gradients are one product too, and the tasks of a sample share one row of the activation's mask.
final class StackedBackwardPass<Scalar: TrainableScalar> {
  private let forward: ForwardPass<Scalar>
  private let taskCount: Int
  /// For each trunk layer, the stack of the cotangents of its output.
  private let stacks: [Buffer<Scalar>]
  private let products: LayerGramian<Scalar>
  private lazy var rows = JacobianRows<Scalar>(
    layers: forward.layout.trunk.map(\.shape), tasks: taskCount)
  /// Present where it can gain.
  private let activeUnits: ActiveUnitProduct<Scalar>?
  /// For each task, the exponent of the power of two that its stack is multiplied by.
  private var exponents: [Int]
  private let factors: Buffer<Scalar>
  /// Whether the stacks of the batch are in place, masked.
  private(set) var isStacked = false

  init(_ forward: ForwardPass<Scalar>, scope: SharedScope) {
    self.forward = forward
    taskCount = forward.network.tasks.count
    let (tasks, top) = (taskCount, forward.network.trunk.count - 1)
    stacks = forward.network.trunk.enumerated().map { index, width in
      Buffer(rows: scope == .sharedParameters || index == top ? forward.capacity : 0, columns: tasks * width)
    }
    products = LayerGramian(
      layers: (scope == .sharedParameters ? forward.layout.trunk : [forward.layout.trunk[top]]).map(\.shape),
      tasks: tasks, capacity: forward.capacity)
    activeUnits =
      scope == .sharedParameters ? ActiveUnitProduct(forward.network, tasks: tasks) : nil
    exponents = [Int](repeating: 0, count: tasks)
    factors = Buffer(rows: 1, columns: tasks)
  }

  /// Forgets the stacks: another batch is run forward.
  func reset() { isStacked = false }

  /// The inner products of the task gradients over a scope.
  @specialized(where Scalar == Float)
  func gramian(into gramian: inout Gramian, scope: SharedScope) {
    sum(.products, scope: scope)
    products.finish(into: &gramian, exponents: exponents)
  }

  /// The norms of the task gradients over a scope.
  @specialized(where Scalar == Float)
  func norms(into norms: inout [Double], scope: SharedScope) {
    sum(.squares, scope: scope)
    products.finish(into: &norms, exponents: exponents)
  }

  /// The task gradients on all shared parameters; the trunk lies first among the parameters, so that a layer's
  /// offset is its column.
  @specialized(where Scalar == Float)
  func jacobian(into jacobian: inout Jacobian) {
    if !isStacked { stack() }
    for (index, layer) in forward.layout.trunk.enumerated() {
      rows.set(
        &jacobian, from: layer.weightOffset, layer: layer.shape, stack: stack(ofLayer: index),
        input: forward.input(ofLayer: index), exponents: exponents)
    }
  }

  /// The task gradients on the elements of the representation, and these.
  @specialized(where Scalar == Float)
  func jacobian(into jacobian: inout Jacobian, of representation: inout Representation) {
    stackHeads(isMasked: false)
    let top = stacks.count - 1
    JacobianRows.set(
      &jacobian, of: &representation, stack: stack(ofLayer: top), values: forward.input(ofLayer: top + 1),
      exponents: exponents)
  }

  /// Sums over all shared parameters, the last layer's weights, or its output; leaves the stacks of the layers
  /// that the scope reaches, masked.
  private func sum(_ sum: LayerGramian<Scalar>.Sum, scope: SharedScope) {
    let top = stacks.count - 1
    products.reset()
    stackHeads(isMasked: scope != .representation)
    switch scope {
    case .representation:
      products.add(sum, cotangents: stack(ofLayer: top))
      mask(layer: top)
    case .lastSharedLayer:
      add(sum, layer: top, withBias: false)
    case .sharedParameters:
      for index in stride(from: top, through: 0, by: -1) {
        add(sum, layer: index, withBias: true)
        descend(from: index)
      }
    }
    isStacked = true
  }

  /// The gradient of `Σ w_t L_t` on the shared parameters, from the stacks, which must be in place.
  ///
  /// Where the stacks end at the last layer, an ordinary backward pass goes on from there.
  @specialized(where Scalar == Float)
  func shared(weights: [Double], scope: SharedScope, into backward: BackwardPass<Scalar>) {
    for task in 0..<taskCount {
      factors.pointer[task] = Scalar(weights[task] * powerOfTwo(-exponents[task]))
    }
    for index in stride(from: stacks.count - 1, through: 0, by: -1) {
      let (layer, cotangent) = (forward.layout.trunk[index], backward.cotangent(ofLayer: index))
      Scalar._combine(
        cotangent.pointer, backward.gradient.bias(layer), stack(ofLayer: index).pointer, factors.pointer,
        cotangent.rows, taskCount, layer.outputs)
      guard scope == .sharedParameters else { return backward.descend(from: index) }
      backward.weightGradient(ofLayer: index, cotangent: cotangent)
    }
  }

  /// Forms the stacks of all layers, and sums nothing.
  private func stack() {
    stackHeads(isMasked: true)
    for index in stacks.indices.reversed() { descend(from: index) }
    isStacked = true
  }

  private func add(_ sum: LayerGramian<Scalar>.Sum, layer: Int, withBias: Bool) {
    products.add(
      sum, layer: forward.layout.trunk[layer].shape, stack: stack(ofLayer: layer),
      input: forward.input(ofLayer: layer), withBias: withBias)
  }

  /// samples × (T · width).
  private func stack(ofLayer layer: Int) -> MatrixView<Scalar> {
    stacks[layer].view.rows(0..<forward.batch.count)
  }

  /// The stack under the heads: each task's cotangents times its head's weights.
  private func stackHeads(isMasked: Bool) {
    for task in 0..<taskCount { exponents[task] = rangeExponent(ofEnergy: forward.energies[task]) }
    let (top, heads) = (stacks.count - 1, forward.layout.heads)
    let (stack, cotangents) = (stack(ofLayer: top), forward.cotangents)
    let (output, weights) = (forward.input(ofLayer: top + 1), forward.parameters.weight(heads))
    for task in 0..<taskCount { factors.pointer[task] = Scalar(powerOfTwo(exponents[task])) }
    if heads.outputs == taskCount {
      Scalar._outerMask(
        stack.pointer, cotangents.pointer, weights.pointer, factors.pointer, output.pointer, stack.rows,
        taskCount, heads.inputs, (isMasked ? forward.network.activation : .identity).kernel)
      return
    }
    for task in 0..<taskCount {
      let rows = forward.layout.headRows[task]
      stack.columns(task * heads.inputs..<(task + 1) * heads.inputs).setProduct(
        cotangents.columns(rows), .asIs, weights.rows(rows), .asIs, alpha: factors.pointer[task])
    }
    if isMasked { mask(layer: top) }
  }

  /// From the stack of a layer to the stack of the one below.
  private func descend(from index: Int) {
    guard index > 0 else { return }
    let (upper, lower) = (forward.layout.trunk[index], stack(ofLayer: index - 1))
    let weight = forward.parameters.weight(upper)
    if let activeUnits,
      activeUnits.set(
        lower, from: stack(ofLayer: index), weight: weight, output: forward.input(ofLayer: index + 1),
        input: forward.input(ofLayer: index))
    {
      return
    }
    let rows = lower.rows * taskCount
    lower.reshaped(rows: rows, columns: upper.inputs).setProduct(
      stack(ofLayer: index).reshaped(rows: rows, columns: upper.outputs), .asIs, weight, .asIs)
    mask(layer: index - 1)
  }

  private func mask(layer index: Int) {
    Scalar._mask(
      stack(ofLayer: index).pointer, forward.input(ofLayer: index + 1).pointer, forward.batch.count,
      taskCount,
      forward.layout.trunk[index].outputs, forward.network.activation.kernel)
  }
}
