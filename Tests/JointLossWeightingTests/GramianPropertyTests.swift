import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// What the strategies' claims promise, over random Gramians of every rank and scale (STRATEGIES §0.6).
@Suite struct GramianPropertyTests {
  /// Gramians of 1 to 50 tasks, of rank 0 to T, at scales 1e-10 to 1e10, rows alike or spread over powers of ten.
  private static let observations: [StepObservation] = {
    var stream = PhiloxStream(seed: 5, purpose: "test")
    var result: [StepObservation] = []
    for tasks in [1, 2, 3, 5, 10, 50] {
      for rank in Set([0, 1, tasks / 2, tasks - 1, tasks, 2 * tasks]).sorted() {
        for (scale, spread) in [(1e-10, 0.0), (1, 0), (1, 4), (1e10, 2)] {
          var rows = stream.jacobian(tasks: tasks, parameters: rank, exponents: -spread...spread)
          for row in rows.indices { rows[row] = rows[row].map { scale * $0 } }
          let losses = (0..<tasks).map { _ in 0.1 + stream.uniform() }
          if var step = try? StepObservation(
            jacobian: rows, losses: losses, orders: stream.orders(tasks: tasks))
          {
            step.draws.normals = (0..<tasks).map { _ in stream.normal() }
            result.append(step)
          }
        }
      }
    }
    return result
  }()

  private static let readers = StrategyRegistry.builtIn.names.filter { name in
    (try? StrategyRegistry.builtIn.type(named: name).need).map { $0 != .losses } ?? false
  }

  private static func descriptor(_ name: String) throws -> StrategyDescriptor {
    try StrategyRegistry.builtIn.type(named: name).descriptor
  }

  private func weights(_ name: String, _ step: StepObservation) throws -> TaskWeights {
    var strategy = try StrategyRegistry.builtIn.make(name, taskCount: step.taskCount, seed: 3)
    return try strategy.weights(observing: step)
  }

  @Test func `The observations hold every number of tasks and rank`() {
    #expect(Self.observations.count > 100)
    #expect(Set(Self.observations.map(\.taskCount)) == [1, 2, 3, 5, 10, 50])
    #expect(Self.readers.count >= 15)
  }

  @Test(arguments: readers)
  func `Weights are finite and their solvers' certificates hold`(name: String) throws {
    for step in Self.observations {
      let weights = try weights(name, step)
      #expect(weights.values.allSatisfy { $0.isFinite })
      if let certificate = weights.certificate {
        #expect(certificate.residual <= 1e-9)
      }
    }
  }

  @Test(arguments: readers)
  func `No task ascends where that is claimed`(name: String) throws {
    guard try Self.descriptor(name).claims.isNonConflicting else { return }
    for step in Self.observations {
      let ascent = try ascent(of: weights(name, step), in: #require(step.gramian))
      #expect(ascent <= 1e-9, "\(step.taskCount) tasks")
    }
  }

  @Test func `A sum of conflicting unit vectors is found to ascend`() throws {
    let step = try StepObservation(jacobian: [[1, 0], [-3, 0.1], [-1, 1]], losses: [1, 1, 1])
    #expect(try ascent(of: weights("unit-gradient", step), in: #require(step.gramian)) > 0.1)
  }

  /// How much the worst-off task ascends along the direction, relative to the terms of its product with it.
  private func ascent(of weights: TaskWeights, in gramian: Gramian) -> Double {
    let ridge = weights.certificate?.ridge ?? 0
    return (0..<gramian.taskCount).map { task in
      let terms = (0..<gramian.taskCount).map { gramian[task, $0] * weights.values[$0] }
      let size = terms.map(abs).reduce(0, +)
      // With a ridge the equations are those of the Gramian plus the ridge, and hold for that.
      let gain = terms.reduce(0, +) + ridge * gramian[task, task] * weights.values[task]
      return size > 0 ? -gain / size : 0
    }.max() ?? 0
  }

  @Test(arguments: readers)
  func `Weights follow the claimed power of the gradients' scale`(name: String) throws {
    guard let degree = try Self.descriptor(name).claims.scaleDegree else { return }
    for step in Self.observations where step.taskCount <= 10 {
      let gramian = try #require(step.gramian)
      // A power of two, so that the scaled Gramian is exact and the weights must follow to rounding.
      let scale = 0x1p20
      var scaled = step
      var product = gramian
      for i in 0..<gramian.taskCount {
        for j in 0..<gramian.taskCount { product[i, j] = scale * scale * gramian[i, j] }
      }
      scaled.gramian = product
      scaled.jacobian = nil
      let (one, other) = (try weights(name, step).values, try weights(name, scaled).values)
      let factor = degree == 0 ? 1 : degree == -1 ? 1 / scale : scale
      let size = one.map(abs).max() ?? 0
      // A task without gradient has a neutral weight, whatever the scale.
      for task in one.indices where gramian[task, task] > 0 {
        #expect(abs(other[task] / factor - one[task]) <= 1e-8 * max(size, abs(one[task])), "\(one) \(other)")
      }
    }
  }

  @Test(arguments: readers)
  func `The direction of a single task is that of its gradient`(name: String) throws {
    for step in Self.observations where step.taskCount == 1 {
      let norm = try #require(step.gramian).norm(of: 0)
      #expect(try weights(name, step).values[0] > 0 || norm == 0)
    }
  }
}

extension WeightingStrategy {
  fileprivate static var need: EvidenceNeed { Evidence.need }
}
