import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

@Suite struct PCGradTests {
  private func weights(
    _ rows: [[Double]], orders: [[Int]]? = nil, parameters: [String: ParameterValue] = [:]
  ) throws -> [Double] {
    var rule = try Weigher<PCGrad>(taskCount: rows.count, parameters: parameters)
    return try rule.weights(observing: StepObservation(jacobian: rows, orders: orders)).values
  }

  private func direction(
    _ rows: [[Double]], orders: [[Int]]? = nil, parameters: [String: ParameterValue] = [:]
  ) throws -> [Double] {
    try Jacobian(rows: rows).direction(weights: weights(rows, orders: orders, parameters: parameters))
  }

  private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }

  @Test(arguments: 2...7) func `The Gramian form is Algorithm 1 on vectors`(tasks: Int) throws {
    var stream = PhiloxStream(seed: UInt64(tasks), purpose: "test")
    for parameters in 1...8 {
      for _ in 0..<20 {
        let rows = stream.jacobian(tasks: tasks, parameters: parameters)
        let orders = stream.orders(tasks: tasks)
        let expected = ExplicitPCGrad.direction(jacobian: rows, orders: orders)
        let difference = largestDifference(try direction(rows, orders: orders), expected)
        #expect(difference <= 1e-11, "\(rows), \(orders)")
      }
    }
  }

  @Test func `A PCGrad that projects onto the wrong task's plane is told apart`() throws {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    let found = try (0..<20).count { _ in
      let rows = stream.jacobian(tasks: 3, parameters: 3)
      let orders = stream.orders(tasks: 3)
      let broken = ExplicitPCGrad.direction(jacobian: rows, orders: orders) { ($0 + 1) % 3 }
      return largestDifference(try direction(rows, orders: orders), broken) > 1e-6
    }
    #expect(found >= 15)
  }

  @Test func `Two tasks have the closed form, whatever the order`() throws {
    var stream = PhiloxStream(seed: 2, purpose: "test")
    for _ in 0..<200 {
      let rows = stream.jacobian(tasks: 2, parameters: 3, exponents: -5...5)
      let g = try Jacobian(rows: rows).gramian
      let expected = g[0, 1] < 0 ? [1 - g[0, 1] / g[0, 0], 1 - g[0, 1] / g[1, 1]] : [1, 1]
      for (got, wanted) in zip(try weights(rows), expected) { #expect(abs(got - wanted) <= 1e-12 * wanted) }
      // d·g_1 = ‖g_1‖² − (g_1·g_2)²/‖g_2‖² ≥ 0: no conflict is left.
      let d = try direction(rows)
      for task in 0...1 {
        let slack = 1e-12 * g.norm(of: task) * ExplicitPCGrad.dot(d, d).squareRoot()
        #expect(ExplicitPCGrad.dot(d, rows[task]) >= -slack)
      }
    }
  }

  // Pytorch-PCGrad, issue 14: the mean was always taken.
  @Test func `Projections are summed, not averaged`() throws {
    #expect(try direction([[1, 0], [0, 1]]) == [1, 1])
  }

  @Test func `Projections are averaged by choice`() throws {
    // Pytorch-PCGrad's answer in issue 14.
    #expect(try direction([[1, 0], [0, 1]], parameters: ["reduction": .text("mean")]) == [0.5, 0.5])
    // (100, 650, 650)/171, halved.
    let half = try direction([[-4, 1, 1], [6, 1, 1]], parameters: ["reduction": .text("mean")])
    #expect(largestDifference(half, [50.0 / 171, 325.0 / 171, 325.0 / 171]) <= 1e-14)
  }

  // The matrix of torchjd's own tests; the direction is exact: (100, 650, 650)/171.
  @Test func `The direction for torchjd's test matrix`() throws {
    let expected = [100.0 / 171, 650.0 / 171, 650.0 / 171]
    #expect(largestDifference(try direction([[-4, 1, 1], [6, 1, 1]]), expected) <= 1e-14)
  }

  @Test func `A task does not visit itself, but in the variant of LibMTL`() throws {
    // ANCHORS §3, reproduced in numpy: the order 0, 2, 1 with and without a task's own gradient in the loop.
    let rows = [[0.2, -0.2], [-0.1, 0.2], [-0.1, -0.2]]
    let others = try direction(rows, orders: [[2, 1], [0, 2], [0, 1]])
    #expect(largestDifference(others, [-0.06, -0.05]) <= 1e-15)
    let all = try direction(
      rows, orders: [[Int]](repeating: [0, 2, 1], count: 3), parameters: ["visits": .text("all")])
    #expect(largestDifference(all, [-0.068, -0.034]) <= 1e-15)
    // In the order of the index, from the strategy itself.
    let ascending = try direction(rows, parameters: ["visits": .text("all"), "order": .text("ascending")])
    let expected = ExplicitPCGrad.direction(
      jacobian: rows, orders: [[Int]](repeating: [0, 1, 2], count: 3))
    #expect(largestDifference(ascending, expected) <= 1e-15)
  }

  @Test(arguments: 2...7) func `With visits to itself, too, the Gramian form is that on vectors`(
    tasks: Int
  ) throws {
    var stream = PhiloxStream(seed: 40 + UInt64(tasks), purpose: "test")
    var felt = 0
    for _ in 0..<200 {
      let rows = stream.jacobian(tasks: tasks, parameters: 3)
      let orders = stream.orders(tasks: tasks).enumerated().map { task, others in
        var all = others + [task]
        stream.shuffle(&all)
        return all
      }
      let expected = ExplicitPCGrad.direction(jacobian: rows, orders: orders)
      let got = try direction(rows, orders: orders, parameters: ["visits": .text("all")])
      #expect(largestDifference(got, expected) <= 1e-10, "\(rows), \(orders)")
      let others = orders.enumerated().map { task, order in order.filter { $0 != task } }
      if largestDifference(try direction(rows, orders: others), expected) > 1e-6 { felt += 1 }
    }
    // Two tasks have nothing to gain: one projection leaves no conflict with oneself.
    #expect(tasks == 2 ? felt == 0 : felt > 0)
  }

  @Test func `Without conflict all weights are exactly one`() throws {
    #expect(try weights([[1, 0.5], [1, 0], [0.5, 1]]) == [1, 1, 1])
    #expect(try weights([[2, 0, 0], [0, 3, 0], [0, 0, 1e-7]]) == [1, 1, 1])
    #expect(try weights([[0.1, 0.2], [0.1, 0.2], [0.1, 0.2]]) == [1, 1, 1])
    #expect(try weights([[-3, 4]]) == [1])
  }

  @Test func `Exactly opposed gradients cancel, and a zero gradient is left alone`() throws {
    #expect(largestDifference(try direction([[1, 2], [-3, -6]]), [0, 0]) <= 1e-15)
    let rows: [[Double]] = [[1, 0], [-1, 1], [0, 0]]
    let expected = try weights([[1, 0], [-1, 1]])
    #expect(try weights(rows) == expected + [1])
    #expect(try weights([[0, 0], [0, 0]]) == [1, 1])
  }

  @Test(arguments: [1e-15, 1e-10, 1e5, 1e10, 1e100])
  func `The weights do not depend on the scale of all gradients`(scale: Double) throws {
    var stream = PhiloxStream(seed: 3, purpose: "test")
    for _ in 0..<20 {
      let rows = stream.jacobian(tasks: 4, parameters: 3)
      let orders = stream.orders(tasks: 4)
      let scaled = rows.map { $0.map { scale * $0 } }
      let expected = try weights(rows, orders: orders)
      let difference = largestDifference(try weights(scaled, orders: orders), expected)
      #expect(difference <= 1e-10 * (expected.max() ?? 1))
    }
  }

  @Test func `The direction is affine in the scale of one gradient`() throws {
    var stream = PhiloxStream(seed: 4, purpose: "test")
    for task in 0..<4 {
      let rows = stream.jacobian(tasks: 4, parameters: 5)
      let orders = stream.orders(tasks: 4)
      func scaled(by factor: Double) throws -> [Double] {
        var scaled = rows
        scaled[task] = rows[task].map { factor * $0 }
        return try direction(scaled, orders: orders)
      }
      let (one, two, thousand) = (try scaled(by: 1), try scaled(by: 2), try scaled(by: 1001))
      for k in one.indices { #expect(abs(thousand[k] - one[k] - 1000 * (two[k] - one[k])) <= 1e-9) }
    }
  }

  @Test func `Rows ten orders of magnitude apart are projected as exactly as equal ones`() throws {
    var stream = PhiloxStream(seed: 5, purpose: "test")
    for _ in 0..<50 {
      let rows = stream.jacobian(tasks: 4, parameters: 4, exponents: -5...5)
      let orders = stream.orders(tasks: 4)
      let expected = ExplicitPCGrad.direction(jacobian: rows, orders: orders)
      let scale = expected.map(abs).max() ?? 1
      #expect(largestDifference(try direction(rows, orders: orders), expected) <= 1e-10 * scale)
    }
  }

  @Test func `A task draws a fresh order in each step, from the stream of the step`() throws {
    // With these gradients every one of the eight combinations of orders gives weights of its own.
    let rows = [[1, 0, 0.1], [-0.5, 0.8, 0], [-0.5, -0.7, 0.3]]
    let pairs = [[[1, 2], [2, 1]], [[0, 2], [2, 0]], [[0, 1], [1, 0]]]
    var expected: Set<[Double]> = []
    for a in pairs[0] {
      for b in pairs[1] { for c in pairs[2] { expected.insert(try weights(rows, orders: [a, b, c])) } }
    }
    try #require(expected.count == 8)
    func drawn(seed: UInt64, order: String) throws -> [[Double]] {
      var rule = try Weigher<PCGrad>(taskCount: 3, parameters: ["order": .text(order)], seed: seed)
      var step = try StepObservation(jacobian: rows)
      return try (0..<200).map { index in
        step.step = index
        return try rule.weights(observing: step).values
      }
    }
    #expect(Set(try drawn(seed: 1, order: "random")) == expected)
    #expect(try drawn(seed: 1, order: "random") == drawn(seed: 1, order: "random"))
    #expect(try drawn(seed: 1, order: "random") != drawn(seed: 2, order: "random"))
    #expect(
      Set(try drawn(seed: 1, order: "ascending")) == [try weights(rows, orders: [[1, 2], [0, 2], [0, 1]])])
    // One order for all tasks: the six permutations of three, of which the eight combinations hold six.
    let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let shared = try permutations.map { order in
      try weights(rows, orders: (0..<3).map { task in order.filter { $0 != task } })
    }
    try #require(Set(shared).count == 6)
    #expect(Set(try drawn(seed: 1, order: "shared")) == Set(shared))
    #expect(try drawn(seed: 1, order: "shared") != drawn(seed: 2, order: "shared"))
  }

  @Test(arguments: [
    [[1], [0]], [[1, 2], [0, 2], [0, 2]], [[1, 2], [0, 2], [0, 3]], [[1, 1], [0, 2], [0, 1]], [],
  ])
  func `Injected orders that are no permutations of the other tasks are refused`(orders: [[Int]]) throws {
    let error = #expect(throws: WeightingError.self) {
      try weights([[1, 0], [0, 1], [1, 1]], orders: orders)
    }
    #expect(error?.code == .shape)
  }

  @Test(arguments: [[[0, 1], [1]], [[1], [0]], [[0, 1], [1, 1]]])
  func `A task that visits itself needs an order with itself in it`(orders: [[Int]]) throws {
    let error = #expect(throws: WeightingError.self) {
      try weights([[1, 0], [0, 1]], orders: orders, parameters: ["visits": .text("all")])
    }
    #expect(error?.code == .shape)
  }

  @Test func `LibMTL's epsilon shortens the projection of small gradients`() throws {
    // g_11 = g_22 = 1e-8: the factor is 1/(1 + 1), so each weight is 1 + ½·0.6.
    let rows = [[1e-4, 0], [-0.6e-4, 0.8e-4]]
    let got = try weights(rows, parameters: ["epsilon": .number(1e-8)])
    #expect(largestDifference(got, [1.3, 1.3]) <= 1e-12)
  }
}
