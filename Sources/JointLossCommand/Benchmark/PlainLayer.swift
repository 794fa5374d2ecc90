import Foundation
import JointLossLinearAlgebra

/// A dense layer of the ``PlainReference``, without its activation.
struct PlainLayer {
  /// outputs × inputs.
  let weight: PlainTensor
  /// 1 × outputs.
  let bias: PlainTensor

  init(_ name: String, of parameters: [String: [Double]], inputs: Int, outputs: Int) {
    weight = PlainTensor(rows: outputs, columns: inputs, elements: parameters[name + ".weight"] ?? [])
    bias = PlainTensor(rows: 1, columns: outputs, elements: parameters[name + ".bias"] ?? [])
  }

  /// The sums of a batch: samples × outputs.
  func output(of inputs: MatrixBox<Double>) -> MatrixBox<Double> {
    let result = MatrixBox<Double>(rows: inputs.view.rows, columns: weight.values.view.rows)
    result.view.setProduct(inputs.view, .asIs, weight.values.view, .transposed)
    for row in 0..<result.view.rows {
      for column in 0..<result.view.columns { result.view[row, column] += bias.values.view[0, column] }
    }
    return result
  }

  /// The gradient by the inputs, from that by the sums.
  func inputCotangent(of cotangent: MatrixBox<Double>) -> MatrixBox<Double> {
    let result = MatrixBox<Double>(rows: cotangent.view.rows, columns: weight.values.view.columns)
    result.view.setProduct(cotangent.view, .asIs, weight.values.view, .asIs)
    return result
  }

  func moveByAdam(step: Int) {
    weight.moveByAdam(step: step)
    bias.moveByAdam(step: step)
  }

  func clearGradient() {
    weight.gradient.view.fill(0)
    bias.gradient.view.fill(0)
  }

  /// Adds to the gradient that of one task, from its gradient by the sums.
  func addGradient(of cotangent: MatrixBox<Double>, inputs: MatrixBox<Double>, times factor: Double) {
    weight.gradient.view.setProduct(
      cotangent.view, .transposed, inputs.view, .asIs, alpha: factor, beta: 1)
    for sample in 0..<cotangent.view.rows {
      for unit in 0..<cotangent.view.columns {
        bias.gradient.view[0, unit] += factor * cotangent.view[sample, unit]
      }
    }
  }
}

/// Parameters, their gradient and Adam's moments.
struct PlainTensor {
  let values: MatrixBox<Double>
  let gradient: MatrixBox<Double>
  private let first: MatrixBox<Double>
  private let second: MatrixBox<Double>

  init(rows: Int, columns: Int, elements: [Double]) {
    values = MatrixBox(rows: rows, columns: columns, elements: elements)
    gradient = MatrixBox(rows: rows, columns: columns)
    first = MatrixBox(rows: rows, columns: columns)
    second = MatrixBox(rows: rows, columns: columns)
  }

  /// A step of Adam.
  ///
  /// D. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, Algorithm 1.
  func moveByAdam(step: Int) {
    let (rate, beta1, beta2, epsilon) = (Workload.learningRate, 0.9, 0.999, 1e-8)
    let (bias1, bias2) = (1 - pow(beta1, Double(step)), 1 - pow(beta2, Double(step)))
    for row in 0..<values.view.rows {
      for column in 0..<values.view.columns {
        let slope = gradient.view[row, column]
        let mean = beta1 * first.view[row, column] + (1 - beta1) * slope
        let square = beta2 * second.view[row, column] + (1 - beta2) * slope * slope
        first.view[row, column] = mean
        second.view[row, column] = square
        values.view[row, column] -= rate * (mean / bias1) / ((square / bias2).squareRoot() + epsilon)
      }
    }
  }
}
