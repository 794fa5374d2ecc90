import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import Testing

import JointLossWeighting

/// The solvers against independent methods and against each problem's own conditions.
@Suite struct SolverTests {
  /// Jacobians that are random, near-singular, rank-deficient, or of rows of very different length.
  static let jacobians: [[[Double]]] = {
    var stream = PhiloxStream(seed: 17, purpose: "test")
    var result: [[[Double]]] = [
      [[10, 1], [-10, 1], [3, 0.2]], [[-4, 1, 1], [6, 1, 1]], [[1, 0], [-0.5, 1]], [[1, 2], [1, 2]],
      [[1, 0, 0], [1, 1e-7, 0], [1, 0, 1e-7]], [[1, 1e-6], [-1, 1e-6]], [[1, 0], [0, 1], [1, 1]],
    ]
    for (tasks, parameters) in [(2, 3), (3, 2), (5, 8), (5, 3), (10, 12), (20, 24), (20, 6), (40, 60)] {
      result.append(stream.jacobian(tasks: tasks, parameters: parameters))
      result.append(stream.jacobian(tasks: tasks, parameters: parameters, exponents: -4...4))
    }
    return result
  }()

  private func gramian(_ rows: [[Double]]) throws -> Gramian { try Jacobian(rows: rows).gramian }

  private func product(_ gramian: Gramian, _ weights: [Double]) -> [Double] {
    (0..<gramian.taskCount).map { i in
      (0..<gramian.taskCount).map { gramian[i, $0] * weights[$0] }.reduce(0, +)
    }
  }

  private func square(_ gramian: Gramian, _ weights: [Double]) -> Double {
    zip(weights, product(gramian, weights)).map { $0 * $1 }.reduce(0, +)
  }

  private func weights(
    _ name: String, _ gramian: Gramian, _ parameters: [String: ParameterValue] = [:]
  ) throws -> TaskWeights {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: gramian.taskCount, parameters: parameters)
    var step = StepObservation(losses: [])
    step.gramian = gramian
    return try strategy.weights(observing: step)
  }

  // MARK: Min-norm point

  @Test(arguments: jacobians) func `The min-norm point satisfies its conditions`(rows: [[Double]]) throws {
    let gramian = try gramian(rows)
    let weights = try weights("mgda", gramian)
    let slopes = product(gramian, weights.values)
    let value = square(gramian, weights.values)
    #expect(abs(weights.values.reduce(0, +) - 1) <= 1e-12 && weights.values.allSatisfy { $0 >= 0 })
    for task in slopes.indices {
      let size = (0..<slopes.count).map { abs(gramian[task, $0]) * weights.values[$0] }.reduce(0, +)
      #expect(slopes[task] >= value - 1e-9 * size)
      if weights.values[task] > 0 { #expect(abs(slopes[task] - value) <= 1e-9 * size) }
    }
    #expect(try #require(weights.certificate).residual <= 1e-12)
  }

  @Test(arguments: jacobians)
  func `No point of Frank and Wolfe's is shorter than the min-norm point`(rows: [[Double]]) throws {
    let gramian = try gramian(rows)
    let tasks = gramian.taskCount
    let exact = square(gramian, try weights("mgda", gramian).values)
    // Exact line search from the uniform weights; converges like 1/k, so that only the loose side is compared.
    var point = [Double](repeating: 1 / Double(tasks), count: tasks)
    for _ in 0..<2000 {
      let slopes = product(gramian, point)
      let best = slopes.indices.min { slopes[$0] < slopes[$1] } ?? 0
      let (own, cross, other) = (square(gramian, point), slopes[best], gramian[best, best])
      let length = own - 2 * cross + other
      guard own > cross, length > 0 else { break }
      let step = min(max((own - cross) / length, 0), 1)
      for task in 0..<tasks { point[task] *= 1 - step }
      point[best] += step
    }
    let reached = square(gramian, point)
    let diagonal = (0..<tasks).map { gramian[$0, $0] }
    #expect(exact <= reached * (1 + 1e-9) + 1e-12 * (diagonal.min() ?? 0))
    // Their own guarantee after k steps: 2/(k + 2) of the curvature, at most four times the largest square.
    #expect(reached <= exact + 8 * (diagonal.max() ?? 0) / 2002, "the oracle is near")
  }

  @Test func `The point that stops 100 steps of Frank and Wolfe at .506 has norm .384`() throws {
    // ANCHORS §2.6; the weights as fractions there.
    let gramian = try gramian([[10, 1], [-10, 1], [3, 0.2]])
    let weights = try weights("mgda", gramian).values
    for (got, wanted) in zip(weights, [0, 0.228955, 0.771045]) { #expect(abs(got - wanted) <= 1e-6) }
    #expect(abs(square(gramian, weights).squareRoot() - 0.38389) <= 1e-5)
  }

  @Test func `The min-norm point of long gradients is found, however long`() throws {
    // A search that begins with a bound of 1e8 on the square, as elsewhere, ends without a point here.
    for scale in [1e4, 1e8, 1e60, 1e-60] {
      // Orthogonal: weights inverse to the squares 9 and 16.
      let orthogonal = try weights("mgda", gramian([[3 * scale, 0], [0, 4 * scale]]))
      for (got, wanted) in zip(orthogonal.values, [0.64, 0.36]) { #expect(abs(got - wanted) <= 1e-12) }
      let three = try weights(
        "mgda", gramian([[10, 1], [-10, 1], [3, 0.2]].map { $0.map { scale * $0 } }))
      for (got, wanted) in zip(three.values, [0, 0.228955, 0.771045]) { #expect(abs(got - wanted) <= 1e-6) }
      // The end of the search is counted, and proven.
      let certificate = try #require(three.certificate)
      #expect((1...20).contains(certificate.iterations) && certificate.residual <= 1e-12)
      #expect(try weights("mgda", gramian([[scale, scale]])).values == [1])
    }
  }

  // MARK: Dual cone

  @Test(arguments: jacobians) func `Projections on the dual cone satisfy their conditions`(rows: [[Double]])
    throws
  {
    let gramian = try gramian(rows)
    let tasks = gramian.taskCount
    let weights = try weights("dualproj", gramian).values
    let slopes = product(gramian, weights)
    for task in 0..<tasks {
      let size = (0..<tasks).map { abs(gramian[task, $0] * weights[$0]) }.reduce(0, +)
      #expect(weights[task] >= 1 / Double(tasks))
      #expect(slopes[task] >= -1e-9 * size)
      if weights[task] > 1 / Double(tasks) * (1 + 1e-12) { #expect(abs(slopes[task]) <= 1e-9 * size) }
    }
  }

  @Test(arguments: jacobians)
  func `UPGrad is the mean of single projections by projected gradient`(rows: [[Double]]) throws {
    let tasks = rows.count
    // Rows of one length and few of them: elsewhere this slow oracle does not arrive.
    guard tasks <= 10, let width = rows.first?.count, width > tasks else { return }
    let unit = rows.map { row in
      let norm = row.map { $0 * $0 }.reduce(0, +).squareRoot()
      return row.map { $0 / norm }
    }
    let gramian = try gramian(unit)
    var mean = [Double](repeating: 0, count: width)
    for task in 0..<tasks {
      var point = (0..<tasks).map { $0 == task ? 1.0 : 0 }
      for _ in 0..<20000 {
        let slopes = product(gramian, point)
        for other in 0..<tasks {
          point[other] = max(point[other] - slopes[other] / Double(tasks), other == task ? 1 : 0)
        }
      }
      for (other, row) in unit.enumerated() {
        for parameter in 0..<width { mean[parameter] += point[other] * row[parameter] / Double(tasks) }
      }
    }
    let weights = try weights("upgrad", gramian).values
    for parameter in 0..<width {
      let got = (0..<tasks).map { weights[$0] * unit[$0][parameter] }.reduce(0, +)
      #expect(abs(got - mean[parameter]) <= 1e-6)
    }
  }

  @Test func `Where rounding in Float has made the cosines indefinite, the certificate names the ridge`()
    throws
  {
    // Three unit vectors in a plane, 120° apart, with products off by a rounding of Float: an eigenvalue of −4e-8.
    var matrix = [Double](repeating: -0.500_000_02, count: 9)
    for t in 0..<3 { matrix[4 * t] = 1 }
    var solver = DualConeProjection()
    solver.load(order: 3, matrix)
    var vector = [1.0, 0, 0]
    let certificate = try solver.project(&vector)
    #expect(certificate.ridge > 0 && certificate.ridge <= 1e-6)
    #expect(certificate.residual <= SolverCertificate.tolerance)
    // The cone of three vectors that add up to nothing is the origin.
    let products = (0..<3).map { i in (0..<3).reduce(0) { $0 + matrix[3 * i + $1] * vector[$1] } }
    #expect(products.allSatisfy { abs($0) <= 1e-5 * (vector.max() ?? 0) })
  }

  @Test func `Projections keep to every scale that failed elsewhere`() throws {
    // ANCHORS §2.27: torchjd's test scales.
    let rows = [[-4.0, 1, 1], [6, 1, 1]]
    for scale in [0, 1e-10, 1e3, 1e5, 1e10, 1e15] {
      let gramian = try gramian(rows.map { $0.map { scale * $0 } })
      for name in ["upgrad", "dualproj"] {
        let weights = try weights(name, gramian).values
        let wanted = try scale == 0 ? [0.5, 0.5] : self.weights(name, self.gramian(rows)).values
        for (one, other) in zip(weights, wanted) { #expect(abs(one - other) <= 1e-12) }
      }
    }
  }

  // MARK: CAGrad

  @Test(arguments: jacobians, [0.1, 0.4, 0.9, 2])
  func `CAGrad's direction lies in its ball and no other point of it is better`(
    rows: [[Double]], c: Double
  ) throws {
    let gramian = try gramian(rows)
    let tasks = gramian.taskCount
    let mean = 1 / Double(tasks)
    let weights = try weights("cagrad", gramian, ["c": .number(c)])
    let change = weights.values.map { $0 - mean }
    let radius = c * square(gramian, [Double](repeating: mean, count: tasks)).squareRoot()
    let length = max(square(gramian, change), 0).squareRoot()
    let terms = (0..<tasks).map { task in
      (0..<tasks).map { abs(gramian[task, $0] * change[task] * change[$0]) }.reduce(0, +)
    }.reduce(0, +)
    #expect(length * length <= radius * radius + 1e-9 * (terms + radius * radius))
    // Weak duality: F(w) bounds the least gain from above, whatever w on the simplex; here w from d itself.
    let gains = product(gramian, weights.values)
    let least = gains.min() ?? 0
    let clipped = change.map { max($0, 0) }
    let total = clipped.reduce(0, +)
    guard total > 0, change.allSatisfy({ $0 >= -1e-12 * total }) else { return }
    let simplex = clipped.map { $0 / total }
    let toMean = product(gramian, [Double](repeating: mean, count: tasks))
    let dual =
      zip(simplex, toMean).map { $0 * $1 }.reduce(0, +)
      + radius * max(square(gramian, simplex), 0).squareRoot()
    // Of the terms, some of which cancel near a stationary point.
    let size = (0..<tasks).map { task in
      (0..<tasks).map { abs(gramian[task, $0]) * simplex[task] * (abs(weights.values[$0]) + mean) }.reduce(
        0, +)
    }.reduce(0, +)
    #expect(dual - least <= 1e-8 * size, "gap \(dual - least)")
  }

  @Test func `CAGrad does not depend on the scale, from 1e-12 to 1e12`() throws {
    // ANCHORS §3: elsewhere the weights become (.5, .5), or the direction 48 times too long. scipy 1.17's bounded
    // scalar minimiser on the dual of [[1,0],[-.5,1]], c = .5 gives w = (.617, .383).
    let rows = [[1.0, 0], [-0.5, 1]]
    let unit = try weights("cagrad", gramian(rows), ["c": .number(0.5)]).values
    let excess = unit.map { $0 - 0.5 }
    #expect(abs(excess[0] / (excess[0] + excess[1]) - 0.617) <= 5e-4)
    for exponent in stride(from: -12, through: 12, by: 3) {
      let scale = pow(10, exponent)
      let scaled = try weights("cagrad", gramian(rows.map { $0.map { scale * $0 } }), ["c": .number(0.5)])
      for (one, other) in zip(scaled.values, unit) { #expect(abs(one - other) <= 1e-9) }
    }
  }

  private func pow(_ base: Double, _ exponent: Int) -> Double {
    (0..<abs(exponent)).reduce(1.0) { value, _ in exponent < 0 ? value / base : value * base }
  }

  // MARK: Nash

  @Test(arguments: jacobians) func `Nash's equations hold, or the certificate has a ridge`(rows: [[Double]])
    throws
  {
    let gramian = try gramian(rows)
    let weights = try weights("nash-mtl", gramian)
    let certificate = try #require(weights.certificate)
    for (task, slope) in product(gramian, weights.values).enumerated() {
      let own = weights.values[task]
      let ridge = certificate.ridge * gramian[task, task] * own
      #expect(abs(own * (slope + ridge) - 1) <= 1e-8)
    }
    if certificate.ridge == 0 {
      #expect(abs(square(gramian, weights.values) - Double(rows.count)) <= 1e-7 * Double(rows.count))
    }
  }

  @Test func `Nash on Gramians where other code fails`() throws {
    // ANCHORS §2.1: not (1, 1).
    let first = try weights("nash-mtl", Gramian(rows: [[4, 2], [2, 2]]))
    for (got, wanted) in zip(first.values, [0.382683, 0.541196]) { #expect(abs(got - wanted) <= 1e-6) }
    // §2.2: no gradient at all, one task without, NaN.
    #expect(try weights("nash-mtl", Gramian(rows: [[0, 0], [0, 0]])).values == [1, 1])
    #expect(try weights("nash-mtl", Gramian(rows: [[0, 0], [0, 1]])).values == [1, 1])
    var poisoned = try Gramian(rows: [[1, 0], [0, 1]])
    poisoned[0, 0] = .nan
    let error = #expect(throws: WeightingError.self) { try weights("nash-mtl", poisoned) }
    #expect(error?.code == .nonFinite && error?.task == 0)
    // A Pareto-stationary point has no solution, and the certificate says so.
    let stationary = try weights("nash-mtl", gramian([[1, 0], [-1, 0]]))
    #expect(try #require(stationary.certificate).ridge > 0)
    #expect(stationary.values.allSatisfy { $0.isFinite && $0 > 0 })
  }

  @Test func `Updates every three steps change the weights at steps 0, 3 and 6 only`() throws {
    // ANCHORS §2.4.
    var stream = PhiloxStream(seed: 4, purpose: "test")
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "nash-mtl", taskCount: 3, parameters: ["update-every": .number(3)])
    var seen: [[Double]] = []
    for _ in 0..<7 {
      seen.append(
        try strategy.weights(observing: StepObservation(jacobian: stream.jacobian(tasks: 3, parameters: 5)))
          .values)
    }
    #expect((1..<7).filter { seen[$0] != seen[$0 - 1] } == [3, 6])
  }

  @Test func `UPGrad's torchjd matrix of rows 10^21 apart is solved in its small rows too`() throws {
    // All active sets in mpmath with 80 digits, H = G/tr(G) + 1e-4·I: v of row 2 is
    // (4.9995000499950005e-11, 9.9990000999900004e-32, 1), whose second entry is tiny and must not be left out.
    let gramian = try gramian([[2e10], [4e-11], [-1]])
    let parameters: [String: ParameterValue] = ["regularisation": .number(1e-4)]
    let weights = try weights("upgrad", gramian, parameters)
    #expect(try #require(weights.certificate).residual <= 1e-9)
    for (got, wanted) in zip(weights.values, [0.33333333334999833, 0.33333333333333333, 0.3333335]) {
      #expect(abs(got - wanted) <= 1e-15)
    }
    var projection = DualConeProjection()
    // The same matrix with a diagonal of 1.
    let (long, short) = (-5e-9 / (1 + 1e-4).squareRoot(), 2e-19 / (1 + 1e-4).squareRoot())
    projection.load(order: 3, [1, short, long, short, 1, -1e-27, long, -1e-27, 1])
    var vector = [0.0, 0, 1]
    #expect(try projection.project(&vector).residual <= 1e-9)
    #expect(vector[1] > 0)
  }

  // MARK: Pseudo-inverse and simplex

  @Test(arguments: jacobians) func `The pseudo-inverse satisfies A A⁺ A = A`(rows: [[Double]]) throws {
    let tasks = rows.count
    let gramian = try gramian(rows)
    var solver = PseudoInverse()
    _ = try solver.decompose(
      order: tasks, gramian.elements, rankTolerance: PseudoInverse.rounding(order: tasks))
    let largest = gramian.elements.map(abs).max() ?? 0
    for task in 0..<tasks {
      var column = (0..<tasks).map { gramian[$0, task] }
      solver.apply(to: &column)
      for (got, index) in zip(product(gramian, column), 0..<tasks) {
        #expect(abs(got - gramian[index, task]) <= 1e-9 * largest)
      }
    }
  }

  /// Norms of 2^−9, 2 and 2^12: in 60 digits the small eigenvalue is 1.0899e-5, of 1.468e7.
  @Test func `Gradients of very different norms keep their digits in any order`() throws {
    let unit = 0x1p-10
    let rows = [[1, 2, -1], [2048, 1024, -3072], [3 * unit, unit, 2 * unit]]
    let inverse = [-89.11273193359375, 0.0372682452201843262, 91660.8375]
    let root = [0.337247112677136065, 0.000075839699605827899, 302.608077057918045]
    var solver = PseudoInverse()
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let gramian = try gramian(order.map { rows[$0] })
      _ = try solver.decompose(
        order: 3, gramian.elements, rankTolerance: PseudoInverse.rounding(order: 3))
      for (power, exact) in [(-1.0, inverse), (-0.5, root)] {
        var vector = [1.0, 1, 1]
        solver.apply(to: &vector, power: power)
        for (got, task) in zip(vector, order) { #expect(abs(got - exact[task]) <= 1e-13 * exact[2]) }
      }
    }
  }

  @Test func `The simplex projection is idempotent and nearest`() {
    var stream = PhiloxStream(seed: 8, purpose: "test")
    var projection = SimplexProjection()
    for count in [1, 2, 5, 50] {
      for scale in [1e-3, 1, 1e6] {
        let vector = (0..<count).map { _ in scale * stream.normal() }
        var point = vector
        projection.project(&point)
        #expect(abs(point.reduce(0, +) - 1) <= 1e-9 && point.allSatisfy { $0 >= 0 })
        var again = point
        projection.project(&again)
        #expect(zip(again, point).allSatisfy { abs($0 - $1) <= 1e-12 })
        // (v − w)·(u − w) ≤ 0 for every vertex u of the simplex characterises the nearest point w.
        let inner = zip(vector, point).map { ($0 - $1) * $1 }.reduce(0, +)
        for (value, own) in zip(vector, point) { #expect(value - own - inner <= 1e-9 * max(1, scale)) }
      }
    }
    var equal = [3.0, 3, 3, 3]
    projection.project(&equal)
    #expect(equal == [0.25, 0.25, 0.25, 0.25])
  }

  @Test func `The simplex projection of some values is that of those alone`() {
    var stream = PhiloxStream(seed: 9, purpose: "test")
    var projection = SimplexProjection()
    for count in [1, 2, 5, 50] {
      for scale in [1e-3, 1, 1e6] {
        let part = (0..<count).map { _ in scale * stream.normal() }
        // Between them values that would be the largest, and the smallest.
        var mixed = part.flatMap { [1e9, $0, -1e9] }
        var alone = part
        projection.project(&mixed, present: part.flatMap { _ in [false, true, false] })
        projection.project(&alone)
        #expect(mixed == alone.flatMap { [0, $0, 0] })
      }
    }
  }

  // MARK: The certificate

  /// Of three tasks each opposed to the others: the cosines have the eigenvalue −1, so that no gradients have them,
  /// and the equations and projections have no solution.
  @Test(arguments: ["nash-mtl", "fairgrad", "upgrad", "dualproj"])
  func `A solver that finds no solution throws, and there are no weights`(name: String) throws {
    var impossible = Gramian(taskCount: 3)
    for i in 0..<3 {
      for j in 0..<3 { impossible[i, j] = i == j ? 1 : -1 }
    }
    let error = #expect(throws: WeightingError.self) { try weights(name, impossible) }
    #expect(error?.code == .solver)
    #expect(error?.description.contains("stopped after") ?? false)
  }

  @Test func `A residual beyond the tolerance is an error, and so is NaN`() throws {
    for residual in [1.1e-9, .nan, .infinity] {
      let error = #expect(throws: WeightingError.self) {
        try SolverCertificate(iterations: 3, residual: residual).checked("a solver")
      }
      #expect(error?.code == .solver)
    }
    #expect(try SolverCertificate(iterations: 3, residual: 1e-9).checked("a solver").iterations == 3)
  }
}
