import ArgumentParser
import JointLossStudies
import JointLossSuites
import JointLossWeighting

/// `jointloss compare`: a study put together from flags.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares strategies on task suites, over paired seeds.",
    discussion: """
      Every strategy of a seed gets the same data, initial parameters and batch order. Results go to a folder; \
      run again, complete runs are not repeated. Without flags: six strategies on related and unrelated tasks, \
      ten seeds, under two minutes on two cores.
      """)

  @Option(name: .customLong("suite"), help: ArgumentHelp("A suite; repeatable. See `jointloss suites`."))
  var suites: [String] = []

  @Option(
    name: .customLong("strategy"), help: ArgumentHelp("A strategy; repeatable. See `jointloss strategies`."))
  var strategies: [String] = []

  @Option(help: ArgumentHelp("The number of paired seeds.", valueName: "count"))
  var seeds: Int?

  @Option(help: ArgumentHelp("Epochs of training, instead of each suite's own.", valueName: "count"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp("The optimiser's learning rate, instead of each suite's own.", valueName: "rate"))
  var learningRate: Double?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A parameter of a strategy or suite, gradnorm.alpha=1.5 say; repeatable.",
      valueName: "name.parameter=value"))
  var settings: [ParameterSetting] = []

  @Flag(help: "Print the study file that the flags amount to, and stop.")
  var printStudy = false

  @OptionGroup var options: StudyOptions

  func validate() throws {
    _ = try study()
  }

  func run() async throws {
    let study = try study()
    let plan = try RunPlan(study, strategies: JointLoss.registry, suites: JointLoss.suites)
    guard !printStudy else { return try StandardOutput.write(study.yaml, terminator: "") }
    try await StudySession(plan: plan, options: options, defaultFolder: "comparison").run()
  }

  /// The study that the flags describe.
  private func study() throws -> StudySpecification {
    var study = StudySpecification()
    if !suites.isEmpty { study.suites = suites.map { .init($0) } }
    if !strategies.isEmpty { study.strategies = strategies.map { .init($0) } }
    if let seeds { study.seeds = .count(seeds) }
    study.epochs = epochs
    study.learningRate = learningRate
    for (index, setting) in settings.enumerated() {
      if settings[..<index].contains(where: { $0.owner == setting.owner && $0.parameter == setting.parameter }
      ) {
        throw ValidationError("--set \(setting.owner ?? "").\(setting.parameter) is given twice.")
      }
      guard let owner = setting.owner else {
        throw ValidationError(
          "--set needs the strategy or suite: NAME.\(setting.parameter)=\(setting.value).")
      }
      let isSuite = study.set(setting, of: owner, in: \.suites)
      let isStrategy = study.set(setting, of: owner, in: \.strategies)
      guard isSuite || isStrategy else {
        let compared = study.suites.map(\.name) + study.strategies.map(\.name)
        let hint = NearestNames.hint(for: owner, among: compared, what: "suites and strategies")
        throw ValidationError(
          "--set \(owner).\(setting.parameter): the comparison has no suite or strategy “\(owner)”: \(hint)")
      }
    }
    return study
  }
}

extension StudySpecification {
  /// Sets a parameter of all entries with a name; false if there is none.
  fileprivate mutating func set(
    _ setting: ParameterSetting, of owner: String, in entries: WritableKeyPath<StudySpecification, [Entry]>
  ) -> Bool {
    let matching = self[keyPath: entries].indices.filter { self[keyPath: entries][$0].name == owner }
    for index in matching { self[keyPath: entries][index].parameters[setting.parameter] = setting.value }
    return !matching.isEmpty
  }
}
