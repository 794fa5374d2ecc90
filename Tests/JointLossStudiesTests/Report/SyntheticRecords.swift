import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

@testable import JointLossStudies

/// Run records made up for tests: their numbers are given, not trained.
enum SyntheticRecords {
  /// A completed run with the given selected test losses.
  static func run(
    _ strategy: String, seed: UInt64, test: [Double], suite: String = "toy", step: Double = 10,
    status: RunRecord.Footer.Status = .completed, tasks: [String]? = nil, epochs: [RunRecord.Epoch] = [],
    epochCount: Int = 2
  ) throws -> RunRecord {
    let none = try ParameterValues([:], of: strategy, against: [])
    let specification = RunSpecification(
      format: 1, suiteLabel: suite, suite: "synthetic", suiteParameters: none, strategyLabel: strategy,
      strategy: strategy, strategyParameters: none, seed: seed, trunk: [4], activation: .relu,
      optimizer: .adam(learningRate: 0.01), batchSize: 8, epochs: epochCount)
    let names = tasks ?? test.indices.map { "t\($0)" }
    let isCompleted = status == .completed
    return RunRecord(
      header: .init(
        specification: specification, tasks: names,
        versions: .init(jointLoss: "0.1", swift: "6.3", blas: "OpenBLAS <test>", platform: "x86_64 Linux")),
      epochs: epochs,
      footer: .init(
        status: status, message: isCompleted ? nil : "the loss of task \(names[0]) is infinite",
        step: isCompleted ? nil : 7, task: isCompleted ? nil : names[0],
        selectedEpochs: names.map { _ in epochCount }, selectedTest: isCompleted ? test : [],
        passes: .init(steps: 20, forward: 20, backward: 20, samples: 160),
        measured: .init(seconds: 0.5, medianStepMicroseconds: step)))
  }

  /// Runs of one strategy with seeds 0, 1, …: `losses[seed][task]`.
  static func runs(
    _ strategy: String, _ losses: [[Double]], suite: String = "toy", step: Double = 10
  ) throws -> [RunRecord] {
    try losses.enumerated().map { seed, test in
      try run(strategy, seed: UInt64(seed), test: test, suite: suite, step: step)
    }
  }

  /// How a strategy of a made-up study behaves.
  struct Behaviour {
    var floor = 0.1
    var weight = 1.0
    var drift = 0.0
    var conflict: Double? = 0.3
    var step = 60.0
    var divergesWithSeed: UInt64?
  }

  /// A made-up study with learning curves, weights and conflict rates that look like those of training.
  static func study(
    suite: String, strategies: [(String, Behaviour)], tasks: [String], seeds: Int, epochs: Int
  ) throws -> [RunRecord] {
    var records: [RunRecord] = []
    for (strategy, behaviour) in strategies {
      for seed in 0..<UInt64(seeds) {
        var noise = PhiloxStream(seed: seed, purpose: suite + strategy)
        var data = PhiloxStream(seed: seed, purpose: suite)
        let scales = tasks.indices.map { _ in 1 + 0.3 * data.uniform() }
        let isDiverged = behaviour.divergesWithSeed == seed
        var lines: [RunRecord.Epoch] = []
        for epoch in 0...(isDiverged ? epochs / 3 : epochs) {
          let time = Double(epoch) / Double(epochs)
          let losses = tasks.indices.map { task in
            let size = Double.exponential(-2 * Double(task))
            return scales[task] * size
              * (behaviour.floor + (1 - behaviour.floor) * Double.exponential(-6 * time))
              * (1 + 0.04 * noise.normal())
          }
          let weights = tasks.indices.map { task in
            behaviour.weight
              * Double.exponential(
                behaviour.drift * time * (Double(task) - 0.5)
                  + (behaviour.drift == 0 ? 0 : 0.05 * noise.normal()))
          }
          lines.append(
            RunRecord.Epoch(
              epoch: epoch, train: losses, validation: losses, test: losses,
              weights: epoch == 0 ? nil : weights,
              conflictRate: behaviour.conflict.map { min(1, max(0, $0 * (1 + time) + 0.1 * noise.normal())) })
          )
        }
        records.append(
          try run(
            strategy, seed: seed, test: lines.last?.test ?? [], suite: suite,
            step: behaviour.step * (1 + 0.02 * noise.uniform()), status: isDiverged ? .diverged : .completed,
            tasks: tasks, epochs: lines, epochCount: epochs))
      }
    }
    return records
  }
}

extension Double {
  fileprivate static func exponential(_ exponent: Double) -> Double {
    // e^x by repeated squaring of its series: no need of a mathematics library for made-up curves.
    var result = 1.0
    let small = exponent / 1024
    result += small + small * small / 2 + small * small * small / 6
    for _ in 0..<10 { result *= result }
    return result
  }
}
