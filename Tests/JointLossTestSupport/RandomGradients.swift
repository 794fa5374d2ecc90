package import JointLossLinearAlgebra
package import JointLossWeighting

extension PhiloxStream {
  /// A Jacobian of standard normal elements, its rows scaled by powers of ten drawn from a range.
  package mutating func jacobian(
    tasks: Int, parameters: Int, exponents: ClosedRange<Double> = 0...0
  ) -> [[Double]] {
    (0..<tasks).map { _ in
      var scale = 1.0
      let exponent = exponents.lowerBound + uniform() * (exponents.upperBound - exponents.lowerBound)
      for _ in 0..<Int(abs(exponent)) { scale *= exponent < 0 ? 0.1 : 10 }
      return (0..<parameters).map { _ in scale * normal() }
    }
  }

  /// A permutation of `0 ..< count`.
  package mutating func permutation(of count: Int) -> [Int] {
    var result = Array(0..<count)
    shuffle(&result)
    return result
  }

  /// For each task, the others in random order.
  package mutating func orders(tasks: Int) -> [[Int]] {
    (0..<tasks).map { task in
      var others = (0..<tasks).filter { $0 != task }
      shuffle(&others)
      return others
    }
  }
}

extension StepObservation {
  /// A step with a Jacobian, its Gramian and losses.
  package init(
    jacobian rows: [[Double]], losses: [Double] = [], orders: [[Int]]? = nil, normals: [Double]? = nil
  ) throws {
    self.init(losses: losses)
    let jacobian = try Jacobian(rows: rows)
    self.jacobian = jacobian
    gramian = jacobian.gramian
    draws = InjectedDraws(orders: orders, normals: normals)
  }
}
