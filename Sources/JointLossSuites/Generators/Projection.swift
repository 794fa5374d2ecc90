import JointLossLinearAlgebra

/// Products of samples with directions, by gemm.
enum Projection {
  /// The inner products of every sample with every direction.
  ///
  /// - Parameters:
  ///   - inputs: samples × d values, row by row.
  ///   - directions: k rows of d values.
  /// - Returns: samples × k values, row by row.
  static func values(_ inputs: [Double], onto directions: [[Double]]) -> [Double] {
    guard let dimensions = directions.first?.count, dimensions > 0 else { return [] }
    let samples = Matrix(rows: inputs.count / dimensions, columns: dimensions, elements: inputs)
    let rows = Matrix(rows: directions.count, columns: dimensions, elements: directions.flatMap { $0 })
    let products = Matrix<Double>(rows: samples.rows, columns: directions.count)
    products.view.setProduct(samples.view, .asIs, rows.view, .transposed)
    return products.elements
  }
}
