import JointLossLinearAlgebra
import JointLossWeighting

/// Forms the task gradients of dense layers from their stacks, as rows of a Jacobian.
///
/// A layer's T weight gradients are one product where they fit into the cache; larger ones are formed task by task,
/// in blocks of outputs that do. From there they go to the rows in `Double`.
final class JacobianRows<Scalar: TrainableScalar> {
  /// Elements of a block of weight gradients.
  private static var blockElements: Int { LayerGramian<Scalar>.blockElements }

  private let taskCount: Int
  private let block: Buffer<Scalar>

  init(layers: [LayerShape], tasks: Int) {
    taskCount = tasks
    block = Buffer(
      rows: 1,
      columns: layers.map { max(Self.blockElements, $0.inputs, tasks * $0.outputs) }.max() ?? 0)
  }

  /// Sets a Jacobian on the elements of a representation, and these; zeros where there are fewer samples than rows.
  ///
  /// Each task's stack (of samples × T · units) had been multiplied by a power of two.
  static func set(
    _ jacobian: inout Jacobian, of representation: inout Representation, stack: MatrixView<Scalar>,
    values: MatrixView<Scalar>, exponents: [Int]
  ) {
    let (units, count, taskCount) = (values.columns, jacobian.parameterCount, jacobian.taskCount)
    for task in 0..<taskCount {
      let (row, factor) = (task * count, powerOfTwo(-exponents[task]))
      for sample in 0..<values.rows {
        for unit in 0..<units {
          jacobian.elements[row + sample * units + unit] =
            Double(stack[sample, task * units + unit]) * factor
        }
      }
      for index in values.rows * units..<count { jacobian.elements[row + index] = 0 }
    }
    for sample in 0..<values.rows {
      for unit in 0..<units {
        representation.elements[sample * units + unit] = Double(values[sample, unit])
      }
    }
    for index in values.rows * units..<count { representation.elements[index] = 0 }
  }

  /// Sets the columns of a layer's weights and biases, which follow one another.
  ///
  /// Each task's stack (of samples × T · outputs) had been multiplied by a power of two.
  func set(
    _ jacobian: inout Jacobian, from column: Int, layer: LayerShape, stack: MatrixView<Scalar>,
    input: MatrixView<Scalar>, exponents: [Int]
  ) {
    let (inputs, outputs, count) = (layer.inputs, layer.outputs, jacobian.parameterCount)
    jacobian.elements.withUnsafeMutableBufferPointer { elements in
      guard let rows = elements.baseAddress else { return }
      func copy(_ values: UnsafePointer<Scalar>, _ number: Int, to task: Int, _ first: Int) {
        let (row, factor) = (rows + task * count + column + first, powerOfTwo(-exponents[task]))
        for index in 0..<number { row[index] = Double(values[index]) * factor }
      }
      if taskCount * outputs * inputs <= Self.blockElements {
        let gradients = block.matrix(rows: taskCount * outputs, columns: inputs)
        gradients.setProduct(stack, .transposed, input, .asIs)
        for task in 0..<taskCount {
          copy(gradients.pointer + task * outputs * inputs, outputs * inputs, to: task, 0)
        }
      } else {
        let step = max(1, Self.blockElements / inputs)
        for task in 0..<taskCount {
          for from in Swift.stride(from: 0, to: outputs, by: step) {
            let part = from..<min(from + step, outputs)
            let gradients = block.matrix(rows: part.count, columns: inputs)
            gradients.setProduct(
              stack.columns(task * outputs + part.lowerBound..<task * outputs + part.upperBound), .transposed,
              input, .asIs)
            copy(gradients.pointer, gradients.count, to: task, from * inputs)
          }
        }
      }
      Scalar._columnSums(block.pointer, stack.pointer, stack.rows, stack.columns)
      for task in 0..<taskCount {
        copy(block.pointer + task * outputs, outputs, to: task, outputs * inputs)
      }
    }
  }
}
