/// The runs of one suite, by strategy and seed: what a comparison and its figures are drawn from.
package struct SuiteRecords: Sendable {
  /// The label of the suite.
  package let label: String
  /// The names of the tasks.
  package let tasks: [String]
  /// The labels of the strategies: first the baseline, then the reference, then the others by name, so that
  /// every suite, table and figure of a study has the same order.
  package let strategies: [String]
  /// The seeds of any run, ascending.
  package let seeds: [UInt64]
  private let runs: [String: [UInt64: RunRecord]]

  /// Groups the records of a study by suite.
  ///
  /// - Parameters:
  ///   - records: the runs, in any order.
  ///   - baseline: the label of the baseline strategy.
  ///   - reference: the label of the reference strategy.
  /// - Returns: one group a suite, by label.
  /// - Throws: ``StudyError`` if there are no records, if two of them have the same suite, strategy and seed, if
  ///   those of a suite differ in its parameters or tasks, or if a record's arrays do not fit its tasks.
  package static func grouped(
    _ records: [RunRecord], baseline: String, reference: String
  ) throws(StudyError) -> [SuiteRecords] {
    guard !records.isEmpty else { throw StudyError("there are no run records to compare") }
    let bySuite = Dictionary(grouping: records, by: \.header.specification.suiteLabel)
    var groups: [SuiteRecords] = []
    for label in bySuite.keys.sorted() {
      groups.append(
        try SuiteRecords(label, bySuite[label, default: []], baseline: baseline, reference: reference))
    }
    return groups
  }

  private init(
    _ label: String, _ records: [RunRecord], baseline: String, reference: String
  ) throws(StudyError) {
    var runs: [String: [UInt64: RunRecord]] = [:]
    let first = records[0].header
    for record in records {
      let specification = record.header.specification
      let (strategy, seed) = (specification.strategyLabel, specification.seed)
      let name = "strategy \(strategy), seed \(seed) of suite \(label)"
      guard runs[strategy]?[seed] == nil else {
        throw StudyError(
          "two runs have the same \(name): a comparison needs one, so write each study to a folder "
            + "of its own")
      }
      guard record.header.tasks == first.tasks, specification.suite == first.specification.suite,
        specification.suiteParameters == first.specification.suiteParameters
      else {
        throw StudyError(
          "the run of \(name) has other tasks or suite parameters than the suite's other runs: "
            + "their losses cannot be compared")
      }
      try Self.checkShape(of: record, name: name)
      runs[strategy, default: [:]][seed] = record
    }
    self.label = label
    self.tasks = first.tasks
    self.runs = runs
    let leading = [baseline, reference].filter { runs[$0] != nil }
    strategies = leading.uniqued() + runs.keys.filter { !leading.contains($0) }.sorted()
    seeds = Set(records.map(\.header.specification.seed)).sorted()
  }

  private static func checkShape(of record: RunRecord, name: String) throws(StudyError) {
    let tasks = record.header.tasks.count
    guard tasks > 0 else { throw StudyError("the run of \(name) has no tasks") }
    if record.footer.status == .completed {
      guard record.footer.selectedTest.count == tasks, record.footer.selectedTest.allSatisfy(\.isFinite)
      else {
        throw StudyError(
          "the run of \(name) is complete but its footer has no finite test loss for each of its "
            + "\(tasks) tasks")
      }
    }
    for epoch in record.epochs {
      guard epoch.test.count == tasks, epoch.weights.map({ $0.count == tasks }) ?? true else {
        throw StudyError(
          "the run of \(name) has test losses or weights of another number than its \(tasks) tasks "
            + "in epoch \(epoch.epoch)")
      }
    }
  }

  /// The run of a strategy and a seed, however it ended.
  ///
  /// - Parameters:
  ///   - strategy: the label of the strategy.
  ///   - seed: the seed.
  /// - Returns: the record, or nil where there is none.
  package func run(_ strategy: String, seed: UInt64) -> RunRecord? { runs[strategy]?[seed] }

  /// All runs of a strategy, by seed.
  ///
  /// - Parameter strategy: the label of the strategy.
  /// - Returns: the records, however they ended.
  package func runs(of strategy: String) -> [RunRecord] {
    seeds.compactMap { run(strategy, seed: $0) }
  }

  /// The completed runs of a strategy, by seed.
  ///
  /// - Parameter strategy: the label of the strategy.
  /// - Returns: the records.
  package func completedRuns(of strategy: String) -> [RunRecord] {
    runs(of: strategy).filter { $0.footer.status == .completed }
  }

  /// The test losses that a comparison reads: of a completed run, each at its selected epoch.
  ///
  /// - Parameters:
  ///   - strategy: the label of the strategy.
  ///   - seed: the seed.
  /// - Returns: one loss a task, or nil where no run completed.
  package func selectedTest(_ strategy: String, seed: UInt64) -> [Double]? {
    guard let run = run(strategy, seed: seed), run.footer.status == .completed else { return nil }
    return run.footer.selectedTest
  }
}

extension [String] {
  /// The elements without repetitions, in the order of their first occurrence.
  fileprivate func uniqued() -> [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
