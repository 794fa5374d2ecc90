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
    for type in registry.types where type.about.arrangement == .joint {
      let name = type.about.name
      let kind = type.parameters.first { $0.name == "scope" }?.kind
      guard case .choice(_, let scopes)? = kind, scopes.contains(GradientScope.lastSharedLayer.rawValue)
      else {
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
  /// The first losses beside those of the reference.
  let check: LossCheck
  let blasKernel: String
  let threads: Int?

  /// Times a step: forward, losses, gradients, weights and Adam.
  ///
  /// The reference runs at the end, when the trainer is gone: neither times nor peak contain it.
  init<Strategy: WeightingStrategy>(
    _ workload: Workload, data: (timed: PreparedData<Float>, reference: TaskDataset), name: String,
    strategy: Strategy, seconds: Double
  ) throws {
    let run = try Self.run(workload, on: data.timed, strategy, seconds: seconds)
    check = try LossCheck(of: run.losses, workload, data.reference, strategy)
    self.workload = workload.name
    self.strategy = name
    peakMemoryBytes = run.peak
    microseconds = Self.median(run.steps) * 1e6
    floorMicroseconds = Self.median(run.floors) * 1e6
    ratio = microseconds / floorMicroseconds
    blasKernel = BLASLibrary.name
    threads = BLASLibrary.threads
  }

  /// Takes the first losses and the peak memory, then times.
  ///
  /// Steps and floor alternate in blocks of a twentieth of the time, so that both see the same machine.
  private static func run<Strategy: WeightingStrategy>(
    _ workload: Workload, on data: PreparedData<Float>, _ strategy: Strategy, seconds: Double
  ) throws(TrainingError) -> (losses: [[Double]], peak: Int?, steps: [Double], floors: [Double]) {
    ProcessMemory.resetPeak()
    let trainer = try Trainer<Float, Strategy>(workload, strategy)
    var losses: [[Double]] = []
    for index in 0..<2 * Workload.batches {
      try trainer.step(index, of: workload, on: data)
      if index < workload.checkedSteps { losses.append(trainer.lastLosses) }
    }
    let peak = ProcessMemory.peak
    let floor = BLASFloor(workload, BLASFloor.Kind(of: strategy))
    for _ in 0..<3 { floor.run() }
    var (steps, floors): ([Double], [Double]) = ([], [])
    let start = ContinuousClock.now
    while steps.count < 7 || elapsed(since: start) < seconds {
      try block(of: seconds / 40, into: &steps) { (index) throws(TrainingError) in
        try trainer.step(index, of: workload, on: data)
      }
      try block(of: seconds / 40, into: &floors) { (_) throws(TrainingError) in floor.run() }
    }
    return (losses, peak, steps, floors)
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
  convenience init(_ workload: Workload, _ strategy: Strategy) throws(TrainingError) {
    try self.init(
      network: workload.network(), strategy: strategy, optimizer: .adam(learningRate: Workload.learningRate),
      batchSize: workload.batch, seed: 0)
  }

  /// A step on the batch whose turn it is; an epoch ends with the last of them.
  func step(
    _ index: Int, of workload: Workload, on data: PreparedData<Scalar>
  ) throws(TrainingError) {
    let batch = index % Workload.batches
    try step(on: data, samples: batch * workload.batch..<(batch + 1) * workload.batch)
    if batch + 1 == Workload.batches { try endEpoch() }
  }
}
