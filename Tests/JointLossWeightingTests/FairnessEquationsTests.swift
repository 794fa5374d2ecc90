import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import Testing

import JointLossWeighting

/// Nash-MTL's and FairGrad's equations, recomputed in plain arithmetic from the weights and the Gramian.
@Suite struct FairnessEquationsTests {
  private func weights(_ gramian: Gramian, alpha: Double, name: String = "fairgrad") throws -> TaskWeights {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      name, taskCount: gramian.taskCount, parameters: name == "fairgrad" ? ["alpha": .number(alpha)] : [:])
    var step = StepObservation(losses: [])
    step.gramian = gramian
    return try strategy.weights(observing: step)
  }

  /// The tasks whose equation G w + ρ G_tt w_t = w^(−1/α) does not hold.
  ///
  /// It must to 1e-9 of the right side; where there is a ridge, of at least 1e-5 of the left side's terms. Rounding of
  /// this sum itself is allowed for.
  private func violations(_ gramian: Gramian, _ weights: [Double], alpha: Double, ridge: Double) -> [Int] {
    let longest = weights.indices.map { gramian.norm(of: $0) }.max() ?? 0
    // A task without gradient, to 1e-12 of the longest, has no part in the equations, and its weight is 1.
    let tasks = weights.indices.filter { gramian.norm(of: $0) > 1e-12 * longest }
    return weights.indices.filter { task in
      guard tasks.contains(task) else { return weights[task] != 1 }
      let own = weights[task]
      let terms = tasks.map { gramian[task, $0] * weights[$0] } + [ridge * gramian[task, task] * own]
      let (left, size) = (terms.reduce(0, +), terms.reduce(0) { $0 + abs($1) })
      // Where w is too small for a Double, it is (G w)^(−α).
      guard own >= .leastNormalMagnitude else { return !(alpha * log(left) > 700) }
      let right = exp(-log(own) / alpha)
      let allowed = 1e-9 * (ridge > 0 ? max(right, 1e-5 * (size + right)) : right)
      return !(abs(left - right) <= allowed + 8 * .ulpOfOne * (size + right))
    }
  }

  /// A Gramian of some rank, from 0 to T, its gradients' lengths in a range of powers of ten.
  private func gramian(
    _ stream: inout PhiloxStream, tasks: Int, rank: Int, exponents: ClosedRange<Double>
  ) throws -> Gramian {
    guard rank > 0 else { return try Jacobian(rows: (0..<tasks).map { _ in [0] }).gramian }
    return try Jacobian(rows: stream.jacobian(tasks: tasks, parameters: rank, exponents: exponents)).gramian
  }

  @Test(arguments: [1, 2, 3, 5, 10, 25, 50])
  func `The equations hold for every rank and scale, and for α from 0.05 to 100`(tasks: Int) throws {
    var stream = PhiloxStream(seed: 31, purpose: "test")
    let ranks = tasks <= 5 ? Array(0...tasks) : [0, 1, 2, tasks / 2, tasks - 1, tasks]
    var solved = 0
    for rank in ranks {
      for exponents in [-10.0 ... -10, 0...0, 10...10, -2...2, -5...5, -10...10] {
        let gramian = try gramian(&stream, tasks: tasks, rank: rank, exponents: exponents)
        let nash = try weights(gramian, alpha: 1, name: "nash-mtl")
        var answers = [(1.0, nash)]
        for alpha in [0.05, 0.3, 2, 10, 100] { answers.append((alpha, try weights(gramian, alpha: alpha))) }
        for (alpha, answer) in answers {
          #expect(answer.values.allSatisfy { $0.isFinite && $0 >= 0 })
          let certificate = try #require(answer.certificate)
          #expect(certificate.residual <= 1e-9)
          let broken = violations(gramian, answer.values, alpha: alpha, ridge: certificate.ridge)
          #expect(broken.isEmpty, "α = \(alpha), rank \(rank), 10^\(exponents), tasks \(broken)")
          guard certificate.ridge == 0, rank > 0 else { continue }
          solved += 1
          // A change of 1e-6 is seen.
          var changed = answer.values
          guard let task = changed.indices.first(where: { changed[$0] > 1e-300 && changed[$0] != 1 })
          else { continue }
          changed[task] *= 1 + 1e-6
          #expect(violations(gramian, changed, alpha: alpha, ridge: 0).contains(task))
        }
      }
    }
    // At rank 1 and full rank of a few tasks, at the least, there are solutions.
    #expect(solved > 10)
  }

  @Test(arguments: [2, 5, 20, 50])
  func `A ridge is added to stationary gradients, and to none that are far from it`(tasks: Int) throws {
    var stream = PhiloxStream(seed: 32, purpose: "test")
    for alpha in [0.05, 0.5, 1, 2, 10, 100] {
      let rows = stream.jacobian(tasks: tasks, parameters: 4 * tasks)
      #expect(try weights(Jacobian(rows: rows).gramian, alpha: alpha).certificate?.ridge == 0)
      // A last gradient against the sum of the others.
      let sum = (0..<4 * tasks).map { column in -rows.dropLast().reduce(0) { $0 + $1[column] } }
      let stationary = try Jacobian(rows: rows.dropLast() + [sum]).gramian
      let answer = try weights(stationary, alpha: alpha)
      let ridge = try #require(answer.certificate).ridge
      #expect(ridge > 0 && violations(stationary, answer.values, alpha: alpha, ridge: ridge).isEmpty)
    }
  }

  @Test func `FairGrad has the closed form of two gradients along one line`() throws {
    // g = (1, r): Gw is (S, r S), S = w₁ + r w₂, so w₁ = S^(−α), w₂ = (r S)^(−α), S^(1+α) = 1 + r^(1−α).
    for (alpha, ratio) in [(0.05, 1e-6), (0.5, 0.002), (3, 1e-4), (20, 1e-5), (50, 0.002), (100, 0.02)] {
      let weights = try weights(Jacobian(rows: [[1], [ratio]]).gramian, alpha: alpha)
      let sum = (log1p(exp((1 - alpha) * log(ratio)))) / (1 + alpha)
      #expect(abs(log(weights.values[0]) + alpha * sum) <= 1e-7 * (1 + alpha * abs(sum)))
      let second = -alpha * (log(ratio) + sum)
      #expect(abs(log(weights.values[1]) - second) <= 1e-7 * (1 + abs(second)))
      #expect(weights.certificate?.ridge == 0)
    }
  }

  @Test(arguments: [0.05, 0.2, 0.5, 2, 10, 50, 100])
  func `Stationary gradients of very different lengths have α-fair weights, and a ridge`(alpha: Double) throws
  {
    for rows in [[[-7000], [1e-5]], [[1], [-0.002]], [[-600], [0.0005], [-1000]]] {
      let gramian = try Jacobian(rows: rows).gramian
      let answer = try weights(gramian, alpha: alpha)
      let ridge = try #require(answer.certificate).ridge
      #expect(ridge > 0 && violations(gramian, answer.values, alpha: alpha, ridge: ridge).isEmpty)
    }
  }
}
