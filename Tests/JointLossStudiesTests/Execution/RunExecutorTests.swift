import Foundation
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

@Suite struct RunExecutorTests {
  /// The records of a study's runs, in the plan's order, without a store.
  private func records(of study: StudySpecification) throws -> [RunRecord] {
    let executor = try RunExecutor(strategies: Local.strategies(), suites: Local.suites())
    return try Local.plan(study).runs.map { try executor.run($0) }
  }

  @Test func `A completed run has every epoch, and nothing in it contradicts itself`() throws {
    for record in try records(of: Local.study()) {
      #expect(record.footer.status == .completed && record.epochs.count == 4)
      #expect(record.defect == nil)
      #expect(record.header.tasks == ["task0", "task1"])
      let separate = record.header.specification.strategy == "apart"
      // 24 samples in batches of 8 make 3 steps an epoch, of each network.
      let steps = separate ? 18 : 9
      #expect(
        record.footer.passes
          == RunRecord.Passes(steps: steps, forward: steps, backward: steps, samples: 8 * steps))
      #expect(record.footer.measured.medianStepMicroseconds > 0 && record.footer.measured.seconds > 0)
    }
  }

  @Test func `Epochs hold what solvers proved, and the file brings it back`() throws {
    var study = Local.study([.init("mgda"), .init("equal")])
    study.seeds = .count(1)
    let records = try records(of: study)
    #expect(records.map(\.header.specification.strategy) == ["apart", "mgda", "equal"])
    for record in records {
      let solved = record.epochs.map(\.solver)
      guard record.header.specification.strategy == "mgda" else {
        #expect(solved.allSatisfy { $0 == nil })
        continue
      }
      #expect(solved[0] == nil && solved.count == 4)
      for certificate in try solved.dropFirst().map({ try #require($0) }) {
        // Three steps an epoch, each with a problem of its own.
        #expect(certificate.iterations >= 3 && certificate.residual <= SolverCertificate.tolerance)
      }
      let line = try JSONEncoder().encode(record.epochs[1])
      #expect(try JSONDecoder().decode(RunRecord.Epoch.self, from: line) == record.epochs[1])
    }
  }

  @Test
  func `Epochs hold the share of steps in which a rule departed from its formula, older lines read without`()
    throws
  {
    // A step of Adam is 0.025 long: it leaves this range at once, in every step.
    var study = Local.study([.init("uncertainty", parameters: ["clamp": .number(1e-9)]), .init("equal")])
    study.seeds = .count(1)
    for record in try records(of: study) {
      let isClamped = record.header.specification.strategy == "uncertainty"
      for epoch in record.epochs {
        #expect(epoch.interventionShares == (isClamped && epoch.epoch > 0 ? [.clamp: 1] : nil))
      }
      let content = try record.fileContent()
      #expect(try RunRecord(content: content, file: "record") == record)
      var epoch = record.epochs[1]
      let line = String(decoding: try JSONEncoder().encode(epoch), as: UTF8.self)
      #expect(line.contains(#""interventionShares":{"clamp":1}"#) == isClamped)
      let older = line.replacing(#""interventionShares":{"clamp":1},"#, with: "")
        .replacing(#","interventionShares":{"clamp":1}"#, with: "")
      epoch.interventionShares = nil
      #expect(try JSONDecoder().decode(RunRecord.Epoch.self, from: Data(older.utf8)) == epoch)
    }
  }

  @Test(arguments: [0, -0.5, 1.5, Double.nan])
  func `A share of interventions that is none is a defect`(share: Double) throws {
    var study = Local.study()
    study.seeds = .count(1)
    var record = try #require(try records(of: study).last)
    record.epochs[1].interventionShares = [.leftOut: 1]
    #expect(record.defect == nil)
    record.epochs[2].interventionShares = [.leftOut: share]
    let defect = try #require(record.defect)
    #expect(defect.line == 4 && defect.key == "interventionShares")
    #expect(defect.message == "the share of left-out is \(share), not in (0, 1]")
  }

  @Test func `Epochs hold the norm of the direction where the step knows it, and older lines read without`()
    throws
  {
    var study = Local.study([.init("mgda"), .init("equal")])
    study.seeds = .count(1)
    func norms(_ strategy: String) throws -> [Double?] {
      let record = try #require(
        try records(of: study).first { $0.header.specification.strategy == strategy })
      return record.epochs.map(\.directionNorm)
    }
    let mgda = try norms("mgda")
    #expect(mgda.count == 4 && mgda[0] == nil && mgda.dropFirst().allSatisfy { ($0 ?? 0) > 0 })
    #expect(try norms("equal").allSatisfy { $0 == nil })
    // Clipping knows it under every rule; separate networks have no direction in common.
    study.clipNorm = 1e6
    let clipped = try norms("equal")
    #expect(clipped[0] == nil && clipped.dropFirst().allSatisfy { ($0 ?? 0) > 0 })
    #expect(try norms("apart").allSatisfy { $0 == nil })

    let epoch = try #require(try records(of: study).last?.epochs.last)
    let line = try JSONEncoder().encode(epoch)
    #expect(try JSONDecoder().decode(RunRecord.Epoch.self, from: line) == epoch)
    var fields = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
    #expect(fields.removeValue(forKey: "directionNorm") != nil)
    let older = try JSONDecoder().decode(
      RunRecord.Epoch.self, from: JSONSerialization.data(withJSONObject: fields))
    #expect(older.directionNorm == nil && older.weights == epoch.weights)
  }

  @Test(arguments: [
    Architecture.mixtureOfExperts(experts: 2), .customizedGateControl(sharedExperts: 1, taskExperts: 1),
    .progressiveExtraction(levels: 2, sharedExperts: 1, taskExperts: 1), .crossStitch,
  ])
  func `Runs of every architecture are complete and recorded as such`(architecture: Architecture) throws {
    var study = Local.study([.init("equal"), .init("gradnorm"), .init("pcgrad")])
    study.seeds = .count(1)
    study.architecture = architecture
    study.block = BlockSpecification(layerNorm: true, dropout: 0.1)
    study.activation = .gelu
    for record in try records(of: study) {
      #expect(record.footer.status == .completed && record.defect == nil, "\(record.footer.message ?? "")")
      #expect(record.header.specification.architecture == architecture)
      #expect(record.epochs[3].train != record.epochs[0].train)
    }
  }

  @Test func `Strategies of a seed start from the same network, and seeds differ`() throws {
    let study = Local.study([.init("equal"), .init("breaking", parameters: ["step": .number(1000)])])
    let records = try records(of: study)
    let untrained = records.map { $0.epochs[0] }
    // Order: seed 0 apart, equal, breaking, then seed 1.
    #expect(untrained[1] == untrained[2] && untrained[4] == untrained[5])
    #expect(untrained[1].validation != untrained[4].validation)
    // A network of one task has the trunk and the head that this task has in the joint one.
    for seed in [0, 3] {
      #expect(untrained[seed].train == untrained[seed + 1].train)
      #expect(untrained[seed].validation == untrained[seed + 1].validation)
      #expect(untrained[seed].test == untrained[seed + 1].test)
    }
    // Ones as weights are equal weighting: batches and steps are the same too.
    #expect(records[1].epochs == records[2].epochs)
    // One network for each task learns otherwise than one for both.
    #expect(records[0].epochs[3].validation != records[1].epochs[3].validation)
  }

  @Test func `Diagnostics are taken for every joint strategy alike, before training and after each epoch`()
    throws
  {
    let records = try records(of: Local.study())
    for epoch in records[0].epochs {
      #expect(epoch.gradientNorms == nil && epoch.cosines == nil && epoch.conflictRate == nil)
    }
    for epoch in records[1].epochs {
      #expect(epoch.gradientNorms?.count == 2 && epoch.cosines?.count == 1)
      let cosine = try #require(epoch.cosines?[0])
      #expect(abs(cosine) <= 1 && epoch.conflictRate == (cosine < 0 ? 1 : 0))
    }
  }

  @Test func `A strategy that sees a Gramian records the conflicts it saw, and the passes it took`() throws {
    var study = Local.study([.init("pcgrad")])
    study.seeds = .count(1)
    let record = try #require(try records(of: study).last)
    #expect(record.header.specification.strategy == "pcgrad")
    #expect(record.epochs[0].seenConflictRate == nil)
    for epoch in record.epochs.dropFirst() {
      let rate = try #require(epoch.seenConflictRate)
      #expect((0...1).contains(rate))
    }
    #expect(record.footer.passes.backward == 2 * record.footer.passes.steps)
  }

  @Test func `An infinite weight ends the run as failed, with step, task and the epochs before`() throws {
    let study = Local.study([.init("breaking", parameters: ["step": .number(4)])])
    let record = try #require(try records(of: study).first { $0.header.specification.strategy == "breaking" })
    #expect(record.footer.status == .failed && record.defect == nil)
    // Step 4 is the second of epoch 2.
    #expect(record.footer.step == 4 && record.footer.task == "task1" && record.epochs.count == 2)
    #expect(record.footer.message == "the weight of task 1 is inf (task 1 is task1)")
    #expect(record.footer.selectedTest.count == 2)
  }

  @Test func `A learning rate beyond reason ends every run as diverged`() throws {
    var study = Local.study()
    study.learningRate = 1e30
    study.optimizer = .sgd
    for record in try records(of: study) {
      #expect(record.footer.status == .diverged && record.defect == nil)
      #expect(record.footer.step != nil)
      #expect(record.epochs.count == 1 && record.footer.selectedEpochs == [0, 0])
      #expect(record.footer.selectedTest == record.epochs[0].test)
    }
  }

  @Test func `A strategy without an answer ends the run as failed`() throws {
    let study = Local.study([
      .init("breaking", parameters: ["step": .number(0), "how": .text("error")])
    ])
    let record = try #require(try records(of: study).first { $0.header.specification.strategy == "breaking" })
    #expect(record.footer.status == .failed && record.footer.step == 0 && record.footer.task == "task1")
    #expect(record.footer.message == "no weight exists for task 1 (task 1 is task1)")
    #expect(record.epochs.count == 1 && record.defect == nil)
  }

  @Test func `A certificate that no record could hold ends the run as failed, and the record is written`()
    throws
  {
    let study = Local.study([
      .init("breaking", parameters: ["step": .number(4), "how": .text("certificate")])
    ])
    let record = try #require(try records(of: study).first { $0.header.specification.strategy == "breaking" })
    #expect(record.footer.status == .failed && record.footer.step == 4 && record.footer.task == nil)
    #expect(record.footer.message == "breaking gave a solver's certificate with the residual nan")
    #expect(record.epochs.count == 2)
    #expect(try RunRecord(content: record.fileContent(), file: "f") == record)
  }

  @Test func `Data beyond the range of Float end the run as failed, for nothing was trained`() throws {
    var study = Local.study()
    study.suites = [.init("local", parameters: ["noise": .number(1e200)])]
    for record in try records(of: study) {
      #expect(record.footer.status == .failed && record.epochs.isEmpty && record.defect == nil)
      #expect(record.footer.message?.contains("in Float") == true, "\(record.footer.message ?? "")")
    }
  }

  @Test func `A joint network has one epoch for all tasks, separate networks each their own`() {
    func epoch(_ index: Int, _ validation: [Double]) -> RunRecord.Epoch {
      RunRecord.Epoch(
        epoch: index, train: validation, validation: validation, test: validation, weights: nil,
        gradientNorms: nil, cosines: nil, conflictRate: nil, conditionNumber: nil, seenConflictRate: nil)
    }
    // Relative to epoch 0 the means are 1, 0.75, 0.625, 0.625; the task of large losses does not decide alone.
    let epochs = [epoch(0, [4, 100]), epoch(1, [4, 50]), epoch(2, [2, 75]), epoch(3, [2, 75])]
    #expect(EpochSelection.epochs(of: epochs, arrangement: .joint) == [2, 2])
    #expect(EpochSelection.epochs(of: epochs, arrangement: .separate) == [2, 1])
    // A task whose loss starts at 0 and stays there leaves the choice to the others.
    let zero = [epoch(0, [0, 2]), epoch(1, [0, 1])]
    #expect(EpochSelection.epochs(of: zero, arrangement: .joint) == [1, 1])
    #expect(EpochSelection.epochs(of: [], arrangement: .joint) == [])
  }

  @Test func `A run of a strategy that does not exist here is an error`() throws {
    let plan = try Local.plan(Local.study([.init("breaking")]))
    let run = try #require(plan.runs.first { $0.strategy == "breaking" })
    let executor = try RunExecutor(strategies: .builtIn, suites: Local.suites())
    #expect { try executor.run(run) } throws: { error in
      "\(error)".hasPrefix("the run of breaking on local: no strategy is named “breaking”")
    }
  }

  @Test func `A batch larger than the training split fails the run with both numbers`() throws {
    var study = Local.study()
    study.batchSize = 25
    for record in try records(of: study) {
      #expect(record.footer.status == .failed && record.epochs.isEmpty)
      #expect(record.footer.message == "a batch of 25 samples is larger than the training data of 24")
    }
    study.batchSize = 24
    #expect(try records(of: study).allSatisfy { $0.footer.status == .completed })
  }

  @Test func `Every header says what a step did, defaults and the scope that was seen by name`() throws {
    var study = Local.study([.init("mgda"), .init("equal")])
    study.seeds = .count(1)
    for record in try records(of: study) {
      let isSeen = record.header.specification.strategy == "mgda"
      #expect(record.header.specification.step == nil)
      #expect(record.header.step == StepOptions(gradientScope: isSeen ? .sharedParameters : nil))
      let content = try record.fileContent()
      #expect(try RunRecord(content: content, file: "run").header == record.header)
      let header = String(decoding: content.prefix { $0 != 0x0A }, as: UTF8.self)
      #expect(header.contains(#""headPolicy":"strategy""#) && header.contains(#""scalePolicy":"paper""#))
      #expect(header.contains(#""gradientScope":"shared-parameters""#) == isSeen)
    }
    study.headPolicy = .unit
    study.strategies = [.init("gradnorm"), .init("mgda")]
    for seen in [GradientScope.representation, .allParameters] {
      study.gradientScope = seen
      for record in try records(of: study) {
        let scope: GradientScope? =
          switch record.header.specification.strategy {
          // The rule's own wins over the study's.
          case "gradnorm": .lastSharedLayer
          case "mgda": seen
          default: nil
          }
        #expect(record.header.step == StepOptions(gradientScope: scope, headPolicy: .unit))
      }
    }
  }

  @Test func `Accumulated batches give the run of whole ones, to rounding`() throws {
    var study = Local.study()
    let whole = try records(of: study)
    study.accumulation = 3
    for (a, b) in zip(whole, try records(of: study)) {
      #expect(
        a.footer.passes.steps == b.footer.passes.steps && b.footer.passes.forward > a.footer.passes.forward)
      for (x, y) in zip(a.epochs[3].validation, b.epochs[3].validation) { #expect(abs(x - y) <= 1e-4 * x) }
    }
  }
}
