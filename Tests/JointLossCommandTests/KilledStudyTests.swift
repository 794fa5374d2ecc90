import Foundation
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Studies killed with signal 9 and run again have the records of studies that were not, bit for bit.
@Suite struct KilledStudyTests {
  /// Starts the program and kills it as soon as a condition on its folder holds.
  ///
  /// - Returns: whether it was killed; false where it had ended before.
  private func killStudy(_ arguments: [String], when isDue: () -> Bool) async throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: BuiltProducts.folder).appending(path: "jointloss")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while !isDue() && process.isRunning { try await Task.sleep(for: .milliseconds(1)) }
    let isKilled = kill(process.processIdentifier, SIGKILL) == 0
    process.waitUntilExit()
    return isKilled && process.terminationReason == .uncaughtSignal
  }

  /// Nothing half-written is left behind, and no checkpoint.
  private func expectRecordsAlone(in folder: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/runs")
    #expect(names.allSatisfy { $0.hasSuffix(".jsonl") }, "\(names)")
  }

  @Test(.timeLimit(.minutes(5)))
  func `A study killed at any moment and run again has the records of one that was not`() async throws {
    let folder = try TemporaryFolder()
    let (whole, killed) = ("\(folder.path)/whole", "\(folder.path)/killed")
    let study = ["compare", "--suite", "related", "--seeds", "3", "--epochs", "20", "--jobs", "2", "--quiet"]
    let uninterrupted = try await Command("jointloss", study + ["--out", whole])
    try #require(uninterrupted.succeeded, "\(uninterrupted.error)")

    // Three kills, each once more runs are complete, most likely in the middle of others.
    for complete in [1, 5, 9] {
      #expect(
        try await killStudy(study + ["--out", killed]) { RecordFile.count(in: killed) >= complete })
      #expect(RecordFile.count(in: killed) < 18)
    }
    let resumed = try await Command("jointloss", study + ["--out", killed])
    try #require(resumed.succeeded, "\(resumed.error)")
    let records = try RecordFile.comparable(in: killed)
    #expect(records.count == 18)
    #expect(try records == RecordFile.comparable(in: whole))
    try expectRecordsAlone(in: killed)
  }

  @Test(.timeLimit(.minutes(5)))
  func `A run killed in its middle goes on from its checkpoint and has the same record`() async throws {
    let folder = try TemporaryFolder()
    let (whole, killed) = ("\(folder.path)/whole", "\(folder.path)/killed")
    let study = [
      "compare", "--suite", "related", "--strategy", "gradnorm", "--strategy", "pcgrad", "--seeds", "1",
      "--epochs", "60", "--jobs", "2", "--checkpoint-every", "0",
    ]
    let uninterrupted = try await Command("jointloss", study + ["--quiet", "--out", whole])
    try #require(uninterrupted.succeeded, "\(uninterrupted.error)")

    // Killed once a run has a checkpoint of some epochs, so that there is something to go on from.
    let isKilled = try await killStudy(study + ["--quiet", "--out", killed]) {
      RecordFile.checkpoints(in: killed).values.contains { $0 >= 5 }
    }
    try #require(isKilled)
    try #require(RecordFile.checkpoints(in: killed).values.contains { $0 >= 5 })

    let resumed = try await Command("jointloss", study + ["--out", killed])
    try #require(resumed.succeeded, "\(resumed.error)")
    #expect(resumed.error.contains("goes on from epoch"), "\(resumed.error)")
    #expect(try RecordFile.comparable(in: killed) == RecordFile.comparable(in: whole))
    try expectRecordsAlone(in: killed)
  }

  /// Kills a study again and again, each time that another of its runs has a checkpoint of some epochs or more, and
  /// then lets it end.
  ///
  /// Runs that ended before they were killed are made again, until enough have been killed.
  ///
  /// - Returns: the names of the runs that were killed in their middle.
  private func killInTheMiddle(
    of study: [String], in folder: String, epochs: Int, atLeast least: Int
  ) async throws -> (runs: Set<String>, last: Command) {
    var killed: Set<String> = []
    func due() -> [String] {
      RecordFile.checkpoints(in: folder).filter { $0.value > epochs && !killed.contains($0.key) }.map(\.key)
    }
    for _ in 0..<20 {
      while try await killStudy(study + ["--out", folder, "--quiet"], when: { !due().isEmpty }) {
        // A run that was finished after the signal was due has no checkpoint any more.
        killed.formUnion(due())
      }
      if killed.count >= least { break }
      try RecordFile.remove(in: folder, except: killed)
    }
    return (killed, try await Command("jointloss", study + ["--out", folder]))
  }

  /// Runs a study in one go and with kills, of which at least a share of the runs is hit.
  ///
  /// - Returns: the lines of the records, but for what is measured.
  @discardableResult
  private func expectSameRecords(
    of study: String, epochs: Int, killing least: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String: [String]] {
    let folder = try TemporaryFolder()
    let (file, whole, killed) = ("\(folder.path)/mine.yaml", "\(folder.path)/whole", "\(folder.path)/killed")
    try study.write(toFile: file, atomically: true, encoding: .utf8)
    let run = ["run", file, "--jobs", "2", "--checkpoint-every", "0"]
    let uninterrupted = try await Command("jointloss", run + ["--quiet", "--out", whole])
    try #require(uninterrupted.succeeded, "\(uninterrupted.error)")
    let records = try RecordFile.comparable(in: whole)
    let due = Int((least * Double(records.count)).rounded(.up))
    let interrupted = try await killInTheMiddle(of: run, in: killed, epochs: epochs, atLeast: due)
    try #require(interrupted.last.succeeded, "\(interrupted.last.error)")
    #expect(interrupted.runs.count >= due, sourceLocation: sourceLocation)
    #expect(interrupted.runs.isSubset(of: records.keys), sourceLocation: sourceLocation)
    #expect(try RecordFile.comparable(in: killed) == records, sourceLocation: sourceLocation)
    try expectRecordsAlone(in: killed)
    return records
  }

  @Test(.timeLimit(.minutes(10)))
  func `40 epochs are 17 or more, a kill, and the rest, for every strategy`() async throws {
    let strategies = StrategyRegistry.builtIn.names.map { "{name: \($0), label: \($0)}" }
    try await expectSameRecords(
      of: """
        suites: [{name: related, set: {samples: 120}}]
        strategies: [\(strategies.joined(separator: ", "))]
        seeds: 1
        epochs: 40
        batch-size: 40
        """, epochs: 17, killing: 1)
  }

  @Test(.timeLimit(.minutes(10)))
  func `So they are with a plateau, early stopping, dropout, K-FAC, parts of batches and experts`()
    async throws
  {
    let records = try await expectSameRecords(
      of: """
        suites: [{name: related, set: {samples: 120}}]
        strategies: [single-task, equal, uncertainty, famo]
        seeds: 2
        epochs: 40
        batch-size: 40
        optimizer: kfac
        learning-rate: 0.02
        schedule: {name: plateau, patience: 1, factor: 0.5, warm-up: 2}
        early-stopping: {patience: 6, minimum-improvement: 0.01}
        clip-norm: 1
        architecture: {name: ple, levels: 2, shared-experts: 1, task-experts: 1}
        trunk: [6, 6]
        activation: gelu
        block: {layer-norm: true, dropout: 0.2, residual: true}
        accumulation: 2
        """, epochs: 10, killing: 0.3)
    // The study shows what it is for: rates have fallen, and training has ended early.
    #expect(
      records.values.contains { $0.contains { $0.contains("\"learningRates\":[0.01,0.01,0.01,0.01]") } })
    #expect(records.values.contains { $0.count < 42 })
  }
}
