import JointLossTraining
import JointLossWeighting

extension LearningRateSchedule {
  /// The words of a schedule's shape in a study file, each with the keys that belong to it.
  static let keys = [
    "constant": [], "cosine": ["final"], "step": ["every", "factor"], "plateau": ["patience", "factor"],
  ]

  /// The schedule as a YAML mapping on one line.
  var flow: String {
    var fields: [String]
    switch shape {
    case .constant: fields = ["name: constant"]
    case .cosine(let final): fields = ["name: cosine", "final: \(ParameterValue.number(final))"]
    case .step(let every, let factor):
      fields = ["name: step", "every: \(every)", "factor: \(ParameterValue.number(factor))"]
    case .plateau(let patience, let factor):
      fields = ["name: plateau", "patience: \(patience)", "factor: \(ParameterValue.number(factor))"]
    }
    if warmUp > 0 { fields.append("warm-up: \(warmUp)") }
    return "{\(fields.joined(separator: ", "))}"
  }
}

extension EarlyStopping {
  /// The rule as a YAML mapping on one line.
  var flow: String {
    "{patience: \(patience), minimum-improvement: \(ParameterValue.number(minimumImprovement))}"
  }
}
