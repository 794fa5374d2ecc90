import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// The network of one run, or of one task of it: its training, evaluation and diagnostics.
final class NetworkTraining<Strategy: WeightingStrategy> {
  /// One epoch, as far as the tasks of this network are concerned.
  struct Epoch {
    var train: [Double]
    var validation: [Double]
    var test: [Double]
    var weights: [Double]?
    var diagnostics: GradientDiagnostics?
    var seenConflictRate: Double?
  }

  /// The probe batch: so many validation samples from the first on, the same for every strategy.
  private static var probeSamples: Int { 256 }

  private let tasks: [Int]
  private let trainer: Trainer<Float, Strategy>
  private let train: PreparedData<Float>
  private let validation: PreparedData<Float>
  private let test: PreparedData<Float>
  private let probe: Range<Int>
  private var stepSeconds: [Double] = []

  /// The network of some of a suite's tasks.
  init(
    of share: [Int], among tasks: [TaskSpecification], data: SuiteData, _ specification: RunSpecification
  ) throws(RunFailure) {
    self.tasks = share
    let strategy: Strategy
    do {
      strategy = try Strategy(
        StrategySetup(
          for: Strategy.descriptor, taskCount: share.count,
          parameters: specification.strategyParameters.values, seed: specification.seed))
    } catch {
      throw RunFailure(
        status: .failed, message: error.message,
        task: error.task.flatMap { share.indices.contains($0) ? share[$0] : nil })
    }
    do {
      let network = try NetworkSpecification(
        inputs: data.train.inputCount, architecture: specification.architecture ?? .hardSharing,
        trunk: specification.trunk, activation: specification.activation,
        block: specification.block ?? .plain,
        tasks: share.map { tasks[$0] })
      trainer = try Trainer(
        network: network, strategy: strategy, optimizer: specification.optimizer,
        // A batch never holds more than the data; its buffers need not either.
        batchSize: min(specification.batchSize, data.train.sampleCount), seed: specification.seed)
      train = try PreparedData(data.train.keeping(share, of: tasks), network: network)
      validation = try PreparedData(data.validation.keeping(share, of: tasks), network: network)
      test = try PreparedData(data.test.keeping(share, of: tasks), network: network)
    } catch {
      throw RunFailure(error, tasks: share)
    }
    probe = 0..<min(Self.probeSamples, data.validation.sampleCount)
  }

  var counts: PassCounts { trainer.counts }

  var medianStepMicroseconds: Double {
    guard !stepSeconds.isEmpty else { return 0 }
    let sorted = stepSeconds.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 * 1e6
  }

  /// Epoch 0: losses and diagnostics before training.
  func evaluateUntrained() throws(RunFailure) -> Epoch {
    do {
      return try evaluated(train: trainer.losses(on: train))
    } catch {
      throw RunFailure(error, tasks: tasks)
    }
  }

  /// The next epoch: trained, then evaluated outside the timed steps.
  func trainEpoch() throws(RunFailure) -> Epoch {
    do {
      let summary = try trainer.trainEpoch(on: train)
      stepSeconds += summary.stepSeconds
      var epoch = try evaluated(train: summary.meanLosses)
      epoch.weights = summary.meanWeights
      epoch.seenConflictRate = summary.seenConflictRate
      return epoch
    } catch {
      throw RunFailure(error, tasks: tasks)
    }
  }

  private func evaluated(train: [Double]) throws(TrainingError) -> Epoch {
    let validationLosses = try trainer.losses(on: validation)
    let testLosses = try trainer.losses(on: test)
    for (split, losses) in [("training", train), ("validation", validationLosses), ("test", testLosses)] {
      guard let task = losses.firstIndex(where: { !$0.isFinite }) else { continue }
      // The steps so far were finite, but the parameters they led to are not usable.
      throw TrainingError(
        .diverged, "the \(split) loss is \(losses[task])", task: task, step: counts.steps)
    }
    return Epoch(
      train: train, validation: validationLosses, test: testLosses, diagnostics: try diagnostics())
  }

  /// What the gradients of the tasks look like on the probe batch; nil where tasks share no network.
  private func diagnostics() throws(TrainingError) -> GradientDiagnostics? {
    guard Strategy.descriptor.arrangement == .joint, trainer.sharesParameters else { return nil }
    let gramian = try trainer.gramian(on: validation, samples: probe)
    do {
      return try GradientDiagnostics(gramian)
    } catch {
      throw TrainingError(
        error.code == .nonFinite ? .diverged : .strategy, "gradient diagnostics: \(error.message)",
        task: error.task, step: counts.steps)
    }
  }
}

extension TaskDataset {
  /// The same samples with the targets of some of the tasks.
  fileprivate func keeping(_ share: [Int], of tasks: [TaskSpecification]) throws(TrainingError) -> TaskDataset
  {
    guard share.count < tasks.count else { return self }
    return try TaskDataset(
      inputCount: inputCount, inputs: inputs, targets: share.map { targets[$0] },
      tasks: share.map { tasks[$0] })
  }
}

extension RunRecord.Epoch {
  /// An epoch of a run from that of its networks, whose tasks follow one another.
  init<Strategy>(epoch: Int, _ parts: [NetworkTraining<Strategy>.Epoch]) {
    let weights = parts.compactMap(\.weights)
    let diagnostics = parts.count == 1 ? parts[0].diagnostics : nil
    self.init(
      epoch: epoch,
      train: parts.flatMap(\.train),
      validation: parts.flatMap(\.validation),
      test: parts.flatMap(\.test),
      weights: weights.isEmpty ? nil : weights.flatMap { $0 },
      gradientNorms: diagnostics?.norms,
      cosines: diagnostics?.cosines,
      conflictRate: diagnostics?.conflictRate,
      conditionNumber: diagnostics?.conditionNumber,
      seenConflictRate: parts.count == 1 ? parts[0].seenConflictRate : nil)
  }
}
