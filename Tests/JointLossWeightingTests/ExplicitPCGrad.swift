/// PCGrad as the paper's Algorithm 1 states it, on vectors: the reference for the Gramian form.
enum ExplicitPCGrad {
  /// The sum of the projected gradients.
  ///
  /// - Parameters:
  ///   - jacobian: T rows, none of them 0 where another conflicts with it.
  ///   - orders: for each task, the others in the order it visits them.
  ///   - target: the task whose plane a visit to j projects onto: j, but for a deliberate fault.
  /// - Returns: the direction, one value a parameter.
  static func direction(
    jacobian: [[Double]], orders: [[Int]], projectsOnto target: (Int) -> Int = { $0 }
  ) -> [Double] {
    var sum = [Double](repeating: 0, count: jacobian.first?.count ?? 0)
    for (task, gradient) in jacobian.enumerated() {
      var projected = gradient
      for other in orders[task].map(target) {
        let normal = jacobian[other]
        let product = dot(projected, normal)
        if product < 0 {
          let factor = product / dot(normal, normal)
          for k in projected.indices { projected[k] -= factor * normal[k] }
        }
      }
      for k in sum.indices { sum[k] += projected[k] }
    }
    return sum
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) }
}
