public import JointLossSuites
import JointLossTraining
public import JointLossWeighting

/// The runs that a study amounts to, every parameter and training field resolved.
public struct RunPlan: Sendable {
  /// The study, with the baseline and the reference among its strategies.
  public let study: StudySpecification
  /// The label of the baseline.
  public let baseline: String
  /// The label of the reference.
  public let reference: String
  /// The labels of the suites, in the order of the study.
  public let suiteLabels: [String]
  /// The labels of the strategies, in the order of the study.
  public let strategyLabels: [String]
  /// What was added to the study, a sentence each.
  public let notices: [String]
  /// The runs: seed by seed, so that an interrupted study leaves whole paired seeds.
  public let runs: [RunSpecification]

  /// Plans a study.
  ///
  /// - Parameters:
  ///   - study: the study.
  ///   - strategies: the strategies that exist.
  ///   - suites: the suites that exist.
  /// - Throws: ``StudyError`` with everything that is wrong: unknown names, parameters that are unknown or out
  ///   of range, equal labels, fields out of range, a baseline that is no single-task training.
  public init(
    _ study: StudySpecification, strategies: StrategyRegistry, suites: SuiteRegistry
  ) throws(StudyError) {
    var resolver = StudyResolver(study, strategies: strategies, suites: suites)
    resolver.resolve()
    if let error = StudyError.combining(resolver.problems) { throw error }
    self.study = resolver.study
    baseline = resolver.baseline
    reference = resolver.reference
    notices = resolver.notices
    suiteLabels = resolver.suiteEntries.map(\.label)
    strategyLabels = resolver.strategyEntries.map(\.label)

    var runs: [RunSpecification] = []
    for seed in study.seedValues {
      for suite in resolver.suiteEntries {
        for strategy in resolver.strategyEntries {
          runs.append(
            study.run(
              suite: (suite.label, suite.name, suite.parameters), recipe: suite.recipe,
              strategy: (strategy.label, strategy.name, strategy.parameters), seed: seed))
        }
      }
    }
    self.runs = runs
  }
}

extension StudySpecification {
  /// A suite or a strategy of a run: label, name and the value of every parameter.
  typealias ResolvedEntry = (label: String, name: String, parameters: ParameterValues)

  /// The run of a suite, a strategy and a seed; what the study leaves open is that of the recipe.
  func run(
    suite: ResolvedEntry, recipe: TrainingRecipe, strategy: ResolvedEntry, seed: UInt64
  ) -> RunSpecification {
    let rate = learningRate ?? recipe.learningRate
    return RunSpecification(
      format: RunSpecification.currentFormat,
      suiteLabel: suite.label, suite: suite.name, suiteParameters: suite.parameters,
      strategyLabel: strategy.label, strategy: strategy.name, strategyParameters: strategy.parameters,
      seed: seed,
      trunk: trunk ?? recipe.trunk,
      activation: activation ?? recipe.activation,
      optimizer: optimizer(learningRate: rate),
      batchSize: batchSize ?? recipe.batchSize,
      epochs: epochs ?? recipe.epochs,
      schedule: schedule.flatMap { $0.isConstant ? nil : $0 },
      earlyStopping: earlyStopping,
      step: step == StepOptions() ? nil : step,
      architecture: architecture == .hardSharing ? nil : architecture,
      block: block == .plain ? nil : block)
  }
}
