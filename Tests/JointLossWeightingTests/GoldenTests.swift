import JointLossTestSupport
import JointLossWeighting
import Testing

@Suite struct GoldenTests {
  @Test func `The strategies reproduce every golden vector`() throws {
    let entries = try GoldenCollection.entries()
    #expect(entries.count >= 25)
    for entry in entries {
      for goldenCase in entry.file.cases {
        let mismatches = entry.mismatches(
          of: try answers(to: goldenCase, of: entry.mapping), from: goldenCase)
        #expect(mismatches.isEmpty, "\(mismatches.joined(separator: "\n"))")
      }
    }
  }

  @Test func `Where nothing is compared, the file's notes say so and we do differ there`() throws {
    let differing = try GoldenCollection.entries().filter { $0.mapping.compare.isEmpty }
    #expect(!differing.isEmpty)
    for entry in differing {
      #expect(entry.mapping.why != nil)
      for goldenCase in entry.file.cases where goldenCase.note != nil {
        let step = try #require(goldenCase.steps.first)
        let answer = try #require(answers(to: goldenCase, of: entry.mapping).first)
        let expected = try #require(step.expected.weights).compactMap { $0 }
        let distance = zip(answer.weights, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(
          distance > 1e-3, "\(goldenCase.name): the same weights, in spite of “\(entry.mapping.why ?? "")”")
        let paper = try ExplicitPCGrad.direction(
          jacobian: #require(step.jacobian), orders: #require(step.orders))
        for (got, wanted) in zip(try #require(answer.direction), paper) {
          #expect(abs(got - wanted) <= 1e-12)
        }
      }
    }
  }

  @Test func `The comparison rejects a weight that is off by ten tolerances, and NaN`() throws {
    let entry = try #require(try GoldenCollection.entries().first { $0.mapping.name == "uncertainty" })
    let goldenCase = try #require(entry.file.cases.first)
    let right = try answers(to: goldenCase, of: entry.mapping)
    for error in [1e-5, -1e-5, .nan] {
      var wrong = right
      wrong[3] = GoldenAnswer(weights: right[3].weights.map { $0 + error }, direction: right[3].direction)
      #expect(entry.mismatches(of: wrong, from: goldenCase).count == 1)
    }
    #expect(!entry.mismatches(of: right.dropLast(), from: goldenCase).isEmpty)
  }

  private func answers(
    to goldenCase: GoldenFile.Case, of mapping: GoldenMapping
  ) throws -> [GoldenAnswer] {
    let first = try #require(goldenCase.steps.first)
    let taskCount = try #require(first.taskCount)
    var strategy = try StrategyRegistry.builtIn.make(
      mapping.name, taskCount: taskCount, parameters: mapping.parameters(taskCount: taskCount))
    var means = EpochMeans(taskCount: taskCount)
    var epoch = first.epoch
    return try goldenCase.steps.map { step in
      if step.epoch != epoch {
        strategy.epochEnded(meanLosses: try #require(means.means))
        means.reset()
        epoch = step.epoch
      }
      var observation = StepObservation(losses: step.losses ?? [])
      observation.jacobian = try step.jacobian.map { try Jacobian(rows: $0) }
      observation.gramian = observation.jacobian?.gramian
      observation.jacobians = try step.jacobians?.map { try Jacobian(rows: $0) }
      observation.draws = InjectedDraws(
        orders: step.orders, uniforms: step.uniforms, normals: step.normals)
      let weights = try strategy.weights(observing: observation)
      if let lossesAfter = step.lossesAfter { strategy.stepEnded(lossesAfter: lossesAfter) }
      if let losses = step.losses { means.add(losses: losses, samples: 1) }
      return GoldenAnswer(
        weights: weights.values,
        direction: weights.direction ?? observation.jacobian?.direction(weights: weights.values))
    }
  }
}
