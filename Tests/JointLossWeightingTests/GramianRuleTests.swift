import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// The rules on the Gramian against closed forms and the numbers of ANCHORS §2 and §3.
@Suite struct GramianRuleTests {
  private static let rows: [[Double]] = [[-4, 1, 1], [6, 1, 1]]

  private func answer(
    _ name: String, _ rows: [[Double]], _ parameters: [String: ParameterValue] = [:]
  ) throws -> (weights: [Double], direction: [Double]) {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: rows.count, parameters: parameters)
    let step = try StepObservation(jacobian: rows, losses: rows.map { _ in 1 })
    let weights = try strategy.weights(observing: step).values
    return (weights, try #require(step.jacobian).direction(weights: weights))
  }

  private func expect(
    _ got: [Double], _ wanted: [Double], _ tolerance: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      got.count == wanted.count && zip(got, wanted).allSatisfy { abs($0 - $1) <= tolerance },
      "\(got), not \(wanted)", sourceLocation: sourceLocation)
  }

  /// Directions on J = [[-4,1,1],[6,1,1]], six digits, computed exactly (ANCHORS §2).
  private static let directions: [(String, [String: ParameterValue], [Double])] = [
    ("mgda", [:], [0, 1, 1]),
    ("pcgrad", [:], [0.584795, 3.801170, 3.801170]),
    ("upgrad", [:], [0.292398, 1.900585, 1.900585]),
    ("dualproj", [:], [0.555556, 1.111111, 1.111111]),
    ("imtl-g", [:], [0.076697, 1, 1]),
    ("nash-mtl", [:], [0.076584, 0.998533, 0.998533]),
    ("aligned-mtl", ["preferences": .numbers([0.5, 0.5])], [0.213279, 0.967333, 0.967333]),
    ("aligned-mtl", [:], [0.426558, 1.934666, 1.934666]),
    ("cagrad", ["c": .number(0.5)], [0.183503, 1.204124, 1.204124]),
    ("cagrad", ["c": .number(0.5), "rescale": .number(1)], [0.146803, 0.963299, 0.963299]),
    ("cagrad", ["c": .number(0.5), "rescale": .number(2)], [0.122336, 0.802749, 0.802749]),
    // g_v = g_1: λ = ½ √3/√18 = √6/12, and d = (1 − 4λ, 1 + λ, 1 + λ) over 1 + λ.
    ("cagrad", ["c": .number(0.5), "rescale": .number(3)], [0.152396, 1, 1]),
    ("config", [:], [0.158809, 2.070607, 2.070607]),
  ]

  @Test(arguments: directions.indices) func `Directions on the shared test matrix`(index: Int) throws {
    let (name, parameters, direction) = Self.directions[index]
    expect(try answer(name, Self.rows, parameters).direction, direction, 1.5e-6)
  }

  @Test func `Weights on the shared test matrix`() throws {
    expect(try answer("mgda", Self.rows).weights, [0.6, 0.4])
    expect(try answer("imtl-g", Self.rows).weights, [0.592330, 0.407670])
    expect(try answer("nash-mtl", Self.rows).weights, [0.591461, 0.407071])
    expect(try answer("fairgrad", Self.rows).weights, [0.471363, 0.319454])
  }

  @Test func `Two tasks have the closed forms`() throws {
    var stream = PhiloxStream(seed: 2, purpose: "test")
    for _ in 0..<20 {
      let rows = stream.jacobian(tasks: 2, parameters: 3, exponents: -2...2)
      let gramian = try Jacobian(rows: rows).gramian
      let (first, second) = (gramian.norm(of: 0), gramian.norm(of: 1))
      let cosine = gramian[0, 1] / first / second
      let root = (1 + cosine).squareRoot()
      let nash = try answer("nash-mtl", rows).weights
      expect([nash[0] * first * root, nash[1] * second * root], [1, 1], 1e-9)
      expect(try answer("imtl-g", rows).weights, [second, first].map { $0 / (first + second) }, 1e-9)
      let share = (gramian[1, 1] - gramian[0, 1]) / (gramian[0, 0] + gramian[1, 1] - 2 * gramian[0, 1])
      expect(try answer("mgda", rows).weights, [min(max(share, 0), 1), 1 - min(max(share, 0), 1)], 1e-9)
      let pcgrad = try answer("pcgrad", rows).weights
      expect(
        try answer("upgrad", rows).weights.map { 2 * $0 / pcgrad[0] }, pcgrad.map { $0 / pcgrad[0] }, 1e-9)
      let unit = try answer("unit-gradient", rows).weights
      expect([unit[0] * first, unit[1] * second], [1, 1], 1e-12)
    }
  }

  @Test func `IMTL-G on dependent gradients: the paper's equations, and torchjd's`() throws {
    let inverse: [String: ParameterValue] = ["dependent": .text("pseudo-inverse")]
    // ANCHORS §3: LibMTL's closed form, then torchjd's pseudo-inverse.
    expect(try answer("imtl-g", [[1, 0], [-2, 0]]).weights, [0.666667, 0.333333])
    expect(try answer("imtl-g", [[1, 0], [-2, 0]], inverse).weights, [-1, 2])
    expect(try answer("imtl-g", [[1, 0], [0, 1], [1, 1]]).weights, [1, 1, -1])
    expect(try answer("imtl-g", [[1, 0], [0, 1], [1, 1]], inverse).weights, [0.25, 0.25, 0.5])
    // Where the closed form has a singular matrix, and where it is NaN.
    expect(try answer("imtl-g", [[1, 0], [1, 0]]).weights, [0.5, 0.5])
    expect(try answer("imtl-g", [[1, 0], [0, 0]]).weights, [1, 0])
    // Two opposed gradients alone have a combination of 0, however short the third is.
    expect(try answer("imtl-g", [[0, 1e-6], [0.8, -2], [-0.8, 2]]).weights, [0, 0.5, 0.5])
    expect(try answer("imtl-g", [[-0.8, 2], [0.8, -2], [0, 1e-6]]).weights, [0.5, 0.5, 0])
  }

  @Test func `IMTL-G's sign: every task ascends in the paper's rule, none after the turn`() throws {
    var stream = PhiloxStream(seed: 12, purpose: "test")
    var turned = 0
    for _ in 0..<200 {
      let rows = stream.jacobian(tasks: 3, parameters: 3, exponents: -1...1)
      let paper = try answer("imtl-g", rows)
      let descent = try answer("imtl-g", rows, ["sign": .text("descent")])
      func gains(_ direction: [Double]) -> [Double] {
        rows.map { zip($0, direction).map { $0 * $1 }.reduce(0, +) }
      }
      #expect(gains(descent.direction).allSatisfy { $0 > 0 })
      guard gains(paper.direction).allSatisfy({ $0 < 0 }) else { continue }
      turned += 1
      expect(descent.weights, paper.weights.map { -$0 }, 1e-9)
    }
    #expect(turned > 0)
  }

  @Test func `Aligned gradients are orthogonal and equally long`() throws {
    // ANCHORS §3: [[3,0],[0,1]], sum convention.
    expect(try answer("aligned-mtl", [[3, 0], [0, 1]]).weights, [0.333333, 1])
    expect(
      try answer("aligned-mtl", [[3, 0], [0, 1]], ["scale": .text("rmse")]).weights, [0.745356, 2.236068])
    // §2.18: no gradient at all.
    expect(try answer("aligned-mtl", [[0, 0], [0, 0]]).weights, [1, 1])
    // Identical gradients: rank 1, w = 1.
    expect(try answer("aligned-mtl", [[1, 2], [1, 2]]).weights, [1, 1])
  }

  @Test func `ConFIG has equal cosines, and nothing for opposed gradients`() throws {
    var stream = PhiloxStream(seed: 3, purpose: "test")
    let rows = stream.jacobian(tasks: 4, parameters: 6, exponents: -2...2)
    let direction = try answer("config", rows).direction
    let cosines = rows.map { row in
      zip(row, direction).map { $0 * $1 }.reduce(0, +) / row.map { $0 * $0 }.reduce(0, +).squareRoot()
    }
    for cosine in cosines { #expect(cosine > 0 && abs(cosine / cosines[0] - 1) <= 1e-9) }
    expect(try answer("config", [[1, 0], [-1, 0]]).direction, [0, 0], 1e-12)
  }

  @Test func `A task without gradient stops MGDA in the paper's form only`() throws {
    let rows: [[Double]] = [[0, 0], [1, 0], [0, 1]]
    expect(try answer("mgda", rows, ["zero-gradients": .text("stop")]).weights, [1, 0, 0])
    expect(try answer("mgda", rows).weights, [1.0 / 3, 1.0 / 3, 1.0 / 3])
    expect(try answer("mgda", [[0, 0], [0, 0]]).weights, [0.5, 0.5])
    expect(try answer("mgda", [[2, 0], [0, 1]], ["sum": .text("tasks")]).weights, [0.4, 1.6])
  }

  @Test func `A normalisation by the loss needs losses`() throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "mgda", taskCount: 2, parameters: ["normalisation": .text("loss")])
    let error = #expect(throws: WeightingError.self) {
      try strategy.weights(observing: StepObservation(jacobian: [[1, 0], [0, 1]]))
    }
    #expect(error?.code == .missingEvidence)
  }

  @Test func `CAGrad at c = 0 is the mean, and the sum by choice`() throws {
    expect(try answer("cagrad", Self.rows, ["c": .number(0)]).weights, [0.5, 0.5])
    expect(
      try answer("cagrad", Self.rows, ["c": .number(0), "reduction": .text("sum")]).weights, [1, 1])
    for rescale in [1.0, 2, 3] {
      expect(
        try answer("cagrad", Self.rows, ["c": .number(0), "rescale": .number(rescale)]).weights, [0.5, 0.5])
    }
    let sum = try answer("cagrad", Self.rows, ["rescale": .number(3), "reduction": .text("sum")]).weights
    #expect(abs(sum[0] + sum[1] - 2) <= 1e-15)
    // Identical gradients: (1 + c) g.
    expect(try answer("cagrad", [[1, 2], [1, 2]], ["c": .number(0.3)]).direction, [1.3, 2.6], 1e-12)
  }

  @Test func `Where a peer stops early its direction is worse or outside the ball`() throws {
    // The cases of torchjd__cagrad that are not compared, by the rule's own objective.
    for entry in try GoldenCollection.entries() where entry.mapping.name == "cagrad" {
      for goldenCase in entry.file.cases where entry.mapping.except?[goldenCase.name] != nil {
        let step = try #require(goldenCase.steps.first)
        let rows = try #require(step.jacobian)
        // At c = 0 the ball is the mean alone.
        guard case .number(let c)? = entry.mapping.set["c"], c > 0 else { continue }
        // A task without gradient pins the least gain at 0.
        let active = rows.filter { row in row.contains { $0 != 0 } }
        func leastGain(_ direction: [Double]) -> Double {
          active.map { zip($0, direction).map { $0 * $1 }.reduce(0, +) }.min() ?? 0
        }
        let peer = try #require(step.expected.direction).compactMap { $0 }
        let ours = try answer("cagrad", rows, entry.mapping.set).direction
        let mean = peer.indices.map { column in rows.map { $0[column] }.reduce(0, +) / Double(rows.count) }
        func norm(_ vector: [Double]) -> Double { vector.map { $0 * $0 }.reduce(0, +).squareRoot() }
        let isInBall = norm(zip(peer, mean).map { $0 - $1 }) <= c * norm(mean) * (1 + 1e-3)
        #expect(!isInBall || leastGain(ours) > leastGain(peer), "\(goldenCase.name)")
      }
    }
  }

  @Test func `Where least squares stop early our residual is smaller`() throws {
    var seen = 0
    for entry in try GoldenCollection.entries() where entry.mapping.name == "fairgrad" {
      for goldenCase in entry.file.cases where entry.mapping.except?[goldenCase.name] != nil {
        let step = try #require(goldenCase.steps.first)
        let rows = try #require(step.jacobian)
        let gramian = try Jacobian(rows: rows).gramian
        guard case .number(let alpha)? = entry.mapping.set["alpha"] else { continue }
        func residual(_ weights: [Double]) -> Double {
          (0..<rows.count).map { task in
            let gain = (0..<rows.count).map { gramian[task, $0] * weights[$0] }.reduce(0, +)
            // (G w)^α w = 1; a power of 0.5, 1 or 2.
            let power = alpha == 0.5 ? max(gain, 0).squareRoot() : alpha == 1 ? gain : gain * gain
            return abs(power * weights[task] - 1)
          }.max() ?? 0
        }
        let peer = try #require(step.expected.weights).compactMap { $0 }
        let ours = try answer("fairgrad", rows, entry.mapping.set).weights
        #expect(residual(ours) <= 1e-8 && residual(peer) > 0.1)
        seen += 1
      }
    }
    #expect(seen == 6)
  }

  @Test func `Krum prefers the gradients in the crowd`() throws {
    // Squared distances on a line: points 0, 1, 2, 10; f = 1: the nearest one decides, then the next.
    let rows: [[Double]] = [[0], [1], [2.5], [10]]
    expect(try answer("krum", rows, ["byzantine": .number(1)]).weights, [0, 1, 0, 0])
    expect(
      try answer("krum", rows, ["byzantine": .number(1), "selected": .number(2)]).weights, [0.5, 0.5, 0, 0])
    // Too few tasks for a score.
    expect(try answer("krum", [[1], [2]]).weights, [0.5, 0.5])
  }

  @Test func `GradVac without memory is PCGrad`() throws {
    var stream = PhiloxStream(seed: 6, purpose: "test")
    for tasks in [2, 3, 6] {
      let rows = stream.jacobian(tasks: tasks, parameters: 4)
      let step = try StepObservation(jacobian: rows, orders: stream.orders(tasks: tasks))
      var vaccine = try StrategyRegistry.builtIn.makeWeigher(
        "gradvac", taskCount: tasks, parameters: ["beta": .number(0)])
      var surgery = try StrategyRegistry.builtIn.makeWeigher("pcgrad", taskCount: tasks)
      expect(
        try vaccine.weights(observing: step).values, try surgery.weights(observing: step).values, 1e-9)
    }
  }

  @Test func `GradVac's means follow every visit, or only those that turned a gradient`() throws {
    /// Weights of two unit gradients with each of the cosines in turn, β = ½.
    func weights(_ cosines: [Double], _ targets: String) throws -> [Double] {
      var strategy = try StrategyRegistry.builtIn.makeWeigher(
        "gradvac", taskCount: 2, parameters: ["beta": .number(0.5), "targets": .text(targets)])
      return try cosines.map { cosine in
        var step = StepObservation(losses: [1, 1])
        step.gramian = try Gramian(rows: [[1, cosine], [cosine, 1]])
        let values = try strategy.weights(observing: step).values
        #expect(values[0] == values[1])
        return values[0]
      }
    }
    /// By the rule: how much of the other a unit gradient takes on, from the cosine φ to the target τ.
    func turn(_ cosine: Double, to target: Double) -> Double {
      1 + target * ((1 - cosine * cosine) / (1 - target * target)).squareRoot() - cosine
    }
    let cosines = [0.6, 0.2, -0.6, -0.2, -0.6]
    // The targets before each step: 0, .3, .25, −.175, −.1875; and 0, 0, 0, −.3, −.3.
    expect(
      try weights(cosines, "visited"),
      [1, turn(0.2, to: 0.3), turn(-0.6, to: 0.25), turn(-0.2, to: -0.175), turn(-0.6, to: -0.1875)], 1e-14)
    expect(try weights(cosines, "turned"), [1, 1, 1.6, 1, turn(-0.6, to: -0.3)], 1e-14)
  }

  @Test func `GradVac stays finite for nearly opposed gradients`() throws {
    // Elsewhere √(1 − φ²) is NaN for 38 of 200 such pairs (ANCHORS §2).
    var stream = PhiloxStream(seed: 9, purpose: "test")
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      "gradvac", taskCount: 2, parameters: ["beta": .number(0.5)])
    for _ in 0..<200 {
      let row = (0..<5).map { _ in stream.normal() }
      let opposed = row.map { -$0 * (1 + 1e-16 * stream.normal()) }
      let weights = try strategy.weights(observing: StepObservation(jacobian: [row, opposed])).values
      #expect(weights.allSatisfy { $0.isFinite })
    }
  }
}
