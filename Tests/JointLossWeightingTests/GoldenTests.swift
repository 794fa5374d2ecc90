import Foundation
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

  /// What is wrong with the reasons that are given for what is not compared.
  private func unexplained(_ mappings: [GoldenMapping]) throws -> [String] {
    let files = Dictionary(grouping: try GoldenCollection.vectors(mappings), by: \.url)
    return files.flatMap { url, entries -> [String] in
      let (name, reasons) = (url.lastPathComponent, entries.compactMap(\.mapping.why))
      let all = Set(entries.flatMap(\.file.cases).flatMap(\.steps).flatMap(\.expected.names))
      let left = all.subtracting(entries.flatMap(\.mapping.compare))
      var faults: [String] = []
      if !left.isEmpty && reasons.isEmpty { faults.append("\(name): no reason why \(left.sorted())") }
      if left.isEmpty && !reasons.isEmpty { faults.append("\(name): a reason, and all is compared") }
      if reasons.contains(where: { $0.count < 20 }) { faults.append("\(name): \(reasons) is no reason") }
      if entries.contains(where: { $0.mapping.name == nil && !$0.mapping.compare.isEmpty }) {
        faults.append("\(name): left out, and compared")
      }
      return faults
    }
  }

  @Test func `Every file is in the mapping, and what is not compared has its reason`() throws {
    let mappings = try GoldenCollection.mappings()
    #expect(try unexplained(mappings) == [])
    #expect(mappings.filter { $0.name == nil }.map(\.strategy) == ["pcd", "pcd"])
    // Without its entry a file is found, without its vector or its reason an entry is.
    let position = try #require(mappings.firstIndex { $0.name == nil })
    var fewer = mappings
    fewer.remove(at: position)
    #expect(throws: GoldenCollection.Unmapped.self) { try unexplained(fewer) }
    let compared = try #require(mappings.firstIndex { $0.compare == ["weights", "direction"] })
    var less = mappings
    less[compared] = mappings[compared].comparing(["direction"])
    #expect(try unexplained(less).count == 1)
  }

  @Test func `Where it matters that LibMTL's tasks visit themselves, the default is the paper's`() throws {
    let differing = try GoldenCollection.entries().filter { $0.mapping.visitsItselfLast == true }
    var seen = 0
    for entry in differing {
      for goldenCase in entry.file.cases where goldenCase.note != nil {
        let step = try #require(goldenCase.steps.first)
        let rows = try #require(step.jacobian)
        var rule = try Weigher<PCGrad>(taskCount: rows.count)
        let weights = try rule.weights(observing: StepObservation(jacobian: rows, orders: step.orders)).values
        let expected = try #require(step.expected.weights).compactMap { $0 }
        let distance = zip(weights, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(distance > 1e-3, "\(goldenCase.name): the same weights, in spite of the note")
        let paper = try ExplicitPCGrad.direction(jacobian: rows, orders: #require(step.orders))
        for (got, wanted) in zip(try Jacobian(rows: rows).direction(weights: weights), paper) {
          #expect(abs(got - wanted) <= 1e-12)
        }
        seen += 1
      }
    }
    #expect(seen >= 3)
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
    var strategy = try StrategyRegistry.builtIn.makeWeigher(
      #require(mapping.name), taskCount: taskCount, parameters: mapping.parameters(taskCount: taskCount))
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
        orders: mapping.orders(step), uniforms: step.uniforms, normals: step.normals)
      let weights = try strategy.weights(observing: observation)
      if let lossesAfter = step.lossesAfter { strategy.stepEnded(lossesAfter: lossesAfter) }
      if let losses = step.losses { means.add(losses: losses, samples: 1) }
      return GoldenAnswer(
        weights: weights.values,
        direction: weights.direction ?? observation.jacobian?.direction(weights: weights.values))
    }
  }
}
