import JointLossTraining
import JointLossWeighting

extension StudySpecification {
  /// The optimiser at a learning rate, its constants those of the study or the usual ones.
  func optimizer(learningRate: Double) -> OptimizerSpecification {
    switch optimizer ?? .adam {
    case .adam:
      .adam(
        learningRate: learningRate, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8)
    case .adamw:
      .adamw(
        learningRate: learningRate, beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.999, epsilon: epsilon ?? 1e-8,
        weightDecay: weightDecay ?? 0.01)
    case .sgd: .sgd(learningRate: learningRate, momentum: momentum ?? 0)
    case .nesterov: .nesterov(learningRate: learningRate, momentum: momentum ?? 0.9)
    case .kfac:
      .kfac(
        learningRate: learningRate, momentum: momentum ?? 0.9, damping: damping ?? 0.01,
        decay: factorDecay ?? 0.95, interval: factorInterval ?? 10)
    }
  }

  /// Everything that is wrong with the learning rate and the optimiser's constants: runs compute in `Float`.
  func optimizerProblems() -> [StudyError] {
    var problems: [StudyError] = []
    func require(_ condition: Bool, _ key: String, _ message: @autoclosure () -> String) {
      if !condition { problems.append(locations.error(message(), at: key)) }
    }
    func positive(_ value: Double?, _ key: String) {
      guard let value else { return }
      let text = ParameterValue.number(value)
      require(value > 0 && value.isFinite, key, "is a finite number above 0, not \(text)")
      let single = Float(value)
      require(
        !(value > 0) || !value.isFinite || single > 0 && single.isFinite, key,
        "is \(text), which is \(single) in the precision of a run")
    }
    func share(_ value: Double?, _ key: String) {
      guard let value else { return }
      let text = ParameterValue.number(value)
      require(value >= 0 && value < 1, key, "is in [0, 1), not \(text)")
      require(
        !(value < 1) || Float(value) < 1, key, "is \(text), which is 1 in the precision of a run")
    }
    func belongs(_ isGiven: Bool, _ key: String, to owners: [Optimizer]) {
      guard isGiven, !owners.contains(optimizer ?? .adam) else { return }
      let names = owners.map(\.rawValue)
      let list = names.dropLast().isEmpty ? "" : names.dropLast().joined(separator: ", ") + " and "
      require(false, key, "belongs to the optimizer\(list.isEmpty ? "" : "s") \(list)\(names.last ?? "")")
    }

    positive(learningRate, "learning-rate")
    if let optimizer, optimizer != .adam, optimizer != .adamw {
      require(
        learningRate != nil, "optimizer",
        "\(optimizer.rawValue) needs a learning-rate: those of the suites are for adam")
    }
    share(momentum, "momentum")
    belongs(momentum != nil, "momentum", to: [.sgd, .nesterov, .kfac])
    if let weightDecay {
      require(
        weightDecay >= 0 && weightDecay * (learningRate ?? 0) < 1 && weightDecay.isFinite, "weight-decay",
        "is at least 0 and below 1 / learning-rate, not \(ParameterValue.number(weightDecay))")
    }
    belongs(weightDecay != nil, "weight-decay", to: [.adamw])
    share(beta1, "beta1")
    belongs(beta1 != nil, "beta1", to: [.adam, .adamw])
    share(beta2, "beta2")
    belongs(beta2 != nil, "beta2", to: [.adam, .adamw])
    positive(epsilon, "epsilon")
    belongs(epsilon != nil, "epsilon", to: [.adam, .adamw])
    positive(damping, "damping")
    belongs(damping != nil, "damping", to: [.kfac])
    share(factorDecay, "factor-decay")
    belongs(factorDecay != nil, "factor-decay", to: [.kfac])
    if let factorInterval {
      require(
        (1...Limit.count).contains(factorInterval), "factor-interval",
        "is 1 to \(Limit.count), not \(factorInterval)")
    }
    belongs(factorInterval != nil, "factor-interval", to: [.kfac])
    return problems
  }
}
