import Foundation
import JointLossLinearAlgebra

/// The inputs of the checks: random runs, and the gradients on which rules are known to break.
struct InputSampler {
  let seed: UInt64

  /// The steps of a run of fifty tasks: one more than an epoch.
  private static let stepsOfMany = ConformanceInput.stepsPerEpoch + 1
  /// The number of runs whose tasks, rank and scale are drawn.
  private static let drawnCount = 5

  /// The inputs that a check is run on, small ones first.
  func inputs(of check: ConformanceCheck) -> [ConformanceInput] {
    switch check {
    case .creation: [1, 2, 3, 4, 5, 10, 50].map { random(tasks: $0, steps: 1) }
    case .singleTask:
      [run(tasks: 1, steps: 9)] + [1e-10, 1e5, 1e10].map { random(tasks: 1, steps: 3, scale: $0) }
    case .finiteWeights, .certificate, .weightSum, .sign:
      runs(steps: 9) + ranks + extremes + lowRanks + drawn(steps: 2)
    case .nonConflict: ranks + extremes.filter { !$0.isHuge } + lowRanks + drawn(steps: 2)
    case .taskOrder: runs(steps: 6) + ranks + extremes.filter { !$0.isHuge } + drawn(steps: 2)
    case .scaleLaw: runs(steps: 6) + ranks + drawn(steps: 2)
    case .memory: runs(steps: 6) + dependent(steps: 6) + many
    case .stateSize: [run(tasks: 2, steps: 6)]
    case .resume: runs(steps: 9) + dependent(steps: 9) + many
    case .weightCount, .application, .determinism, .isolation, .errorKeepsState, .nonFiniteEvidence,
      .declaredEvidence, .skippedGradients:
      runs(steps: 9) + dependent(steps: 4)
    }
  }

  /// Runs of one to five tasks, independent gradients.
  private func runs(steps: Int) -> [ConformanceInput] {
    [1, 2, 3, 5].map { run(tasks: $0, steps: steps) }
  }

  private func run(tasks: Int, steps: Int) -> ConformanceInput { random(tasks: tasks, steps: steps) }

  /// Losses from 0.1 to 1.1 and standard normal gradients, times a scale, with rows of 10^±exponent.
  private func random(
    tasks: Int, columns: Int? = nil, steps: Int, scale: Double = 1, exponent: Int = 0
  ) -> ConformanceInput {
    var stream = PhiloxStream(seed: seed &+ UInt64(1000 * tasks + steps), purpose: "conformance")
    let powers = (0..<tasks).map { task in
      // 10^exponent, 10^−exponent, 1, and again.
      (0..<exponent).reduce(scale) { power, _ in [power * 10, power / 10, power][task % 3] }
    }
    return ConformanceInput(
      steps: (0..<steps).map { _ in
        let losses = (0..<tasks).map { _ in 0.1 + stream.uniform() }
        let gradients = powers.map { power in
          (0..<(columns ?? tasks + 2)).map { _ in power * stream.normal() }
        }
        return ConformanceInput.Step(losses: losses, gradients: gradients)
      })
  }

  /// Gradients of every rank and scale, rows alike or of different sizes.
  private var ranks: [ConformanceInput] {
    let small = [2, 3, 5, 10].flatMap { tasks in
      [1, 2, tasks - 1, tasks, 2 * tasks].flatMap { columns in
        [(1, 0), (1, 3), (1e-10, 1), (1e10, 2)].map { scale, exponent in
          random(tasks: tasks, columns: columns, steps: 2, scale: scale, exponent: exponent)
        }
      }
    }
    let shapes: [(columns: Int, scale: Double)] = [
      (1, 1), (3, 1), (25, 1), (49, 1), (60, 1), (3, 1e-10), (49, 1e10),
    ]
    let large = shapes.map { random(tasks: 50, columns: $0.columns, steps: 1, scale: $0.scale) }
    return small + large + [1, 5, 10, 50].map { random(tasks: $0, steps: 2, scale: 0) }
  }

  /// Many more tasks than independent gradients, with the Gramian in `Double` and rounded to `Float`.
  private var lowRanks: [ConformanceInput] {
    let shapes = [(6, 2), (8, 3), (12, 2), (16, 3), (24, 2), (24, 8), (30, 3), (30, 20)]
    return shapes.flatMap { tasks, columns in
      let run = random(tasks: tasks, columns: columns, steps: 1)
      var rounded = run
      for index in rounded.steps.indices { rounded.steps[index].hasFloatGramian = true }
      return [run, rounded]
    }
  }

  /// Runs whose gradients are dependent, tiny, huge or none.
  private func dependent(steps: Int) -> [ConformanceInput] {
    let shapes: [(tasks: Int, columns: Int, scale: Double)] = [
      (3, 2, 1), (5, 2, 1e-10), (5, 4, 1e10), (3, 5, 1e-10), (3, 5, 1e10), (3, 3, 0),
    ]
    return shapes.map { random(tasks: $0.tasks, columns: $0.columns, steps: steps, scale: $0.scale) }
  }

  /// Runs of fifty tasks into a second epoch: dependent gradients of both extreme scales.
  private var many: [ConformanceInput] {
    let shapes: [(columns: Int, scale: Double)] = [(7, 1e-10), (49, 1e10)]
    return shapes.map { random(tasks: 50, columns: $0.columns, steps: Self.stepsOfMany, scale: $0.scale) }
  }

  /// Runs of 1 to 50 tasks, of rank 0 to T and of a scale from 1e-10 to 1e10, few tasks first.
  private func drawn(steps: Int) -> [ConformanceInput] {
    var stream = PhiloxStream(seed: seed, purpose: "conformance/ranges")
    let runs = (0..<Self.drawnCount).map { _ in
      let tasks = 1 + stream.index(below: 50)
      let (rank, scale) = (stream.index(below: tasks + 1), pow(10, 20 * stream.uniform() - 10))
      return random(tasks: tasks, columns: max(rank, 1), steps: steps, scale: rank > 0 ? scale : 0)
    }
    return runs.sorted { $0.taskCount < $1.taskCount }
  }

  /// Gradients on which rules are known to break, each under several losses.
  private var extremes: [ConformanceInput] {
    let small = degenerate.flatMap { gradients in
      let pattern = [1e-300, 1, 1e100]
      let losses: [[Double]] = [
        gradients.map { _ in 1 }, gradients.map { _ in 0 },
        gradients.indices.map { pattern[$0 % 3] }, gradients.indices.map { Double($0 % 2) },
      ]
      return losses.map { losses in
        let step = ConformanceInput.Step(losses: losses, gradients: gradients)
        return ConformanceInput(steps: [step, step, step])
      }
    }
    let scaled = [1e-15, 1e-10, 1e5, 1e10].flatMap { scale in
      let run = random(tasks: 3, steps: 3)
      return [run.scaled(losses: 1, gradients: scale), run.scaled(losses: scale, gradients: scale)]
    }
    return small + scaled
  }

  private var degenerate: [[[Double]]] {
    let generic = random(tasks: 3, steps: 1).steps[0].gradients
    let (first, second) = (generic[0], generic[1])
    let opposite = zip(first, second).map { -($0 + $1) }
    let nearby = zip(first, second).map { $0 + 1e-9 * $1 }
    return [
      [[0]], [[0, 0], [0, 0]], [[0, 0], [1, 0]], [[1, 2], [1, 2]], [[1, 0], [-1, 0]], [[1, 2], [-3, -6]],
      [[0, 0], [0, 0], [0, 0]], [[0, 0], [1, 0], [0, 1]], [[1, 2], [1, 2], [1, 2]],
      [[1, 2], [-1, -2], [2, 4]], [[1e70, 0], [-1e-70, 1e-70], [1, 1]],
      [[1e-150, 0], [-1e-150, 0], [0, 1e-150]], [[1e70, 1], [-1e70, 1], [1, 1e70]],
      [[Double]](repeating: [0, 0], count: 10), [[Double]](repeating: [0, 0], count: 50),
      [first, second, opposite], [first, first.map { -$0 }, second], [first, nearby, second],
      random(tasks: 5, columns: 2, steps: 1).steps[0].gradients,
      random(tasks: 3, steps: 1, exponent: 10).steps[0].gradients,
      random(tasks: 6, columns: 3, steps: 1, exponent: 5).steps[0].gradients,
    ]
  }
}

extension ConformanceInput {
  /// Whether products of its gradients come near the largest Double, so that a check's own sums would overflow.
  fileprivate var isHuge: Bool {
    steps.contains { $0.gradients.joined().contains { abs($0) > 1e60 } }
  }
}
