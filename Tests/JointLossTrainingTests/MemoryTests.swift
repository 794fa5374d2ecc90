import AllocationCounter
import JointLossTraining
import JointLossWeighting
import Testing

/// The task gradients take memory only where a rule reads them one by one.
@Suite struct MemoryTests {
  private static let taskCount = 20

  private func network() throws -> NetworkSpecification {
    try NetworkSpecification(
      inputs: 64, trunk: [256, 256, 256], activation: .relu,
      tasks: (0..<Self.taskCount).map { TaskSpecification(name: "task \($0)", loss: .meanSquaredError) })
  }

  /// The bytes of the largest block of memory that a trainer and its first steps ask for.
  private func largestBlock<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws -> Int {
    let problem = try Problem(network(), samples: 8)
    let data = try PreparedData<Float>(problem.data, network: problem.network)
    _ = jl_take_largest_allocation()
    let trainer = try Trainer<Float, Strategy>(
      network: problem.network,
      strategy: Strategy(taskCount: Self.taskCount),
      optimizer: .sgd(learningRate: 0.01), batchSize: 8, seed: 0)
    for _ in 0..<2 { try trainer.step(on: data, samples: 0..<8) }
    return Int(jl_take_largest_allocation())
  }

  @Test(.enabled(if: jl_allocations_are_counted() != 0))
  func `Only a rule that reads the Jacobian has memory for it`() throws {
    let parameters = try Problem(network(), samples: 8).tensors.filter { $0.task == nil }
      .reduce(0) { $0 + $1.rows * $1.columns }
    let jacobian = Self.taskCount * parameters * MemoryLayout<Float>.size
    for block in try [
      largestBlock(EqualWeighting.self), largestBlock(PCGrad.self), largestBlock(MGDA.self),
      largestBlock(NashMTL.self), largestBlock(GradNorm.self),
    ] {
      #expect(block > 0 && block < jacobian / 8, "\(block) of \(jacobian)")
    }
    // Such a one holds it in Double.
    #expect(try largestBlock(MoCo.self) >= 2 * jacobian)
  }
}
