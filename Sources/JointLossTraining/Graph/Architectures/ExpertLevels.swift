extension GraphBuilder {
  /// Levels of experts and gates: mixtures of experts, customised gate control, progressive extraction.
  ///
  /// Level L has the shared experts `level.L.expert.E`, of each task T the experts `level.L.task.T.expert.E` and the
  /// gate `level.L.task.T.gate`, and below the last level the gate `level.L.gate` of what the shared experts of the
  /// next level read. A gate reads what the experts of its task, or the shared ones, read.
  mutating func expertLevels(
    _ levels: Int, sharedExperts: Int, taskExperts: Int, widths: [Int]
  ) -> [GraphNode] {
    var (shared, own) = (input, tasks.map { _ in input })
    for level in 0..<levels {
      let isLast = level == levels - 1
      let common = (0..<sharedExperts).map { expert in
        blocks(
          "level.\(level).expert.\(expert)", shared, widths: widths, task: nil,
          component: "level/\(level)/expert/\(expert)")
      }
      // Below the last level all experts reach all tasks, through the shared gate.
      let experts = tasks.enumerated().map { task, specification in
        (0..<taskExperts).map { expert in
          blocks(
            "level.\(level).task.\(task).expert.\(expert)", own[task], widths: widths,
            task: isLast ? task : nil, component: "level/\(level)/\(specification.name)/expert/\(expert)")
        }
      }
      // A task's mixture feeds its experts of the next level and gate of the next level alone: those experts are its own on the last level.
      let owners = tasks.indices.map { level >= levels - 2 || taskExperts == 0 ? $0 : nil }
      let below = own
      own = tasks.enumerated().map { task, specification in
        mixture(
          "level.\(level).task.\(task).gate", of: common + experts[task], gatedBy: below[task],
          task: owners[task], component: "level/\(level)/\(specification.name)/gate")
      }
      if !isLast {
        shared = mixture(
          "level.\(level).gate", of: common + experts.flatMap { $0 }, gatedBy: shared, task: nil,
          component: "level/\(level)/gate")
      }
    }
    return tasks.indices.map { head(own[$0], task: $0) }
  }
}
