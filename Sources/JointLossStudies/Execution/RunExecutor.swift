import JointLossLinearAlgebra
public import JointLossSuites
import JointLossTraining
public import JointLossWeighting

/// Carries out one run: a pure function of its specification, but for ``RunRecord/Measured``.
public struct RunExecutor: Sendable {
  private let strategies: StrategyRegistry
  private let suites: SuiteRegistry

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - strategies: the strategies that exist.
  ///   - suites: the suites that exist.
  public init(strategies: StrategyRegistry, suites: SuiteRegistry) {
    self.strategies = strategies
    self.suites = suites
  }

  /// Draws the data, trains, and records every epoch.
  ///
  /// A run that diverges, or whose strategy fails, has a record that says so, with the epochs before it.
  ///
  /// - Parameter specification: a run of a plan.
  /// - Returns: the record.
  /// - Throws: ``StudyError`` if the strategy or the suite does not exist here, or no epoch is asked for.
  public func run(_ specification: RunSpecification) throws(StudyError) -> RunRecord {
    try run(specification, checkpoints: nil, keeping: nil)
  }

  /// Carries out a run as ``run(_:)`` does, from a checkpoint where there is one, and keeps its networks if that is
  /// asked for.
  package func run(
    _ specification: RunSpecification, checkpoints: RunCheckpoints?, keeping models: KeptModels? = nil
  ) throws(StudyError) -> RunRecord {
    let name = "the run of \(specification.strategyLabel) on \(specification.suiteLabel)"
    guard specification.epochs >= 1 else {
      throw StudyError("\(name) needs at least one epoch, not \(specification.epochs)")
    }
    let type: any WeightingStrategy.Type
    let suite: any TaskSuite
    do {
      type = try strategies.type(named: specification.strategy)
      suite = try suites.make(specification.suite, parameters: specification.suiteParameters.values)
    } catch {
      throw StudyError("\(name): \(error)")
    }
    do throws(TrainingError) {
      return try record(of: specification, on: suite, by: type, checkpoints, models)
    } catch {
      throw StudyError("\(name): its networks cannot be kept: \(error)")
    }
  }

  /// The existential type of the strategy is opened here, once a run.
  private func record<Strategy: WeightingStrategy>(
    of specification: RunSpecification, on suite: any TaskSuite, by type: Strategy.Type,
    _ checkpoints: RunCheckpoints?, _ models: KeptModels?
  ) throws(TrainingError) -> RunRecord {
    let clock = ContinuousClock()
    let start = clock.now
    var networks: [NetworkTraining<Strategy>] = []
    var epochs: [RunRecord.Epoch] = []
    var failure: RunFailure?
    do throws(RunFailure) {
      let data = try Self.data(of: suite, seed: specification.seed)
      networks = try Self.networks(for: suite, data: data, specification)
      epochs = checkpoints?.resume(networks, models) ?? []
      var lastCheckpoint = clock.now
      for epoch in epochs.count...specification.epochs {
        if networks.allSatisfy(\.hasStopped) { break }
        // Separate networks take turns, so that a failure leaves every task with the same epochs.
        let parts = try networks.map { network throws(RunFailure) in try network.nextEpoch() }
        epochs.append(RunRecord.Epoch(epoch: epoch, parts))
        try keep(networks, after: epochs, in: models)
        if epoch < specification.epochs {
          checkpoints?.write(epochs, networks, models, since: &lastCheckpoint)
        }
      }
    } catch {
      failure = error
    }

    let tasks = suite.taskSpecifications.map(\.name)
    var step = specification.step ?? StepOptions()
    step.gradientScope = networks.first?.gradientScope
    let selected = EpochSelection.epochs(of: epochs, arrangement: Strategy.about.arrangement)
    let record = RunRecord(
      header: RunRecord.Header(
        specification: specification, tasks: tasks, versions: .current, step: step),
      epochs: epochs,
      footer: RunRecord.Footer(
        status: failure?.status ?? .completed,
        message: failure?.message,
        step: failure?.step,
        task: failure?.task.map { tasks[$0] },
        selectedEpochs: selected,
        selectedTest: selected.enumerated().map { epochs[$1].test[$0] },
        stoppedAt: specification.earlyStopping == nil || epochs.isEmpty
          ? nil
          : networks.flatMap { network in
            network.tasks.map { _ in min(network.lastEpoch, epochs.count - 1) }
          },
        passes: networks.reduce(into: RunRecord.Passes(steps: 0, forward: 0, backward: 0, samples: 0)) {
          $0.add($1.counts)
        },
        measured: RunRecord.Measured(
          seconds: (clock.now - start) / .seconds(1),
          medianStepMicroseconds: networks.map(\.medianStepMicroseconds).reduce(0, +))))
    // After the record is made: the networks go back to their selected epochs.
    try models?.finish(networks, tasks: suite.taskSpecifications, selected: selected)
    return record
  }

  private func keep<Strategy>(
    _ networks: [NetworkTraining<Strategy>], after epochs: [RunRecord.Epoch], in models: KeptModels?
  ) throws(RunFailure) {
    do {
      try models?.keep(networks, after: epochs)
    } catch {
      throw RunFailure(error, tasks: networks.flatMap(\.tasks))
    }
  }

  private static func data(of suite: any TaskSuite, seed: UInt64) throws(RunFailure) -> SuiteData {
    var stream = PhiloxStream(seed: seed, purpose: "data")
    do {
      return try suite.generate(using: &stream)
    } catch {
      throw RunFailure(status: .failed, message: "\(error)")
    }
  }

  /// One network for all tasks, or one for each.
  private static func networks<Strategy: WeightingStrategy>(
    for suite: any TaskSuite, data: SuiteData, _ specification: RunSpecification
  ) throws(RunFailure) -> [NetworkTraining<Strategy>] {
    let tasks = suite.taskSpecifications.indices
    let shares =
      switch Strategy.about.arrangement {
      case .joint: [Array(tasks)]
      case .separate: tasks.map { [$0] }
      }
    return try shares.map { share throws(RunFailure) in
      try NetworkTraining(of: share, in: suite, data: data, specification)
    }
  }
}

extension RunRecord.Passes {
  fileprivate mutating func add(_ counts: PassCounts) {
    steps += counts.steps
    forward += counts.forward
    backward += counts.backward
    samples += counts.samples
  }
}
