import AllocationCounter
import JointLossTraining
import JointLossWeighting
import Testing

/// A step allocates nothing: the C library's allocation functions are counted in this process.
@Suite struct AllocationTests {
  private static let tasks: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1),
  ]

  /// The allocations of twenty steps after a few that warm up, on batches of two sizes.
  private func allocations<Strategy: WeightingStrategy>(_ strategy: Strategy, samples: Int = 90) throws -> Int
  {
    let problem = try Problem(
      inputs: 40, trunk: [33, 20], activation: .relu, tasks: Self.tasks, samples: samples)
    let trainer = try Trainer<Float, Strategy>(
      network: problem.network, strategy: strategy, optimizer: .adam(learningRate: 1e-3),
      batchSize: samples, seed: 0)
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

  @Test(.enabled(if: StrategyAllocationTests.isCounted), arguments: [20, 90])
  func `No step allocates`(samples: Int) throws {
    let weights = [0.3, 1.7, 1]
    func losses(_ to: TaskWeights.Application) throws -> Int {
      try allocations(ConstantWeights<LossEvidence>(weights, appliesTo: to), samples: samples)
    }
    func gramian(_ to: TaskWeights.Application) throws -> Int {
      try allocations(ConstantWeights<GramianEvidence>(weights, appliesTo: to), samples: samples)
    }
    func norms(_ scope: GradientScope) throws -> Int {
      try allocations(
        ConstantWeights<GradientNormEvidence>(weights, appliesTo: .losses, scope: scope), samples: samples)
    }
    let equal = EqualWeighting(
      try StrategySetup(for: EqualWeighting.descriptor, taskCount: weights.count))
    #expect(try allocations(equal, samples: samples) == 0)
    #expect(try losses(.losses) == 0)
    #expect(try losses(.sharedGradient) == 0)
    #expect(try gramian(.losses) == 0)
    #expect(try gramian(.sharedGradient) == 0)
    #expect(try norms(.sharedParameters) == 0)
    #expect(try norms(.lastSharedLayer) == 0)
  }
}
