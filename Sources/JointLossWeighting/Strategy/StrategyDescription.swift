/// The publication a rule comes from.
public struct Citation: Sendable, Hashable {
  /// Authors, title, venue and year.
  public let text: String
  /// Where to read it.
  public let link: String

  /// Creates a citation.
  ///
  /// - Parameters:
  ///   - text: authors, title, venue and year.
  ///   - link: where to read it.
  public init(_ text: String, link: String) {
    self.text = text
    self.link = link
  }
}

/// What a strategy says of itself: the source of every listing, check and error message about it.
public struct StrategyDescription: Sendable, Hashable {
  /// How the tasks are trained.
  public enum Arrangement: String, Sendable {
    /// One network, its trunk shared by all tasks.
    case joint
    /// One network of the same shape for each task: the single-task baseline.
    case separate
  }

  /// Whether a rule reads the losses.
  public enum LossReading: Sendable, Hashable {
    /// It does not: a step may come with gradients alone.
    case never
    /// It does.
    case always
    /// It does with some values of a parameter: `normalisation=loss`.
    case with(String)
  }

  /// The name on the command line, in lower case with hyphens.
  public let name: String
  /// The name in prose.
  public let title: String
  /// The publication, or nil for a rule without one.
  public let citation: Citation?
  /// The rule in one or a few lines.
  public let formula: String
  /// Where the weights apply.
  public let weighs: TaskWeights.Application
  /// Whether the losses are read; nil for the usual: by a rule without gradients always, beside gradients never.
  public let losses: LossReading?
  /// What a step costs beyond equal weighting.
  public let cost: String
  /// How the tasks are trained.
  public let arrangement: Arrangement
  /// Where this implementation differs from the paper or from other code, one remark each.
  public let differences: [String]
  /// What it promises with its default parameters; ``WeightingStrategy/promises`` is for others.
  public let promises: StrategyPromises

  /// Creates a description.
  ///
  /// - Parameters:
  ///   - name: the name on the command line, in lower case with hyphens.
  ///   - title: the name in prose.
  ///   - citation: the publication.
  ///   - formula: the rule.
  ///   - weighs: what the weights apply to, or what the rule gives in their place.
  ///   - losses: whether the losses are read; nil for the usual: by a rule without gradients always, beside gradients
  ///     never.
  ///   - cost: what a step costs beyond equal weighting.
  ///   - arrangement: how the tasks are trained.
  ///   - differences: where this implementation differs from the paper or other code.
  ///   - promises: what it promises with its default parameters.
  public init(
    _ name: String, _ title: String, citation: Citation? = nil, formula: String,
    weighs: TaskWeights.Application, losses: LossReading? = nil, cost: String = "none",
    arrangement: Arrangement = .joint, differences: [String] = [], promises: StrategyPromises = []
  ) {
    (self.name, self.title, self.citation, self.formula) = (name, title, citation, formula)
    (self.weighs, self.losses, self.cost, self.arrangement) = (weighs, losses, cost, arrangement)
    (self.differences, self.promises) = (differences, promises)
  }
}
