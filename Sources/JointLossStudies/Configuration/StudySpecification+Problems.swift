import JointLossWeighting

extension StudySpecification {
  /// The most that a study may ask for: far beyond any use, and small enough that no product of them overflows.
  enum Limit {
    static let seeds = 100_000
    /// Of suites, and as many of strategies.
    static let entries = 1_000
    static let runs = 2_000_000
    /// Of epochs, and of samples a batch.
    static let count = 10_000_000
    /// Of units in a layer.
    static let width = 65_536
  }

  /// Everything that is wrong with the values themselves, whatever suites and strategies exist.
  func problems() -> [StudyError] {
    var problems: [StudyError] = []
    func require(_ condition: Bool, _ key: String, _ message: @autoclosure () -> String) {
      if !condition { problems.append(locations.error(message(), at: key)) }
    }

    require(!suites.isEmpty, "suites", "a study needs at least one suite")
    require(!strategies.isEmpty, "strategies", "a study needs at least one strategy")
    for (key, entries) in [("suites", suites), ("strategies", strategies)] {
      require(
        entries.count <= Limit.entries, key, "a study has up to \(Limit.entries) \(key), not \(entries.count)"
      )
      for (index, entry) in entries.enumerated() {
        let label = entry.label ?? entry.name
        require(
          label.isPrintable, "\(key)[\(index)]\(entry.label == nil ? "" : ".label")",
          "a label is a text of one line in printable characters, not “\(Quotation.short(label))”")
      }
    }
    switch seeds {
    case .count(let count):
      require(
        (1...Limit.seeds).contains(count), "seeds", "a study has 1 to \(Limit.seeds) seeds, not \(count)")
    case .list(let values):
      require(
        (1...Limit.seeds).contains(values.count), "seeds",
        "a study has 1 to \(Limit.seeds) seeds, not \(values.count)")
      var seen: Set<UInt64> = []
      for (index, seed) in values.enumerated() {
        require(seen.insert(seed).inserted, "seeds[\(index)]", "the seed \(seed) is listed twice")
      }
    }
    for (key, value) in [("epochs", epochs), ("batch-size", batchSize), ("accumulation", accumulation)] {
      if let value {
        require((1...Limit.count).contains(value), key, "is 1 to \(Limit.count), not \(value)")
      }
    }
    problems += optimizerProblems()
    if let clipNorm {
      require(
        clipNorm > 0 && clipNorm.isFinite, "clip-norm",
        "is a finite number above 0, not \(ParameterValue.number(clipNorm))")
    }
    if let trunk {
      require(!trunk.isEmpty, "trunk", "needs at least one layer: without it tasks share nothing")
      for (index, width) in trunk.enumerated() {
        require(
          (1...Limit.width).contains(width), "trunk[\(index)]",
          "a layer has 1 to \(Limit.width) units, not \(width)")
      }
    }
    return problems
  }
}
