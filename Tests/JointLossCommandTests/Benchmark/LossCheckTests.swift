import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossCommand

@Suite struct LossCheckTests {
  // With ten tasks what a rounding changes is of one size in every run, also where it is magnified.
  private static let workload = Workload(
    name: "test", inputs: 8, width: 16, layers: 2, tasks: 10, outputs: 2, batch: 12)

  private let data: TaskDataset

  init() throws { data = try Self.workload.data() }

  /// The losses of an epoch in `Float`.
  private func losses<Strategy: WeightingStrategy>(
    _ strategy: Strategy, rate: Double = Workload.learningRate
  ) throws -> [[Double]] {
    let trainer = try Trainer<Float, Strategy>(Self.workload, strategy)
    try trainer.setLearningRate(rate)
    let prepared = try PreparedData<Float>(data, network: Self.workload.network())
    return try (0..<Workload.batches).map { index in
      try trainer.step(index, of: Self.workload, on: prepared)
      return trainer.lastLosses
    }
  }

  private func check(_ losses: [[Double]], _ strategy: some WeightingStrategy) throws -> LossCheck {
    try LossCheck(of: losses, Self.workload, data, strategy)
  }

  private func fixed(_ first: Double) -> ShownGradients<NoGradients, OnLosses> {
    ShownGradients(TaskWeights([first] + [Double](repeating: 1, count: 9)))
  }

  @Test func `Every strategy passes, and needs no second reference`() throws {
    for row in try BenchmarkStrategy.all(in: .builtIn, tasks: 10) {
      let check = try check(losses(row.strategy), row.strategy)
      #expect(check.passes && check.sensitivity == nil, "\(row.name): \(check)")
      #expect(check.meanLosses.count == 8)
    }
  }

  @Test func `A trainer with a wrong weight or rate does not pass`() throws {
    #expect(try check(losses(fixed(1)), fixed(1)).passes)
    for weight in [1.2, 0.5, 0, -1] {
      let check = try check(losses(fixed(weight)), fixed(1))
      #expect(!check.passes && check.sensitivity ?? 1 < 1e-5, "\(weight): \(check)")
    }
    #expect(try !check(losses(fixed(1), rate: 1.02 * Workload.learningRate), fixed(1)).passes)
  }

  @Test func `A rule that magnifies roundings passes by what a rounding does to the reference`() throws {
    let losses = try losses(Magnifier())
    let check = try check(losses, Magnifier())
    let sensitivity = try #require(check.sensitivity)
    #expect(check.passes && check.deviation > 0.01 && sensitivity > 0.01)
    #expect(try !self.check(losses.map { $0.map { 2 * $0 } }, Magnifier()).passes)
  }

  @Test func `What is no number does not pass`() throws {
    var losses = try losses(fixed(1))
    losses[3][1] = .nan
    #expect(try !check(losses, fixed(1)).passes)
  }

  /// Weights from digits of the losses that rounding chooses.
  private struct Magnifier: WeightingStrategy {
    static let about = StrategyDescription(
      "magnifier", "magnifier", formula: "w = frac(10⁹ L)", weighs: .losses)

    init() {}

    func weights(for step: Step<NoGradients>) -> TaskWeights {
      TaskWeights(
        step.losses.map { (1e9 * $0).truncatingRemainder(dividingBy: 1) - 0.5 })
    }
  }
}
