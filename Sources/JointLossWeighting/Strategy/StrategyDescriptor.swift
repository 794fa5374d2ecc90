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
public struct StrategyDescriptor: Sendable, Hashable {
  /// How the tasks are trained.
  public enum Arrangement: String, Sendable {
    /// One network, its trunk shared by all tasks.
    case joint
    /// One network of the same shape for each task: the single-task baseline.
    case separate
  }

  /// Whether a rule that reads gradients reads the losses beside them.
  public enum LossReading: Sendable, Hashable {
    /// It does not: a step may come without losses.
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
  public let appliesTo: TaskWeights.Application
  /// Whether the losses are read beside gradients; of no meaning for a rule on losses alone.
  public let losses: LossReading
  /// What a step costs beyond equal weighting.
  public let cost: String
  /// How the tasks are trained.
  public let arrangement: Arrangement
  /// The parameters, with defaults and ranges.
  public let parameters: [ParameterDescriptor]
  /// Where this implementation differs from the paper or from other code, one remark each.
  public let differences: [String]
  /// What it promises with its default parameters; ``WeightingStrategy/claims`` is for others.
  public let claims: StrategyClaims

  /// Creates a descriptor.
  ///
  /// - Parameters:
  ///   - name: the name on the command line, in lower case with hyphens.
  ///   - title: the name in prose.
  ///   - citation: the publication.
  ///   - formula: the rule.
  ///   - appliesTo: where the weights apply.
  ///   - losses: whether losses are read beside gradients.
  ///   - cost: what a step costs beyond equal weighting.
  ///   - arrangement: how the tasks are trained.
  ///   - parameters: the parameters.
  ///   - differences: where this implementation differs from the paper or other code.
  ///   - claims: what it promises with its default parameters.
  public init(
    name: String, title: String, citation: Citation? = nil, formula: String,
    appliesTo: TaskWeights.Application, losses: LossReading = .never, cost: String = "none",
    arrangement: Arrangement = .joint, parameters: [ParameterDescriptor] = [], differences: [String] = [],
    claims: StrategyClaims = StrategyClaims()
  ) {
    self.name = name
    self.title = title
    self.citation = citation
    self.formula = formula
    self.appliesTo = appliesTo
    self.losses = losses
    self.cost = cost
    self.arrangement = arrangement
    self.parameters = parameters
    self.differences = differences
    self.claims = claims
  }
}
