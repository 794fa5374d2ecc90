import Foundation
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
    var learningRate: Double?
    var clippedShare: Double?
    var directionNorm: Double?
    var certificate: SolverCertificate?
    var interventionShares: [Intervention: Double]?
  }

  /// The probe batch: so many validation samples from the first on, the same for every strategy.
  private static var probeSamples: Int { 256 }

  /// The indices of this network's tasks among those of the suite.
  let tasks: [Int]
  private let trainer: Trainer<Float, Strategy>
  private let train: PreparedData<Float>
  private let validation: PreparedData<Float>
  private let test: PreparedData<Float>
  private let probe: Range<Int>
  private var stepSeconds: [Double] = []
  private let specification: RunSpecification
  private var last: Epoch?
  /// The validation losses before training, one a task.
  private var untrained: [Double] = []
  /// For each epoch so far, from the untrained one on, its validation losses as one number: what schedule and
  /// early stopping read.
  private var scores: [Double] = []

  /// The network of some of a suite's tasks.
  init(
    of share: [Int], in suite: any TaskSuite, data: SuiteData, _ specification: RunSpecification
  ) throws(RunFailure) {
    let tasks = suite.taskSpecifications
    self.tasks = share
    self.specification = specification
    let strategy: Strategy
    do {
      strategy = try Strategy(
        taskCount: share.count, parameters: specification.strategyParameters.values)
    } catch {
      throw RunFailure(
        status: .failed, message: error.message,
        task: error.task.flatMap { share.indices.contains($0) ? share[$0] : nil })
    }
    do {
      try Self.requireSamples(in: data, for: specification)
      let model = try Self.model(of: share.map { tasks[$0] }, in: suite, data: data, specification)
      train = try model.prepare(data.train.keeping(share, of: tasks))
      // Before buffers of that size are made.
      try train.requireBatch(of: specification.batchSize)
      trainer = try model.makeTrainer(of: strategy, for: specification)
      validation = try model.prepare(data.validation.keeping(share, of: tasks))
      test = try model.prepare(data.test.keeping(share, of: tasks))
    } catch {
      throw RunFailure(error, tasks: share)
    }
    probe = 0..<min(Self.probeSamples, data.validation.sampleCount)
  }

  /// The suite's own model, or else the network of the specification.
  private static func model(
    of tasks: [TaskSpecification], in suite: any TaskSuite, data: SuiteData, _ specification: RunSpecification
  ) throws(TrainingError) -> TrainedModel {
    let model = suite.model(for: tasks)
    guard let trunk = specification.trunk, let activation = specification.activation else {
      if let model { return .own(model) }
      throw TrainingError(
        .configuration, "the run is of a model that \(specification.suite) had, and the suite has none")
    }
    guard model == nil else {
      throw TrainingError(
        .configuration, "the run is of a network, and \(specification.suite) has a model of its own by now")
    }
    return .network(
      try NetworkSpecification(
        inputs: data.train.inputCount, architecture: specification.architecture ?? .hardSharing,
        trunk: trunk, activation: activation, block: specification.block ?? .plain, tasks: tasks))
  }

  var counts: PassCounts { trainer.counts }

  /// The epochs that the run asks for.
  var plannedEpochs: Int { specification.epochs }

  /// The gradients that the strategy sees; nil where it sees losses alone.
  var gradientScope: GradientScope? { trainer.gradientScope }

  var medianStepMicroseconds: Double {
    guard !stepSeconds.isEmpty else { return 0 }
    let sorted = stepSeconds.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 * 1e6
  }

  /// The last epoch that was trained; 0 before training.
  var lastEpoch: Int { trainer.epoch }

  /// Whether the validation losses end the training before its last epoch.
  var hasStopped: Bool { specification.earlyStopping?.ends(validation: scores) ?? false }

  /// The parameters as they are now, as a safetensors file.
  func parameters() throws(TrainingError) -> Data { try trainer.parameterFile() }

  /// Takes the network to parameters; what it reads and says of every sample of every split, as NumPy files by name.
  func arrays(at parameters: Data) throws(TrainingError) -> [String: Data] {
    try trainer.setParameters(file: parameters)
    var files: [String: Data] = [:]
    for (split, data) in [("train", train), ("validation", validation), ("test", test)] {
      files["\(split).inputs.npy"] = NumPyFile.content(data.inputElements, columns: data.inputCount)
      let predictions = try trainer.predictions(on: data)
      for (index, task) in tasks.enumerated() {
        let (name, specification) = ("\(split).task\(task)", data.tasks[index])
        files["\(name).predictions.npy"] = NumPyFile.content(
          predictions[index].map { Float($0) }, columns: specification.outputs)
        files["\(name).targets.npy"] = NumPyFile.content(
          data.targetElements(of: index), columns: specification.targetColumns)
        files["\(name).labels.npy"] = data.labelFlags(of: index).map(NumPyFile.content)
      }
    }
    return files
  }

  func checkpoint() throws(TrainingError) -> Checkpoint { try trainer.checkpoint() }

  /// Checks a checkpoint that was made after these epochs of the run; the function it returns goes on from it.
  func restoration(
    from checkpoint: Checkpoint, after epochs: [RunRecord.Epoch]
  ) throws(TrainingError) -> () -> Void {
    let restoration = try trainer.restoration(from: checkpoint)
    try require(restoration, after: epochs)
    return { [self] in
      restoration.apply()
      scores = []
      for epoch in epochs.prefix(lastEpoch + 1) { append(Epoch(epoch, of: tasks)) }
    }
  }

  /// Checks that a checkpoint is where this run can be after these epochs.
  private func require(
    _ restoration: Trainer<Float, Strategy>.Restoration, after epochs: [RunRecord.Epoch]
  ) throws(TrainingError) {
    let (epoch, last) = (restoration.epoch, epochs.count - 1)
    // A network that has stopped stays at its last epoch while those of other tasks go on.
    let scores = epochs.prefix(epoch + 1).map {
      EpochSelection.score(
        of: Epoch($0, of: tasks).validation, untrained: Epoch(epochs[0], of: tasks).validation)
    }
    let hasStopped = specification.earlyStopping?.ends(validation: scores) ?? false
    guard epoch == last || epoch < last && hasStopped else {
      throw TrainingError(.checkpoint, "the checkpoint is of epoch \(epoch), the run is at \(last)")
    }
    let (samples, batch) = (train.sampleCount, specification.batchSize)
    let due = (steps: epoch * ((samples + batch - 1) / batch), samples: epoch * samples)
    guard restoration.counts.steps == due.steps, restoration.counts.samples == due.samples else {
      throw TrainingError(
        .checkpoint,
        "the checkpoint counts \(restoration.counts.steps) steps and \(restoration.counts.samples) samples, where "
          + "\(epoch) epochs have \(due.steps) and \(due.samples)")
    }
    let (rate, base) = (restoration.learningRate, specification.optimizer.learningRate)
    guard specification.schedule == nil ? rate == base : rate <= base else {
      throw TrainingError(
        .checkpoint, "the checkpoint's learning rate \(rate) is not one of a rule from \(base)")
    }
  }

  private func append(_ epoch: Epoch) {
    if scores.isEmpty { untrained = epoch.validation }
    last = epoch
    scores.append(EpochSelection.score(of: epoch.validation, untrained: untrained))
  }

  /// The next epoch: at first the untrained network, then trained, and evaluated outside the timed steps.
  ///
  /// A network that has stopped stays as it is: its last epoch is returned again.
  func nextEpoch() throws(RunFailure) -> Epoch {
    if hasStopped, let last { return last }
    do {
      let epoch = scores.isEmpty ? try evaluated(train: trainer.losses(on: train)) : try trainedEpoch()
      append(epoch)
      return epoch
    } catch {
      throw RunFailure(error, tasks: tasks)
    }
  }

  private func trainedEpoch() throws(TrainingError) -> Epoch {
    if let schedule = specification.schedule {
      let share = schedule.factor(epoch: scores.count, of: specification.epochs, validation: scores)
      try trainer.setLearningRate(share * specification.optimizer.learningRate)
    }
    let summary = try trainer.trainEpoch(on: train)
    stepSeconds += summary.stepSeconds
    var epoch = try evaluated(train: summary.meanLosses)
    epoch.weights = summary.meanWeights
    epoch.seenConflictRate = summary.seenConflictRate
    epoch.clippedShare = summary.clippedShare
    epoch.directionNorm = summary.directionNorm
    epoch.certificate = summary.certificate
    epoch.interventionShares = summary.interventionShares
    if specification.schedule != nil { epoch.learningRate = trainer.learningRate }
    return epoch
  }

  /// Every split is read in every run, the validation split to select the epoch.
  private static func requireSamples(
    in data: SuiteData, for specification: RunSpecification
  ) throws(TrainingError) {
    guard data.validation.sampleCount > 0 else {
      let reader =
        specification.earlyStopping != nil
        ? "early stopping" : specification.schedule?.readsValidation == true ? "a plateau" : "a run"
      throw TrainingError(
        .configuration,
        "\(reader) needs a validation split, but \(specification.suite) draws no validation sample")
    }
    for (split, samples) in [("training", data.train), ("test", data.test)] where samples.sampleCount == 0 {
      throw TrainingError(.shape, "\(specification.suite) draws no \(split) sample")
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
    guard Strategy.about.arrangement == .joint, trainer.sharesParameters else { return nil }
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
      labelled: labelled.map { labelled in share.map { labelled[$0] } }, tasks: share.map { tasks[$0] })
  }
}

extension NetworkTraining.Epoch {
  /// The part of a recorded epoch that belongs to the network of some tasks, without its diagnostics.
  fileprivate init(_ epoch: RunRecord.Epoch, of tasks: [Int]) {
    func share(_ values: [Double]) -> [Double] { tasks.map { values[$0] } }
    train = share(epoch.train)
    validation = share(epoch.validation)
    test = share(epoch.test)
    weights = epoch.weights.map(share)
    learningRate = epoch.learningRates?[tasks[0]]
    clippedShare = epoch.clippedShares?[tasks[0]]
  }
}

extension RunRecord.Epoch {
  /// An epoch of a run from that of its networks, whose tasks follow one another.
  init<Strategy>(epoch: Int, _ parts: [NetworkTraining<Strategy>.Epoch]) {
    let weights = parts.compactMap(\.weights)
    // One value a network: for its tasks the same.
    func eachTask(_ value: KeyPath<NetworkTraining<Strategy>.Epoch, Double?>) -> [Double]? {
      let values = parts.flatMap { part in part.train.compactMap { _ in part[keyPath: value] } }
      return values.isEmpty ? nil : values
    }
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
      seenConflictRate: parts.count == 1 ? parts[0].seenConflictRate : nil,
      learningRates: eachTask(\.learningRate),
      clippedShares: eachTask(\.clippedShare),
      directionNorm: parts.count == 1 ? parts[0].directionNorm : nil,
      solver: parts.count == 1 ? parts[0].certificate : nil,
      interventionShares: parts.count == 1 ? parts[0].interventionShares : nil)
  }
}
