import Foundation
import JointLossTestSupport
import JointLossWeighting
import Subprocess
import Testing

@Suite struct GoldenWeighTests {
  @Test(.timeLimit(.minutes(5)))
  func `The command reproduces every golden vector`() async throws {
    for entry in try GoldenCollection.entries() {
      for batch in batches(of: entry.file.cases) {
        let answers = try await weigh(batch, with: entry.mapping)
        var position = 0
        for goldenCase in batch {
          let own = Array(answers[position..<position + goldenCase.steps.count])
          position += goldenCase.steps.count
          let mismatches = entry.mismatches(of: own, from: goldenCase)
          #expect(mismatches.isEmpty, "\(mismatches.joined(separator: "\n"))")
        }
      }
    }
  }

  /// Cases that one process can answer: a stateful case alone, stateless ones together by number of tasks.
  private func batches(of cases: [GoldenFile.Case]) -> [[GoldenFile.Case]] {
    let stateful = cases.filter { $0.steps.count > 1 }
    let stateless = cases.filter { $0.steps.count == 1 }
    return stateful.map { [$0] }
      + Dictionary(grouping: stateless) { $0.steps.first?.taskCount ?? 0 }.values
  }

  private func weigh(_ cases: [GoldenFile.Case], with mapping: GoldenMapping) async throws -> [GoldenAnswer] {
    let encoder = JSONEncoder()
    let lines = try cases.flatMap(\.steps).map { step in
      let line = Line(
        losses: step.losses, jacobian: step.jacobian, epoch: step.epoch, orders: mapping.orders(step),
        normals: step.normals, uniforms: step.uniforms, jacobians: step.jacobians,
        lossesAfter: step.lossesAfter)
      return String(decoding: try encoder.encode(line), as: UTF8.self)
    }
    let first = cases.first?.steps.first
    let taskCount = first?.taskCount ?? 0
    let settings = mapping.parameters(taskCount: taskCount).flatMap { ["--set", "\($0.key)=\($0.value)"] }
    let name = try #require(mapping.name)
    let result = try await run(
      .name("jointloss"), arguments: Arguments(["weigh", name] + settings),
      environment: .inherit.updating(["PATH": BuiltProducts.folder]),
      input: .string(lines.joined(separator: "\n") + "\n"), output: .string(limit: 1 << 24),
      error: .string(limit: 1 << 16))
    #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
    let answers = try result.standardOutput.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    try #require(answers.count == lines.count)
    return answers.map { GoldenAnswer(weights: $0.weights, direction: $0.direction) }
  }

  private struct Line: Encodable {
    let losses: [Double]?
    let jacobian: [[Double]]?
    let epoch: Int?
    let orders: [[Int]]?
    let normals: [Double]?
    let uniforms: [Double]?
    let jacobians: [[[Double]]]?
    let lossesAfter: [Double]?

    private enum CodingKeys: String, CodingKey {
      case losses, jacobian, epoch, orders, normals, uniforms, jacobians
      case lossesAfter = "losses_after"
    }
  }

  private struct Answer: Decodable {
    let weights: [Double]
    let direction: [Double]?
  }
}
