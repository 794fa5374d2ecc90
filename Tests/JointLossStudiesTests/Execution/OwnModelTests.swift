import Foundation
import JointLossLinearAlgebra
import JointLossSuites
import JointLossTestSupport
import JointLossWeighting
import Testing

@testable import JointLossStudies
@testable import JointLossTraining

/// A suite that brings its own model in the network's place.
@Suite struct OwnModelTests {
  private let suites: SuiteRegistry
  private let strategies: StrategyRegistry

  init() throws {
    suites = try SuiteRegistry.builtIn.adding([Own.self, Twin.self])
    strategies = try Local.strategies()
  }

  private func plan(
    _ suite: String, _ further: String = "", strategies names: String = "equal, pcgrad, nash-mtl"
  ) throws -> RunPlan {
    let yaml = """
      strategies: [apart, {name: graddrop, set: {scope: representation}}, \(names)]
      suites: [\(suite)]
      seeds: 2
      baseline: apart
      \(further)

      """
    let study = try StudySpecification(yaml: yaml, file: "study.yaml")
    return try RunPlan(study, strategies: strategies, suites: suites)
  }

  @Test func `A model of the network's own layers gives the network's losses to the bit`() throws {
    let executor = RunExecutor(strategies: strategies, suites: suites)
    let (own, twin) = (try plan("own"), try plan("twin"))
    for (first, second) in zip(own.runs, twin.runs) {
      let (record, expected) = (try executor.run(first), try executor.run(second))
      #expect(record.footer.status == .completed, "\(record.footer.message ?? "")")
      #expect(record.epochs == expected.epochs && record.epochs.count == 4)
      #expect(record.footer.passes == expected.footer.passes)
      #expect(record.header.tasks == ["sum", "sign"] && record.header.step == expected.header.step)
    }
  }

  @Test func `Its runs have no trunk and no activation, in the record either`() throws {
    let run = try plan("own").runs[2]
    #expect(run.trunk == nil && run.activation == nil && run.modelText == "the suite's own model")
    #expect(try !run.canonicalJSON.contains("trunk") && !run.canonicalJSON.contains("activation"))
    let record = try RunExecutor(strategies: strategies, suites: suites).run(run)
    #expect(try RunRecord(content: record.fileContent(), file: "record") == record)

    let network = try plan("twin").runs[2]
    #expect(network.modelText == "trunk 4 (gelu)")
    let text = try network.canonicalJSON
    for (field, key) in [(#","trunk":[4]"#, "trunk"), (#""activation":"gelu","#, "activation")] {
      let cut = text.replacingOccurrences(of: field, with: "")
      #expect(cut != text)
      var half = try RunExecutor(strategies: strategies, suites: suites).run(network)
      half.header.specification = try JSONDecoder().decode(RunSpecification.self, from: Data(cut.utf8))
      #expect(half.defect?.key == "specification.\(key)")
    }
  }

  @Test(arguments: [
    ("architecture: {name: mmoe, experts: 2}", "architecture"), ("trunk: [8]", "trunk"),
    ("activation: tanh", "activation"), ("block: {layer-norm: true}", "block"),
  ])
  func `What a study says of a network is an error with its line`(line: String, key: String) {
    let error = #expect(throws: StudyError.self) { try plan("related, own", line) }
    #expect(
      error?.description
        == "study.yaml:5: \(key): on own: the suite has a model of its own, which no study changes")
  }

  @Test func `A strategy that the model cannot be trained by is an error with its line`() throws {
    let error = #expect(throws: StudyError.self) {
      try plan("own", "accumulation: 2", strategies: "equal")
    }
    #expect(
      error?.description
        == "study.yaml:1: strategies[1]: on own: graddrop reads the task gradients on the representation of the "
        + "whole batch, which is not split into 2 micro-batches")
  }

  @Test func `A whole study of it has checkpoints, kept models and a report`() async throws {
    let folder = try TemporaryFolder()
    let plan = try plan("own")
    let runner = StudyRunner(strategies: strategies, suites: suites)
    let records = try await runner.run(
      plan, store: RunStore(folder.path), jobs: 1, keepsModels: true, checkpointInterval: .zero)
    #expect(records.allSatisfy { $0.footer.status == .completed })
    #expect(try folder.names(in: "models").count == plan.runs.count)
    let (found, damaged) = try RunStore(existing: folder.path).records(of: plan)
    #expect(found == records && damaged.isEmpty)
    // By the study file alone, as where the suite is unknown.
    #expect(try RunStore(existing: folder.path).records(of: plan.study).records.count == records.count)
    let comparison = try Comparison(records: records, baseline: plan.baseline, reference: plan.reference)
    try Report.write(comparison, records: records, to: folder.path, gnuplot: "no-gnuplot") { _ in }
    let page = try String(contentsOfFile: "\(folder.path)/report.html", encoding: .utf8)
    #expect(
      page.contains("own; the suite's own model; ") || page.contains("own; the suite&#39;s own model; "))
  }

  @Test func `A run of a model that the suite no longer has, or did not have yet, fails with the reason`()
    throws
  {
    let networks = try SuiteRegistry.builtIn.adding([Forgetful.self])
    let cases = [
      (suites, networks, "the run is of a model that own had, and the suite has none"),
      (networks, suites, "the run is of a network, and own has a model of its own by now"),
    ]
    for (before, after, message) in cases {
      var study = Local.study()
      study.suites = [.init("own")]
      let run = try RunPlan(study, strategies: strategies, suites: before).runs[1]
      let record = try RunExecutor(strategies: strategies, suites: after).run(run)
      #expect(record.footer.status == .failed && record.epochs.isEmpty)
      #expect(record.footer.message == message)
    }
  }
}

/// A regression and a classification, for a model or for a network.
private protocol SumAndSign: TaskSuite {}

extension SumAndSign {
  var taskSpecifications: [TaskSpecification] {
    [
      TaskSpecification(name: "sum", loss: .meanSquaredError),
      TaskSpecification(name: "sign", loss: .binaryCrossEntropy),
    ]
  }

  func generate(using stream: inout PhiloxStream) throws -> SuiteData {
    func draw(_ samples: Int) throws -> TaskDataset {
      let rows = (0..<samples).map { _ in [stream.normal(), stream.normal()] }
      return try TaskDataset(
        inputCount: 2, inputs: rows.flatMap { $0 },
        targets: [rows.map { $0[0] + $0[1] }, rows.map { $0[0] > 0 ? 1 : 0 }], tasks: taskSpecifications)
    }
    return SuiteData(train: try draw(24), validation: try draw(16), test: try draw(16))
  }

  /// The layers of ``Twin``'s recipe; GELU is one that networks too train as a model.
  func layers(for tasks: [TaskSpecification]) throws(TrainingError) -> NetworkSpecification {
    try NetworkSpecification(inputs: 2, trunk: [4], activation: .gelu, tasks: tasks)
  }
}

private struct Own: SumAndSign {
  static let about = SuiteDescription("own", "A model of its own.", formula: "y_1 = a + b, y_2 = [a > 0]")
  let recipe = TrainingRecipe(epochs: 3, batchSize: 8, learningRate: 0.01)

  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? {
    (try? layers(for: tasks)).map { GraphModel<Float>(graph: NetworkGraph($0)) }
  }
}

private struct Twin: SumAndSign {
  static let about = SuiteDescription("twin", "The same layers.", formula: "y_1 = a + b, y_2 = [a > 0]")
  let recipe = TrainingRecipe(trunk: [4], activation: .gelu, epochs: 3, batchSize: 8, learningRate: 0.01)
  let inputCount: Int? = 2
}

/// A version of ``Own`` that is trained on a network.
private struct Forgetful: SumAndSign {
  static let about = SuiteDescription("own", "A network.", formula: "y_1 = a + b, y_2 = [a > 0]")
  let recipe = TrainingRecipe(trunk: [4], activation: .gelu, epochs: 3, batchSize: 8, learningRate: 0.01)
}
