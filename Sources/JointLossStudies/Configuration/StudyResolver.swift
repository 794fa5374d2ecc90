import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// Looks up the names of a study, fills in parameters and labels, and collects everything that is wrong.
struct StudyResolver {
  /// A suite of a study, resolved.
  struct Suite {
    let name: String
    let label: String
    let parameters: ParameterValues
    let recipe: TrainingRecipe
    let tasks: [TaskSpecification]
    /// What is trained on all tasks; nil where that is a network and the suite does not know its inputs.
    let model: TrainedModel?
  }

  /// A strategy of a study, resolved.
  struct Strategy {
    let name: String
    let label: String
    let parameters: ParameterValues
    let arrangement: StrategyDescription.Arrangement
  }

  private(set) var study: StudySpecification
  private let strategies: StrategyRegistry
  private let suites: SuiteRegistry
  private(set) var suiteEntries: [Suite] = []
  private(set) var strategyEntries: [Strategy] = []
  private(set) var baseline = ""
  private(set) var reference = ""
  private(set) var notices: [String] = []
  private(set) var problems: [StudyError] = []

  init(_ study: StudySpecification, strategies: StrategyRegistry, suites: SuiteRegistry) {
    self.study = study
    self.strategies = strategies
    self.suites = suites
  }

  mutating func resolve() {
    problems = study.problems()
    // What a study asks for is bounded before anything is made of it.
    guard study.suites.count <= StudySpecification.Limit.entries,
      study.strategies.count <= StudySpecification.Limit.entries
    else { return }
    for (index, entry) in study.suites.enumerated() {
      if let suite = resolve(suite: entry, at: "suites[\(index)]") { suiteEntries.append(suite) }
    }
    for (index, entry) in study.strategies.enumerated() {
      if let strategy = resolve(strategy: entry, at: "strategies[\(index)]") {
        strategyEntries.append(strategy)
      }
    }
    requireDistinctLabels(study.suites.indices.map { "suites[\($0)]" }, suiteEntries.map(\.label))
    requireDistinctLabels(study.strategies.indices.map { "strategies[\($0)]" }, strategyEntries.map(\.label))
    // Only a study whose entries all exist can say that one is missing.
    guard problems.isEmpty else { return }
    if let entry = entry(of: study.baseline, as: "baseline", position: 0) {
      baseline = entry.label
      if entry.arrangement != .separate {
        report(
          "\(entry.name) trains one network for all tasks: a baseline trains one for each task",
          at: "baseline")
      }
    }
    if let entry = entry(of: study.reference, as: "reference", position: min(1, strategyEntries.count)) {
      reference = entry.label
    }
    requireRuns()
  }

  private mutating func requireRuns() {
    guard problems.isEmpty else { return }
    let (seeds, limit) = (study.seedValues.count, StudySpecification.Limit.runs)
    let runs = suiteEntries.count * strategyEntries.count * seeds
    guard runs > limit else { return }
    report(
      "\(suiteEntries.count) suites, \(strategyEntries.count) strategies and \(seeds) seeds are \(runs) runs, and a "
        + "study has up to \(limit)", at: "seeds")
  }

  // MARK: Entries

  private mutating func resolve(suite entry: StudySpecification.Entry, at path: String) -> Suite? {
    let declared: [ParameterDescriptor]
    do {
      declared = try suites.type(named: entry.name).parameters
    } catch {
      report(error.description, at: path)
      return nil
    }
    guard let parameters = resolve(entry, declared: declared, at: path) else { return nil }
    do {
      let suite = try suites.make(entry.name, parameters: parameters.values)
      let label = label(of: entry, parameters, declared: declared)
      requireOptimizer(of: suite.recipe, label)
      requireBatch(of: suite, label)
      return Suite(
        name: entry.name, label: label, parameters: parameters, recipe: suite.recipe,
        tasks: suite.taskSpecifications,
        model: model(of: suite, label))
    } catch {
      report(error.description, at: "\(path).set")
      return nil
    }
  }

  /// A weight decay that is too large for the suite's learning rate fails here.
  private mutating func requireOptimizer(of recipe: TrainingRecipe, _ label: String) {
    guard problems.isEmpty else { return }
    do throws(TrainingError) {
      try study.optimizer(learningRate: study.learningRate ?? recipe.learningRate).validate(in: Float.self)
    } catch {
      report(
        "on \(Quotation.short(label)): \(error.message)",
        at: study.weightDecay == nil ? "optimizer" : "weight-decay")
    }
  }

  /// A batch that is larger than the training data fails here and not in every run.
  private mutating func requireBatch(of suite: any TaskSuite, _ label: String) {
    let size = study.batchSize ?? suite.recipe.batchSize
    guard let samples = suite.trainingSampleCount, size > samples else { return }
    report(
      "on \(Quotation.short(label)): a batch of \(size) samples is larger than the training data of \(samples)",
      at: "batch-size")
  }

  /// What is trained on all tasks of a suite; keys of a network do not apply to a model of the suite's own.
  private mutating func model(of suite: any TaskSuite, _ label: String) -> TrainedModel? {
    guard let model = suite.model(for: suite.taskSpecifications) else {
      return network(of: suite, label).map { .network($0) }
    }
    let keys = [
      ("architecture", study.architecture != nil), ("trunk", study.trunk != nil),
      ("activation", study.activation != nil), ("block", study.block != nil),
    ]
    for (key, isGiven) in keys where isGiven {
      report(
        "on \(Quotation.short(label)): the suite has a model of its own, which no study changes", at: key)
    }
    return .own(model)
  }

  /// The network of all tasks of a suite; what cannot be one is reported here and not in every run.
  private mutating func network(of suite: any TaskSuite, _ label: String) -> NetworkSpecification? {
    guard let inputs = suite.inputCount, let trunk = study.trunk ?? suite.recipe.trunk,
      let activation = study.activation ?? suite.recipe.activation
    else { return nil }
    func make(_ block: BlockSpecification) throws(TrainingError) -> NetworkSpecification {
      try NetworkSpecification(
        inputs: inputs, architecture: study.architecture ?? .hardSharing,
        trunk: trunk, activation: activation,
        block: block, tasks: suite.taskSpecifications)
    }
    // A trunk that is wrong by itself has been reported.
    guard problems.isEmpty else { return nil }
    do {
      _ = try make(.plain)
    } catch {
      report("on \(Quotation.short(label)): \(error.message)", at: "trunk")
      return nil
    }
    do {
      return try make(study.block ?? .plain)
    } catch {
      report("on \(Quotation.short(label)): \(error.message)", at: "block")
      return nil
    }
  }

  private mutating func resolve(strategy entry: StudySpecification.Entry, at path: String) -> Strategy? {
    do {
      let type = try strategies.type(named: entry.name)
      guard let parameters = resolve(entry, declared: type.parameters, at: path) else { return nil }
      // Parameters that do not fit the number of tasks fail here and not in every run.
      for suite in suiteEntries {
        do {
          let strategy = try strategies.make(
            entry.name, taskCount: type.about.arrangement == .separate ? 1 : suite.tasks.count,
            parameters: parameters.values)
          requireGradients(of: strategy, on: suite, at: path)
        } catch {
          report("on \(Quotation.short(suite.label)): \(error.description)", at: path)
        }
      }
      requireStepOptions(of: type)
      return Strategy(
        name: entry.name, label: label(of: entry, parameters, declared: type.parameters),
        parameters: parameters, arrangement: type.about.arrangement)
    } catch {
      report(error.description, at: path)
      return nil
    }
  }

  /// Gradients that the network does not have, and an optimiser that the strategy cannot have, fail here too.
  private mutating func requireGradients(of strategy: any WeightingStrategy, on suite: Suite, at path: String)
  {
    let optimizer = study.optimizer(learningRate: study.learningRate ?? suite.recipe.learningRate)
    guard problems.isEmpty else { return }
    do throws(TrainingError) {
      try suite.model?.validate(for: strategy, optimizer: optimizer, options: study.step)
    } catch {
      report("on \(Quotation.short(suite.label)): \(error.message)", at: path)
    }
  }

  /// Options that do not suit the strategy fail here and not in every run.
  private mutating func requireStepOptions(of type: any WeightingStrategy.Type) {
    for suite in suiteEntries {
      let size = study.batchSize ?? suite.recipe.batchSize
      do throws(TrainingError) {
        try study.step.validate(for: type, batchSize: size)
      } catch {
        var unclipped = study.step
        unclipped.clipNorm = nil
        let isClipping = (try? unclipped.validate(for: type, batchSize: size)) != nil
        report(
          "on \(Quotation.short(suite.label)): \(error.message)",
          at: isClipping ? "clip-norm" : "accumulation")
      }
    }
  }

  /// The values of all parameters; each unknown or unfit one is reported at its own key.
  private mutating func resolve(
    _ entry: StudySpecification.Entry, declared: [ParameterDescriptor], at path: String
  ) -> ParameterValues? {
    var accepted: [String: ParameterValue] = [:]
    var isComplete = true
    for (name, value) in entry.parameters.sorted(by: { $0.key < $1.key }) {
      do {
        _ = try ParameterValues([name: value], of: entry.name, against: declared)
        accepted[name] = value
      } catch {
        report(error.description, at: "\(path).set.\(name)")
        isComplete = false
      }
    }
    guard isComplete else { return nil }
    do {
      return try ParameterValues(accepted, of: entry.name, against: declared)
    } catch {
      report(error.description, at: path)
      return nil
    }
  }

  private func label(
    of entry: StudySpecification.Entry, _ parameters: ParameterValues, declared: [ParameterDescriptor]
  ) -> String {
    if let label = entry.label { return label }
    let changed = declared.compactMap { parameter -> String? in
      guard let value = parameters.values[parameter.name], value != parameter.defaultValue else { return nil }
      return "\(parameter.name)=\(value)"
    }
    return changed.isEmpty ? entry.name : "\(entry.name)(\(changed.joined(separator: ", ")))"
  }

  private mutating func requireDistinctLabels(_ paths: [String], _ labels: [String]) {
    // With an entry missing, paths and labels no longer correspond.
    guard paths.count == labels.count else { return }
    var first: [String: String] = [:]
    for (path, label) in zip(paths, labels) {
      if let earlier = first[label] {
        report(
          "has the label “\(Quotation.short(label))” of \(earlier): give it a label of its own", at: path)
      } else {
        first[label] = path
      }
    }
  }

  // MARK: Baseline and reference

  /// The entry that a label or a name means; added with its defaults where the study lacks it.
  private mutating func entry(of wanted: String, as role: String, position: Int) -> Strategy? {
    if let entry = strategyEntries.first(where: { $0.label == wanted }) { return entry }
    let named = strategyEntries.filter { $0.name == wanted }
    if named.count == 1 { return named[0] }
    if named.count > 1 {
      let labels = named.prefix(3).map { Quotation.short($0.label) }.joined(separator: " or ")
      report("“\(Quotation.short(wanted))” could be \(labels): give a label", at: role)
      return nil
    }
    let added = StudySpecification.Entry(wanted)
    guard let entry = resolve(strategy: added, at: role) else { return nil }
    strategyEntries.insert(entry, at: position)
    study.strategies.insert(added, at: position)
    notices.append("\(wanted) was added to the strategies: it is the study's \(role)")
    return entry
  }

  private mutating func report(_ message: String, at key: String) {
    problems.append(study.locations.error(message, at: key))
  }
}
