/// What a reader must know of the runs behind a suite's numbers, one sentence each.
struct SuiteNotes {
  let records: SuiteRecords
  let baseline: String
  let reference: String
  let yardstick: String?
  let rows: [StrategyComparison]

  var sentences: [String] {
    yardstickNotes + largeNotes + missingNotes + incompleteNotes + untrainedNotes
      + [intervalNote, rankNote, recipeNote, versionsNote].compactMap { $0 }
  }

  private var yardstickNotes: [String] {
    guard let yardstick else {
      return [
        "Neither \(baseline) nor \(reference) has a completed run: there is nothing to divide the losses by, so "
          + "loss ratios, Δm and tests are missing."
      ]
    }
    var notes: [String] = []
    if yardstick != baseline {
      notes.append(
        "No run of \(baseline) completed: \(yardstick) takes its place, and loss ratios and Δm are relative to it."
      )
    }
    let incomplete = records.seeds.filter { records.selectedTest(yardstick, seed: $0) == nil }
    if !incomplete.isEmpty {
      notes.append(
        "\(yardstick) has no completed run for \(seedList(incomplete)): left out of loss ratios, Δm and tests."
      )
    }
    let zero = records.seeds.filter { seed in
      records.selectedTest(yardstick, seed: seed).map { !SeedScore.canDivide(by: $0) } ?? false
    }
    if !zero.isEmpty {
      notes.append(
        "A test loss of \(yardstick) is not positive for \(seedList(zero)), and cannot be divided by: left out of "
          + "loss ratios, Δm and tests.")
    }
    return notes
  }

  /// Strategies with losses that are too many times the yardstick's.
  private var largeNotes: [String] {
    guard let yardstick else { return [] }
    return rows.compactMap { row in
      let seeds = records.seeds.filter { seed in
        guard let own = records.selectedTest(row.label, seed: seed),
          let denominators = records.selectedTest(yardstick, seed: seed),
          SeedScore.canDivide(by: denominators)
        else { return false }
        return SeedScore(losses: own, yardstick: denominators) == nil
      }
      guard !seeds.isEmpty else { return nil }
      return
        "\(row.label): a test loss is more than \(SeedScore.largestRatio) times that of \(yardstick) for "
        + "\(seedList(seeds)): left out of loss ratios, Δm and tests."
    }
  }

  /// Strategies with too few seeds for an interval.
  private var intervalNote: String? {
    let few = rows.filter { row in
      [row.improvement, row.difference?.estimate].contains { $0.map { $0.interval == nil } ?? false }
    }
    guard !few.isEmpty else { return nil }
    let whose = few.count == rows.count ? "" : " of \(NumberText.list(few.map(\.label)))"
    return
      "Intervals\(whose) are missing: they need at least \(Estimate.fewestForInterval) seeds, since the bootstrap "
      + "of fewer is little more than the range of the values and covers the mean far less often than 95 %."
  }

  /// Strategies that were not run with every seed.
  private var missingNotes: [String] {
    records.strategies.compactMap { strategy in
      let missing = records.seeds.filter { records.run(strategy, seed: $0) == nil }
      guard !missing.isEmpty else { return nil }
      return "\(strategy) was not run with \(seedList(missing))."
    }
  }

  /// Runs that diverged or failed, with where and why.
  private var incompleteNotes: [String] {
    rows.compactMap { row in
      let ended = records.runs(of: row.label).filter { $0.footer.status != .completed }
      guard !ended.isEmpty else { return nil }
      let causes = ended.map { run in
        let place = [run.footer.step.map { "step \($0)" }, run.footer.task.map { "task \($0)" }]
        let details = place.compactMap { $0 } + [run.footer.message].compactMap { $0 }
        let detail = details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
        return "seed \(run.header.specification.seed) \(run.footer.status.rawValue)\(detail)"
      }
      return "\(row.label): \(ended.count) of \(NumberText.count(row.runs.total, "run")) did not complete: "
        + "\(causes.joined(separator: "; ")). They enter no mean, interval or test, and rank last in their seed."
    }
  }

  /// Strategies whose training made nothing better: a table shows their untrained networks.
  private var untrainedNotes: [String] {
    rows.compactMap { row in
      let completed = records.completedRuns(of: row.label)
      let untrained = completed.count { $0.footer.selectedEpochs.contains(0) }
      guard untrained > 0 else { return nil }
      return "\(row.label): in \(untrained) of \(NumberText.count(completed.count, "completed run")) an "
        + "untrained network was best on validation data, for one task at least: its test loss is that of epoch 0."
    }
  }

  private var rankNote: String? {
    let ranked = SuiteComparison.rankedSeeds(of: records)
    guard ranked.count < records.seeds.count else { return nil }
    return ranked.isEmpty
      ? "No seed was run with every strategy: there are no mean ranks."
      : "Mean ranks are over \(seedList(ranked)), which every strategy was run with."
  }

  private var recipeNote: String? {
    let recipes = Set(
      records.strategies.flatMap { records.runs(of: $0) }.map { run in
        let specification = run.header.specification
        return
          "\(specification.modelText) \(specification.optimizer) "
          + "\(specification.batchSize) \(specification.epochs)"
      })
    return recipes.count > 1
      ? "The runs differ in architecture, trunk, activation, optimiser, batch size or epochs: part of a difference may be due to "
        + "that." : nil
  }

  private var versionsNote: String? {
    let versions = Set(
      records.strategies.flatMap { records.runs(of: $0) }.map { run in
        let versions = run.header.versions
        return "JointLoss \(versions.jointLoss), \(versions.blas), \(versions.platform)"
      })
    return versions.count > 1
      ? "The runs are of different builds or machines, and agree to rounding only: "
        + versions.sorted().joined(separator: "; ") + "." : nil
  }

  private func seedList(_ seeds: [UInt64]) -> String {
    (seeds.count == 1 ? "seed " : "seeds ") + NumberText.ranges(seeds)
  }
}
