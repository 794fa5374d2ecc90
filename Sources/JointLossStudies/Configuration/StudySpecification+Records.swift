import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// What a study says of runs whose strategies and suites need not exist here.
extension StudySpecification {
  /// Whether a run is one of this study's, by what the study file says: name, label and parameters of suite and
  /// strategy, the seed, and every field of the training.
  ///
  /// Parameters and fields that the file leaves open may have any value: their defaults are known to the suite and
  /// strategy alone.
  func includes(_ run: RunSpecification) -> Bool {
    // The recipe that the run was made with fills in what the study leaves open; the rest has to agree.
    let recipe = TrainingRecipe(
      trunk: run.trunk, activation: run.activation, epochs: run.epochs, batchSize: run.batchSize,
      learningRate: run.optimizer.learningRate)
    let planned = self.run(
      suite: (run.suiteLabel, run.suite, run.suiteParameters), recipe: recipe,
      strategy: (run.strategyLabel, run.strategy, run.strategyParameters), seed: run.seed)
    return planned == run && seedValues.contains(run.seed)
      && suites.contains { $0.isEntry(of: run.suite, run.suiteLabel, run.suiteParameters.values) }
      && strategies.contains {
        $0.isEntry(of: run.strategy, run.strategyLabel, run.strategyParameters.values)
      }
  }

  /// The label that a baseline or reference has in the runs: it is written as a label, or as a name that one label has.
  package func label(of wanted: String, in runs: [RunSpecification]) -> String {
    let labels = Set(runs.map(\.strategyLabel))
    let named = Set(runs.filter { $0.strategy == wanted }.map(\.strategyLabel))
    return labels.contains(wanted) || named.count != 1 ? wanted : named.first ?? wanted
  }

  /// The number of runs that the study amounts to.
  package var runCount: Int { seedValues.count * suites.count * strategies.count }
}

extension StudySpecification.Entry {
  fileprivate func isEntry(of name: String, _ label: String, _ values: [String: ParameterValue]) -> Bool {
    guard name == self.name, parameters.allSatisfy({ values[$0.key] == $0.value }) else { return false }
    if let given = self.label { return label == given }
    // Without a label in the file it is the name, followed by parameters that differ from their defaults.
    return label == name || !parameters.isEmpty && label.hasPrefix("\(name)(")
  }
}
