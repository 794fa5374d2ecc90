import JointLossWeighting

extension RunRecord {
  /// The first place where the record contradicts itself, or nil: its line in the file, the key, and why.
  var defect: (line: Int, key: String, message: String)? {
    let tasks = header.tasks.count
    guard tasks > 0 else { return (1, "tasks", "a record has at least one task") }
    let specification = header.specification
    let names =
      [
        ("suiteLabel", specification.suiteLabel), ("suite", specification.suite),
        ("strategyLabel", specification.strategyLabel), ("strategy", specification.strategy),
      ] + header.tasks.map { ("tasks", $0) }
    for (key, name) in names where !name.unicodeScalars.allSatisfy(\.isPrintable) {
      return (1, key, "a name is a text of one line in printable characters, not “\(Quotation.short(name))”")
    }
    guard (specification.trunk == nil) == (specification.activation == nil) else {
      let missing = specification.trunk == nil ? "trunk" : "activation"
      return (1, "specification.\(missing)", "is missing: a network has a trunk and an activation")
    }
    let planned = specification.epochs
    guard (1...StudySpecification.Limit.count).contains(planned) else {
      return (1, "specification.epochs", "is 1 to \(StudySpecification.Limit.count), not \(planned)")
    }
    for (index, epoch) in epochs.enumerated() {
      if let (key, message) = epoch.defect(expecting: index, tasks: tasks) {
        return (index + 2, key, message)
      }
    }
    return footerDefect.map { (epochs.count + 2, $0.key, $0.message) }
  }

  private var footerDefect: (key: String, message: String)? {
    let tasks = header.tasks.count
    if let stopped = footer.stoppedAt,
      stopped.count != tasks || stopped.contains(where: { !epochs.indices.contains($0) })
    {
      return ("stoppedAt", "is not one of the epochs for each of \(tasks) tasks")
    }
    let planned = footer.stoppedAt?.max() ?? header.specification.epochs
    let lastLine = epochs.count - 1
    switch footer.status {
    case .completed where lastLine != planned:
      return ("status", "a completed run has the epochs 0 to \(planned), not 0 to \(lastLine)")
    case .diverged where lastLine >= header.specification.epochs,
      .failed where lastLine >= header.specification.epochs:
      return ("status", "a run that ended early has fewer epochs than 0 to \(lastLine)")
    default: break
    }
    let selections = epochs.isEmpty ? 0 : tasks
    guard footer.selectedEpochs.count == selections else {
      return ("selectedEpochs", "has \(footer.selectedEpochs.count) values, \(selections) are due")
    }
    guard footer.selectedTest.count == selections else {
      return ("selectedTest", "has \(footer.selectedTest.count) values, \(selections) are due")
    }
    for (task, epoch) in footer.selectedEpochs.enumerated() {
      guard epochs.indices.contains(epoch) else { return ("selectedEpochs", "there is no epoch \(epoch)") }
      guard footer.selectedTest[task] == epochs[epoch].test[task] else {
        return ("selectedTest", "is not the test loss of task \(header.tasks[task]) at epoch \(epoch)")
      }
    }
    if let task = footer.task, !header.tasks.contains(task) {
      return ("task", "there is no task “\(Quotation.short(task))”")
    }
    let counts = [footer.passes.steps, footer.passes.forward, footer.passes.backward, footer.passes.samples]
    let largest = StrategyState.largestCount
    guard counts.allSatisfy({ (0...largest).contains($0) }) else {
      return ("passes", "a count is not 0 to \(largest)")
    }
    if let step = footer.step, !(0...largest).contains(step) { return ("step", "is \(step)") }
    let (seconds, median) = (footer.measured.seconds, footer.measured.medianStepMicroseconds)
    guard seconds >= 0, seconds.isFinite, median >= 0, median.isFinite else {
      return ("measured", "a value is negative or too large")
    }
    return nil
  }
}

extension RunRecord.Epoch {
  /// The first key of the epoch whose value cannot be, and why; nil as a rule.
  func defect(expecting index: Int, tasks: Int) -> (key: String, message: String)? {
    guard epoch == index else { return ("epoch", "is \(epoch) where epoch \(index) is due") }
    let arrays: [(String, [Double]?, Int)] = [
      ("train", train, tasks), ("validation", validation, tasks), ("test", test, tasks),
      ("weights", weights, tasks), ("gradientNorms", gradientNorms, tasks),
      ("learningRates", learningRates, tasks), ("clippedShares", clippedShares, tasks),
      ("cosines", cosines, tasks * (tasks - 1) / 2),
    ]
    for (key, values, due) in arrays {
      guard let values else { continue }
      guard values.count == due else { return (key, "has \(values.count) values, \(due) are due") }
      if let value = values.first(where: { !$0.isFinite }) { return (key, "holds \(value)") }
    }
    // The bounds of a cosine are kept to the rounding of inner products in single precision.
    let ranges: [(String, [Double]?, ClosedRange<Double>)] = [
      ("gradientNorms", gradientNorms, 0...Double.greatestFiniteMagnitude),
      ("cosines", cosines, -1.01...1.01),
      ("learningRates", learningRates, 0...Double.greatestFiniteMagnitude),
      ("clippedShares", clippedShares, 0...1), ("conflictRate", conflictRate.map { [$0] }, 0...1),
      ("seenConflictRate", seenConflictRate.map { [$0] }, 0...1),
      ("conditionNumber", conditionNumber.map { [$0] }, 0...Double.greatestFiniteMagnitude),
      ("directionNorm", directionNorm.map { [$0] }, 0...Double.greatestFiniteMagnitude),
    ]
    for (key, values, range) in ranges {
      if let value = values?.first(where: { !range.contains($0) }) { return (key, "holds \(value)") }
    }
    if let defect = solver?.defect { return ("solver", "has \(defect.phrase)") }
    for (intervention, share) in interventionShares ?? [:] where !(share > 0 && share <= 1) {
      return ("interventionShares", "the share of \(intervention.rawValue) is \(share), not in (0, 1]")
    }
    guard (weights == nil) == (index == 0) else {
      return ("weights", index == 0 ? "there are none before training" : "are missing")
    }
    return nil
  }
}
