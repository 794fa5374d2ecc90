import AllocationCounter
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// A step allocates nothing: the C library's allocation functions are counted in this process.
@Suite struct AllocationTests {
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  /// The allocations of twenty steps after a few that warm up, on batches of two sizes.
  private func allocations<Strategy: WeightingStrategy>(
    _ strategy: Strategy, samples: Int = 90, on network: NetworkSpecification? = nil,
    optimizer: OptimizerSpecification = .adam(learningRate: 1e-3), options: StepOptions = StepOptions(),
    mask: [[Bool]]? = nil
  ) throws -> Int {
    let whole =
      if let network {
        try Problem(network, samples: samples)
      } else {
        try Problem(inputs: 40, trunk: [33, 20], activation: .relu, tasks: Self.tasks, samples: samples)
      }
    let problem = try mask.map { try whole.masked($0) } ?? whole
    let trainer = try Trainer<Float, Strategy>(
      network: problem.network, strategy: strategy, optimizer: optimizer, batchSize: samples, seed: 0,
      options: options)
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    func run(_ steps: Int) throws {
      for step in 0..<steps {
        try trainer.step(on: data, samples: 0..<(step.isMultiple(of: 2) ? samples : samples - 7))
      }
    }
    try run(6)
    let before = jl_allocation_count()
    try run(20)
    return Int(jl_allocation_count() - before)
  }

  @Test(.enabled(if: jl_allocations_are_counted() != 0))
  func `The counter counts`() {
    let before = jl_allocation_count()
    let array = [Int](unsafeUninitializedCapacity: 1000) {
      $1 = 1000; $0.initialize(repeating: 1)
    }
    #expect(jl_allocation_count() > before && array.count == 1000)
  }

  #if DEBUG
    private static let isOptimised = false
  #else
    private static let isOptimised = true
  #endif

  #if os(Linux)
    // A counter that is not compiled in would let the next test be skipped without a word.
    @Test func `On Linux allocations are counted`() { #expect(jl_allocations_are_counted() != 0) }
  #endif

  @Test(
    .enabled(if: jl_allocations_are_counted() != 0),
    .enabled(if: isOptimised, "generic code that is not specialised allocates: run it with -c release"),
    arguments: [20, 90])
  func `No step allocates`(samples: Int) throws {
    // As in a study; threads of the BLAS are woken with memory of its own.
    BLASLibrary.setThreads(1)
    let weights = [0.3, 1.7, 1]
    func losses(_ to: TaskWeights.Application) throws -> Int {
      try allocations(constantWeights(NoGradients.self, weights, appliesTo: to), samples: samples)
    }
    func gramian(_ to: TaskWeights.Application) throws -> Int {
      try allocations(constantWeights(Gramian.self, weights, appliesTo: to), samples: samples)
    }
    func norms(_ scope: GradientScope) throws -> Int {
      try allocations(
        ConstantWeights<GradientNorms, OnLosses>(weights, scope: scope), samples: samples)
    }
    let equal = EqualWeighting()
    #expect(try allocations(equal, samples: samples) == 0)
    #expect(try losses(.losses) == 0)
    #expect(try losses(.sharedGradient) == 0)
    #expect(try gramian(.losses) == 0)
    #expect(try gramian(.sharedGradient) == 0)
    #expect(try norms(.sharedParameters) == 0)
    #expect(try norms(.lastSharedLayer) == 0)
    #expect(try norms(.allParameters) == 0)
  }

  @Test(
    .enabled(if: jl_allocations_are_counted() != 0),
    .enabled(if: isOptimised, "generic code that is not specialised allocates: run it with -c release"))
  func `Nor does one of a rule that gives a direction or an update`() throws {
    BLASLibrary.setThreads(1)
    let mask = Self.tasks.indices.map { task in (0..<90).map { task != 1 || $0 >= 83 } }
    for optimizer in [
      OptimizerSpecification.sgd(learningRate: 1e-3), .adam(learningRate: 1e-3), .adamw(learningRate: 1e-3),
    ] {
      #expect(try allocations(try AdaTask(taskCount: Self.tasks.count), optimizer: optimizer) == 0)
      #expect(
        try allocations(try AdaTask(taskCount: Self.tasks.count), optimizer: optimizer, mask: mask) == 0)
    }
    let moco = try MoCo(taskCount: Self.tasks.count)
    #expect(try allocations(moco) == 0)
    for scope in ["shared-parameters", "representation"] {
      #expect(
        try allocations(try GradDrop(taskCount: Self.tasks.count, parameters: ["scope": .text(scope)])) == 0)
    }
  }

  @Test(
    .enabled(if: jl_allocations_are_counted() != 0),
    .enabled(if: isOptimised, "generic code that is not specialised allocates: run it with -c release"),
    arguments: [
      OptimizerSpecification.sgd(learningRate: 1e-3), .nesterov(learningRate: 1e-3),
      .adamw(learningRate: 1e-3),
      .kfac(learningRate: 1e-3, interval: 1), .kfac(learningRate: 1e-3, interval: 3),
    ])
  func `No optimiser allocates in a step`(optimizer: OptimizerSpecification) throws {
    BLASLibrary.setThreads(1)
    let losses = ConstantWeights<NoGradients, OnSharedGradient>([0.3, 1.7, 1])
    #expect(
      try allocations(losses, samples: 90, optimizer: optimizer, options: StepOptions(clipNorm: 0.1)) == 0)
    let gramian = ConstantWeights<Gramian, OnLosses>([0.3, 1.7, 1])
    #expect(
      try allocations(gramian, samples: 90, optimizer: optimizer, options: StepOptions(clipNorm: 0.1)) == 0)
    for test in NetworkCase.all where test.network.tasks.count == 3 {
      #expect(try allocations(gramian, samples: 20, on: test.network, optimizer: optimizer) == 0)
    }
  }

  @Test(
    .enabled(if: jl_allocations_are_counted() != 0),
    .enabled(if: isOptimised, "generic code that is not specialised allocates: run it with -c release"),
    arguments: NetworkCase.all)
  func `No step of any architecture allocates`(_ test: NetworkCase) throws {
    BLASLibrary.setThreads(1)
    let (network, weights) = (test.network, Array([0.3, 1.7, 1].prefix(test.network.tasks.count)))
    let losses = ConstantWeights<NoGradients, OnSharedGradient>(weights)
    #expect(try allocations(losses, samples: 20, on: network) == 0)
    let gramian = ConstantWeights<Gramian, OnSharedGradient>(weights)
    #expect(try allocations(gramian, samples: 20, on: network) == 0)
    for scope in GradientScope.onParameters {
      let norms = ConstantWeights<GradientNorms, OnLosses>(weights, scope: scope)
      #expect(try allocations(norms, samples: 20, on: network) == 0)
    }
    let whole = StepOptions(gradientScope: .allParameters)
    #expect(try allocations(gramian, samples: 20, on: network, options: whole) == 0)
    guard network.architecture == .hardSharing else { return }
    let scope = StepOptions(gradientScope: .representation)
    #expect(try allocations(gramian, samples: 20, on: network, options: scope) == 0)
  }

  @Test(
    .enabled(if: jl_allocations_are_counted() != 0),
    .enabled(if: isOptimised, "generic code that is not specialised allocates: run it with -c release"))
  func
    `Nor does one in parts, to matched norms, without the labels of a task, or between two sets of weights`()
    throws
  {
    func make<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws -> Strategy {
      try Strategy(taskCount: Self.tasks.count)
    }
    // The second task has labels in the last seven samples alone, which every other batch leaves out.
    let mask = Self.tasks.indices.map { task in (0..<90).map { task != 1 || $0 >= 83 } }
    let gramian = ConstantWeights<Gramian, OnSharedGradient>([0.3, 1.7, 1])
    let matched = StepOptions(headPolicy: .weighted, scalePolicy: .matchNorm)
    #expect(
      try allocations(
        make(UncertaintyWeighting.self), options: StepOptions(accumulation: 4), mask: mask) == 0)
    #expect(try allocations(make(EqualWeighting.self), options: matched, mask: mask) == 0)
    #expect(try allocations(make(GradNorm.self), options: matched, mask: mask) == 0)
    #expect(try allocations(gramian, options: matched, mask: mask) == 0)
    #expect(try allocations(make(EveryKSteps<MGDA>.self), options: matched) == 0)
    #expect(try allocations(make(EveryKSteps<MGDA>.self), mask: mask) == 0)
    #expect(try allocations(make(EveryKSteps<GradNorm>.self), mask: mask) == 0)
    // Every other step, so that the rule's second step, whose first change of its logits copies them, comes early.
    let parts = StepOptions(accumulation: 4)
    #expect(
      try allocations(
        try EveryKSteps<ExcessMTL>(
          taskCount: Self.tasks.count,
          parameters: ["every-steps": .number(2)])) == 0)
    #expect(
      try allocations(
        try EveryKSteps<ExcessMTL>(
          taskCount: Self.tasks.count,
          parameters: ["every-steps": .number(2)]), options: parts) == 0)
    #expect(try allocations(make(MoCo.self), options: parts) == 0)
    #expect(try allocations(make(AdaTask.self), options: parts, mask: mask) == 0)
    #expect(
      try allocations(
        gramian, options: StepOptions(gradientScope: .representation, scalePolicy: .sumToTasks),
        mask: mask) == 0)
  }
}
