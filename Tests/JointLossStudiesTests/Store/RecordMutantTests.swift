import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

/// Records with wrong content and right checksums: each is refused with its line or can be reported.
@Suite struct RecordMutantTests {
  private static func record(_ strategy: String, seed: UInt64 = 0) throws -> RunRecord {
    let study = Local.study([.init(strategy)])
    let plan = try Local.plan(study)
    let run = try #require(plan.runs.first { $0.strategy == strategy && $0.seed == seed })
    return try RunExecutor(strategies: Local.strategies(), suites: Local.suites()).run(run)
  }

  /// The content of a record's file without its checksum.
  private static func unsealed(_ record: RunRecord) throws -> Data {
    var content = try record.fileContent()
    let seal = try #require(content.range(of: Data(#""checksum":"0123456789abcdef","#.utf8.prefix(12))))
    content.removeSubrange(seal.lowerBound..<seal.lowerBound + 30)
    return content
  }

  private static func sealed(_ content: Data) -> Data {
    guard let opening = content.range(of: Data(#""measured":{"#.utf8), options: .backwards) else {
      return content
    }
    var sealed = content
    let seal = "\"checksum\":\"\(StableHash.digits(of: String(decoding: content, as: UTF8.self)))\","
    sealed.insert(contentsOf: seal.utf8, at: opening.upperBound)
    return sealed
  }

  @Test func `20,000 mutants of a record are refused by line, or reported`() throws {
    let own = try Self.record("pcgrad")
    let others = try [Self.record("apart"), Self.record("equal"), Self.record("equal", seed: 1)]
    #expect(try RunRecord(content: Self.sealed(Self.unsealed(own)), file: "own") == own)
    var mutator = Mutator(try Self.unsealed(own), seed: 11)
    var (refused, accepted) = (0, 0)
    for _ in 0..<20_000 {
      do {
        let record = try RunRecord(content: Self.sealed(Data(mutator.next())), file: "record")
        accepted += 1
        guard accepted.isMultiple(of: 40) else { continue }
        let again = try #require(try? record.fileContent())
        #expect(try RunRecord(content: again, file: "again") == record)
        // What reading accepts must be reported, or refused beside the other records with a reason.
        if let comparison = try? Comparison(records: others + [record], baseline: "apart", reference: "equal")
        {
          #expect(!Report.text(comparison).isEmpty)
        }
      } catch let error as StudyError {
        refused += 1
        #expect(error.file == "record" && error.description.unicodeScalars.count < 700, "\(error)")
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(refused > 10_000 && accepted > 1_000, "\(refused) refused, \(accepted) accepted")
  }

  @Test(arguments: [
    (#""steps":9"#, #""steps":-1"#, "passes"),
    (#""samples":72"#, #""samples":9223372036854775807"#, "passes"),
    (#""epochs":3"#, #""epochs":9223372036854775807"#, "specification.epochs"),
    (#""seconds":"#, #""seconds":-"#, "measured"),
    (#""conflictRate":"#, #""conflictRate":7e"#, "conflictRate"),
    (#""gradientNorms":["#, #""gradientNorms":[-"#, "gradientNorms"),
    (#"{"kind""#, #"{"kind":"header","kind""#, "given twice"),
  ])
  func `A value that cannot be is refused with its key`(old: String, new: String, key: String) throws {
    let text = String(decoding: try Self.unsealed(Self.record("pcgrad")), as: UTF8.self)
    let place = try #require(text.range(of: old), "\(old) is not in \(text)")
    let edited = Self.sealed(Data(text.replacingCharacters(in: place, with: new).utf8))
    let error = #expect(throws: StudyError.self) { try RunRecord(content: edited, file: "record") }
    #expect(error?.description.contains(key) == true, "\(error?.description ?? "")")
  }

  @Test func `20,000 mutants of a study file are refused with a line, or read back equal`() throws {
    let text = """
      suites:
        - related
        - {name: local, label: "a, b", set: {noise: 0.2, tasks: 3}}
      strategies: [equal, {name: gradnorm, set: {alpha: 1.5}}, {name: fixed, set: {weights: [1, 2, 3]}}]
      seeds: [1, 2, 7]
      epochs: 4
      learning-rate: 0.01
      batch-size: 8
      optimizer: kfac
      momentum: 0.9
      factor-interval: 10
      schedule: {name: step, every: 2, factor: 0.5, warm-up: 1}
      early-stopping: {patience: 3, minimum-improvement: 0.001}
      architecture: {name: mmoe, experts: 2}
      trunk: [8, 4]
      block: {layer-norm: true, dropout: 0.1, residual: false}
      accumulation: 2
      clip-norm: 1
      baseline: apart
      reference: equal

      """
    _ = try StudySpecification(yaml: text, file: "study")
    var mutator = Mutator(text.utf8, seed: 12)
    var (refused, accepted) = (0, 0)
    for _ in 0..<20_000 {
      do {
        let study = try StudySpecification(content: Data(mutator.next()), file: "study")
        accepted += 1
        guard accepted.isMultiple(of: 20) else { continue }
        #expect(try StudySpecification(yaml: study.yaml, file: "again") == study)
        if study.seedValues.count < 100 { _ = try? Local.plan(study) }
      } catch {
        refused += 1
        let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == error.further.count + 1 && lines.allSatisfy { $0.count < 700 }, "\(error)")
        #expect(error.file == "study")
      }
    }
    #expect(refused > 5_000 && accepted > 1_000, "\(refused) refused, \(accepted) accepted")
  }
}
