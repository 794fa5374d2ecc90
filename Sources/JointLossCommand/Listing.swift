import JointLossStudies
package import JointLossWeighting

/// How the listings of strategies and suites are set.
package enum Listing {
  /// Facts under one another, each with its name before its first line.
  static func facts(_ facts: [(name: String, text: String)]) -> String {
    let width = facts.map(\.name.count).max() ?? 0
    let space = String(repeating: " ", count: width)
    return facts.map { name, text in
      let lines = text.split(separator: "\n")
      return lines.enumerated().map { index, line in
        "  \(index == 0 ? name + space.dropFirst(name.count) : space)  \(line)"
      }.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// The strategies as a Markdown table, the titles linked to the papers.
  package static func markdown(_ registry: StrategyRegistry) -> String {
    let heading = ["strategy", "", "reads", "weights apply to", "sum", "cost"]
    return ([heading, heading.map { _ in "---" }].map(markdown) + registry.types.map(markdown))
      .joined(separator: "\n")
  }

  /// A strategy's row of the Markdown table.
  package static func markdown(_ type: any WeightingStrategy.Type) -> String {
    let about = type.about
    let title = about.citation.map { "[\(about.title)](\($0.link))" } ?? about.title
    return markdown([
      "`\(about.name)`", title, type.needs, about.weighs.phrase,
      about.promises.weightSum.rawValue, about.cost,
    ])
  }

  private static func markdown(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |"
  }

  /// Where weights apply, in words.
  static func place(of application: TaskWeights.Application) -> String {
    switch application {
    case .losses: "losses"
    case .sharedGradient: "the shared gradient; heads at weight 1"
    case .direction: "nothing: the rule gives the shared gradient itself"
    case .update: "nothing: the rule gives the step of the shared parameters itself"
    }
  }

  /// What a strategy promises, a line each.
  static func promises(_ promises: StrategyPromises) -> String {
    [
      sum(promises.weightSum), order(promises.taskOrder),
      promises.hasNonNegativeWeights ? "no weight is negative" : nil,
      promises.isNonConflicting
        ? "no task ascends along the direction: a small enough step against it raises no task's loss on the batch;\n"
          + "  where the certificate has a ridge, g_t·d, the product of a task's gradient with it, is at least -ridge·w_t·‖g_t‖²"
        : nil,
      promises.scaleDegree.map(scale),
      promises.isMemoryless ? "the weights of a step depend on that step alone, not on earlier ones" : nil,
    ].compactMap { $0 }.joined(separator: "\n")
  }

  private static func sum(_ sum: StrategyPromises.WeightSum) -> String {
    switch sum {
    case .free: "the weights have no fixed sum"
    case .tasks, .atLeastTasks: "the weights sum to \(sum.rawValue), with T the number of tasks"
    case .one, .atLeastOne: "the weights sum to \(sum.rawValue)"
    case .oneOrZero: "the weights sum to \(sum.rawValue), which is 0 where the rule has no solution"
    }
  }

  private static func order(_ order: StrategyPromises.TaskOrder) -> String {
    let listed = "tasks listed in another order"
    return switch order {
    case .equivariant: "\(listed) have the same weights"
    case .equivariantDirection:
      "\(listed) have the same direction; their weights may be others where gradients are linearly dependent"
    case .withoutTies:
      "\(listed) have the same weights where one answer is best; which of equally good ones is taken depends on the order"
    case .inDistribution: "\(listed) have weights of the same distribution: the rule draws at random"
    case .matters: "\(listed) have other weights"
    }
  }

  /// One factor for all losses: a listing must not be read as if it were one a task.
  private static func scale(_ degree: Double) -> String {
    let factor = "all losses multiplied by the same factor c > 0"
    let weights =
      degree == 0
      ? "the same weights" : "weights multiplied by c^\(ParameterValue.number(degree))"
    return "\(factor) have \(weights); this says nothing of one loss multiplied alone"
  }

  /// The parameters with defaults and ranges, ready for `--set`.
  static func parameters(_ parameters: [ParameterDescriptor], of owner: String) -> String {
    guard !parameters.isEmpty else { return "It has no parameters." }
    let table = ReportTable(
      columns: ["parameter", "default", "values", "meaning"].map { .init($0, .left) },
      rows: parameters.map { ["\($0.name)", "\($0.defaultValue)", $0.domain, $0.summary] })
    return "Parameters, for --set \(owner).PARAMETER=VALUE:\n\n\(table.plainText)"
  }
}

extension WeightingStrategy {
  /// What the strategy reads, the losses too where it needs them beside gradients.
  static var needs: String {
    let batches = Gradients.independentBatches
    let need =
      Gradients.need.rawValue + (batches > 1 ? " of \(batches) batches" : "")
      + (Self().looksAfterStep ? ", before and after" : "")
    guard Gradients.need != .losses else { return need }
    return switch readsLosses {
    case .never: need
    case .always: "\(need), losses"
    case .with(let setting): "\(need); losses with \(setting)"
    }
  }
}
