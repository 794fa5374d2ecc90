import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting

/// A strategy to time, under the name of its row.
struct BenchmarkStrategy {
  let name: String
  let strategy: any WeightingStrategy

  /// Every strategy of a registry that trains one network, and one that can choose its gradient scope in both
  /// of them: `NAME` over all shared parameters, `NAME-last` over the last shared layer.
  static func all(in registry: StrategyRegistry, tasks: Int) throws(WeightingError) -> [BenchmarkStrategy] {
    var result: [BenchmarkStrategy] = []
    for type in registry.types where type.descriptor.arrangement == .joint {
      let name = type.descriptor.name
      guard type.descriptor.parameters.contains(where: { $0.name == "scope" }) else {
        result.append(
          BenchmarkStrategy(name: name, strategy: try registry.make(name, taskCount: tasks)))
        continue
      }
      for (suffix, scope) in [("", GradientScope.sharedParameters), ("-last", .lastSharedLayer)] {
        let strategy = try registry.make(
          name, taskCount: tasks, parameters: ["scope": .text(scope.rawValue)])
        result.append(BenchmarkStrategy(name: name + suffix, strategy: strategy))
      }
    }
    return result
  }
}

/// The time of a step and of its BLAS products alone, measured in turn in one run.
struct StepBenchmark: Encodable {
  let workload: String
  let strategy: String
  /// The median of a step.
  let microseconds: Double
  /// The median of its products.
  let floorMicroseconds: Double
  let ratio: Double
  /// The largest resident memory of the whole process while it held the trainer and the data, before the floor.
  let peakMemoryBytes: Int?
  /// The steps whose losses were compared with those of a trainer in `Double`.
  let checkedSteps: Int
  /// The largest relative deviation among these losses.
  let lossDeviation: Double
  let blasKernel: String
  let threads: Int?

  /// Times a step: forward, losses, gradients, weights and Adam.
  ///
  /// Steps and floor alternate in blocks of a twentieth of the time, so that both see the same machine.
  init<Strategy: WeightingStrategy>(
    _ workload: Workload, data: (timed: PreparedData<Float>, reference: PreparedData<Double>), name: String,
    strategy: Strategy, seconds: Double
  ) throws(TrainingError) {
    ProcessMemory.resetPeak()
    let trainer = try Trainer<Float, Strategy>(workload, strategy)
    var losses: [[Double]] = []
    for index in 0..<2 * Workload.batches {
      try trainer.step(index, of: workload, on: data.timed)
      if index < workload.checkedSteps { losses.append(trainer.lastLosses) }
    }
    peakMemoryBytes = ProcessMemory.peak
    checkedSteps = losses.count
    lossDeviation = try Self.deviation(of: losses, workload, data.reference, strategy)
    let (floor, kind) = (BLASFloor(workload), Self.floor(of: strategy))
    for _ in 0..<3 { floor.run(kind) }
    var (steps, floors): ([Double], [Double]) = ([], [])
    let start = ContinuousClock.now
    while steps.count < 7 || Self.elapsed(since: start) < seconds {
      try Self.block(of: seconds / 40, into: &steps) { (index) throws(TrainingError) in
        try trainer.step(index, of: workload, on: data.timed)
      }
      try Self.block(of: seconds / 40, into: &floors) { (_) throws(TrainingError) in floor.run(kind) }
    }
    self.workload = workload.name
    self.strategy = name
    microseconds = Self.median(steps) * 1e6
    floorMicroseconds = Self.median(floors) * 1e6
    ratio = microseconds / floorMicroseconds
    blasKernel = BLASLibrary.name
    threads = BLASLibrary.threads
  }

  /// How far losses are from those of the same steps in `Double`.
  private static func deviation<Strategy: WeightingStrategy>(
    of losses: [[Double]], _ workload: Workload, _ data: PreparedData<Double>, _ strategy: Strategy
  ) throws(TrainingError) -> Double {
    let trainer = try Trainer<Double, Strategy>(workload, strategy)
    var result = 0.0
    for (index, losses) in losses.enumerated() {
      try trainer.step(index, of: workload, on: data)
      for (loss, reference) in zip(losses, trainer.lastLosses) {
        result = max(result, abs(loss - reference) / abs(reference))
      }
    }
    return result
  }

  private static func floor<Strategy: WeightingStrategy>(of strategy: Strategy) -> BLASFloor.Kind {
    switch Strategy.Evidence.need {
    case .losses: .ordinary
    case .gradientNorms: strategy.gradientScope == .lastSharedLayer ? .lastLayer : .gramian
    case .gramian, .jacobian: .gramian
    }
  }

  private static func block(
    of seconds: Double, into times: inout [Double], _ body: (Int) throws(TrainingError) -> Void
  ) throws(TrainingError) {
    let start = ContinuousClock.now
    repeat {
      let begin = ContinuousClock.now
      try body(times.count)
      times.append(elapsed(since: begin))
    } while elapsed(since: start) < seconds
  }

  private static func elapsed(since start: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - start) / .seconds(1)
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

extension Trainer {
  /// The trainer of a workload.
  fileprivate convenience init(_ workload: Workload, _ strategy: Strategy) throws(TrainingError) {
    try self.init(
      network: workload.network(), strategy: strategy, optimizer: .adam(learningRate: 1e-3),
      batchSize: workload.batch, seed: 0)
  }

  /// A step on the batch whose turn it is; an epoch ends with the last of them.
  fileprivate func step(
    _ index: Int, of workload: Workload, on data: PreparedData<Scalar>
  ) throws(TrainingError) {
    let batch = index % Workload.batches
    try step(on: data, samples: batch * workload.batch..<(batch + 1) * workload.batch)
    if batch + 1 == Workload.batches { try endEpoch() }
  }
}
