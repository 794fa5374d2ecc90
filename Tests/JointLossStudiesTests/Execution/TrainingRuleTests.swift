import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies
import JointLossSuites

/// Schedules, clipping and early stopping in runs and their records.
@Suite struct TrainingRuleTests {
  private func records(_ change: (inout StudySpecification) throws -> Void) throws -> [RunRecord] {
    var study = Local.study()
    study.epochs = 12
    study.optimizer = .sgd
    study.learningRate = 0.4
    try change(&study)
    let executor = try RunExecutor(strategies: Local.strategies(), suites: Local.suites())
    return try Local.plan(study).runs.map { try executor.run($0) }
  }

  @Test func `Early stopping ends a network after its patience, separate networks one by one`() throws {
    let stopping = try EarlyStopping(patience: 2, minimumImprovement: 0.01)
    let (all, stopped) = try (
      records { _ in },
      records { $0.earlyStopping = stopping }
    )
    var differences = 0
    for (whole, record) in zip(all, stopped) {
      #expect(whole.footer.stoppedAt == nil && whole.epochs.count == 13)
      #expect(record.defect == nil && record.footer.status == .completed)
      let ends = try #require(record.footer.stoppedAt)
      let isSeparate = record.header.specification.strategy == "apart"
      #expect(ends.count == 2 && (isSeparate || ends[0] == ends[1]))
      if ends[0] != ends[1] { differences += 1 }
      #expect(record.epochs.count == (ends.max() ?? 0) + 1)
      for (task, end) in ends.enumerated() {
        let losses = record.epochs.map { $0.validation[task] }
        // What came before the end is what it would have been; what follows repeats the last epoch.
        #expect(Array(losses[...end]) == whole.epochs[...end].map { $0.validation[task] })
        for epoch in record.epochs[end...] {
          #expect(epoch.validation[task] == losses[end] && epoch.test[task] == record.epochs[end].test[task])
          #expect(epoch.train[task] == record.epochs[end].train[task] && epoch.weights?.count == 2)
        }
        guard isSeparate else { continue }
        let scores = losses.map { $0 / losses[0] }
        #expect(end == 12 || stopping.ends(validation: Array(scores[...end])))
        #expect(!stopping.ends(validation: Array(scores[..<end])))
      }
      let steps = isSeparate ? 3 * (ends[0] + ends[1]) : 3 * ends[0]
      #expect(record.footer.passes.steps == steps)
    }
    #expect(differences > 0, "no seed on which the two networks stop apart: the test shows nothing")
  }

  @Test func `A record with a stop that never was contradicts itself`() throws {
    var record = try #require(try records { $0.earlyStopping = try EarlyStopping(patience: 1) }.first)
    #expect(record.defect == nil)
    let ends = record.footer.stoppedAt ?? []
    record.footer.stoppedAt = [ends[0]]
    #expect(record.defect?.key == "stoppedAt")
    record.footer.stoppedAt = ends.map { $0 + 1 }
    #expect(record.defect?.key == "stoppedAt")
    record.footer.stoppedAt = ends.map { _ in 0 }
    #expect(record.defect?.key == "status")
  }

  @Test func `The rate of each epoch is in its line`() throws {
    for record in try records({
      $0.schedule = try LearningRateSchedule(.step(every: 4, factor: 0.5), warmUp: 1)
    }) {
      #expect(record.defect == nil && record.epochs[0].learningRates == nil)
      let rates = record.epochs.dropFirst().map { $0.learningRates ?? [] }
      #expect(rates == [0.2, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1].map { [$0, $0] })
    }
    for record in try records({ _ in }) {
      #expect(record.epochs.allSatisfy { $0.learningRates == nil && $0.clippedShares == nil })
    }
  }

  @Test func `A plateau follows the validation loss of its network`() throws {
    let schedule = try LearningRateSchedule(.plateau(patience: 1, factor: 0.5))
    var drops = 0
    for record in try records({ $0.schedule = schedule })
    where record.header.specification.strategy == "apart" {
      for task in 0..<2 {
        let scores = record.epochs.map { $0.validation[task] / record.epochs[0].validation[task] }
        for epoch in 1...12 {
          let factor = schedule.factor(epoch: epoch, of: 12, validation: Array(scores[..<epoch]))
          #expect(record.epochs[epoch].learningRates?[task] == 0.4 * factor)
          if factor < 1 { drops += 1 }
        }
      }
    }
    #expect(drops > 0, "no epoch in which the loss was worse: the test shows nothing")
  }

  @Test func `The share of clipped steps is in each epoch's line`() throws {
    let all = try records { $0.clipNorm = 1e-3 }
    #expect(all.allSatisfy { $0.epochs.dropFirst().allSatisfy { $0.clippedShares == [1, 1] } })
    let none = try records { $0.clipNorm = 1e3 }
    #expect(none.allSatisfy { $0.epochs.dropFirst().allSatisfy { $0.clippedShares == [0, 0] } })
    #expect(
      none.map { $0.epochs.map(\.validation) } == (try records { _ in }).map { $0.epochs.map(\.validation) })
  }

  @Test(arguments: StudySpecification.Optimizer.allCases)
  func `Every optimiser trains`(optimizer: StudySpecification.Optimizer) throws {
    let records = try records {
      $0.optimizer = optimizer
      $0.learningRate = optimizer == .kfac ? 0.1 : 0.02
    }
    for record in records {
      #expect(record.footer.status == .completed)
      let (first, last) = (record.epochs[0], record.epochs[12])
      for task in 0..<2 { #expect(last.train[task] < 0.9 * first.train[task]) }
    }
  }

  @Test(arguments: [
    LearningRateSchedule.Shape.constant, .cosine(final: 0.1), .step(every: 2, factor: 0.5),
    .plateau(patience: 1, factor: 0.5),
  ])
  func `Every schedule trains`(shape: LearningRateSchedule.Shape) throws {
    for warmUp in [0, 2] {
      let schedule = try LearningRateSchedule(shape, warmUp: warmUp)
      for record in try records({
        $0.schedule = schedule; $0.learningRate = 0.1
      }) {
        #expect(record.footer.status == .completed && record.defect == nil)
        let (first, last) = (record.epochs[0], record.epochs[12])
        for task in 0..<2 { #expect(last.train[task] < 0.9 * first.train[task]) }
      }
    }
  }

  @Test func `Runs from before keep their identity`() throws {
    let plain = try Local.plan(Local.study()).runs
    var study = Local.study()
    study.schedule = try LearningRateSchedule(.constant)
    #expect(try Local.plan(study).runs == plain)
    for run in plain {
      let json = try run.canonicalJSON
      for key in ["schedule", "clipNorm", "earlyStopping", "step", "weightDecay"] {
        #expect(!json.contains("\"\(key)\":"))
      }
    }
    study.clipNorm = 1
    study.earlyStopping = try EarlyStopping(patience: 3)
    study.schedule = try LearningRateSchedule(.cosine(final: 0.1))
    for (run, before) in zip(try Local.plan(study).runs, plain) {
      #expect(try run.identity != before.identity)
      let encoded = try JSONEncoder().encode(run)
      #expect(try JSONDecoder().decode(RunSpecification.self, from: encoded) == run)
    }
  }

  @Test func `Without a validation split nothing is selected, and the message says who asked`() throws {
    func message(_ change: (inout StudySpecification) throws -> Void) throws -> String {
      var study = Local.study()
      study.suites = [.init("no-validation")]
      try change(&study)
      let suites = try SuiteRegistry.builtIn.adding([NoValidation.self])
      let plan = try RunPlan(study, strategies: Local.strategies(), suites: suites)
      let record = try RunExecutor(strategies: Local.strategies(), suites: suites).run(plan.runs[0])
      #expect(record.footer.status == .failed && record.epochs.isEmpty && record.defect == nil)
      return record.footer.message ?? ""
    }
    let end = " needs a validation split, but no-validation draws no validation sample"
    #expect(try message { $0.earlyStopping = try EarlyStopping(patience: 1) } == "early stopping" + end)
    #expect(
      try message { $0.schedule = try LearningRateSchedule(.plateau(patience: 1, factor: 0.5)) }
        == "a plateau" + end)
    #expect(try message { _ in } == "a run" + end)
  }

  /// A suite that forgets its validation split.
  private struct NoValidation: TaskSuite {
    static let about = SuiteDescription(
      "no-validation", "No validation.", formula: "y = 0")
    let taskSpecifications = [TaskSpecification(name: "a", loss: .meanSquaredError)]
    let recipe = TrainingRecipe(trunk: [2], activation: .tanh, epochs: 1, batchSize: 2, learningRate: 0.1)

    func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
      do {
        let some = try TaskDataset(
          inputCount: 1, inputs: [1, 2], targets: [[0, 0]], tasks: taskSpecifications)
        let none = try TaskDataset(inputCount: 1, inputs: [], targets: [[]], tasks: taskSpecifications)
        return SuiteData(train: some, validation: none, test: some)
      } catch {
        throw SuiteError(error.description)
      }
    }
  }
}
