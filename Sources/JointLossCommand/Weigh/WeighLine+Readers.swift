import JointLossWeighting

extension WeighLine {
  /// Checks that every field of the line is used: draws, gradients of one kind and losses after the step only by a
  /// strategy that reads them.
  ///
  /// The others are used under every strategy: losses, labels, epochs and samples by the epoch's means, a Gramian or a
  /// Jacobian by the diagnostics.
  ///
  /// - Parameters:
  ///   - strategy: the strategy before the step.
  ///   - name: its name, for the message.
  ///   - observation: what the line says of the step.
  /// - Throws: ``WeighLineError`` naming the first field that the strategy does not read.
  func requireReader<Strategy: WeightingStrategy>(
    _ strategy: Strategy, named name: String, of observation: StepObservation
  ) throws(WeighLineError) {
    let read = strategy.readsDraws(present: observation.present)
    for kind in InjectedDraws.Kind.allCases
    where observation.draws.given.contains(kind) && !read.contains(kind) {
      let others = InjectedDraws.Kind.allCases.filter(read.contains).map(\.rawValue)
      throw WeighLineError(
        "\(kind.rawValue) are given, which \(name) does not read in this step: of draws it reads "
          + (others.isEmpty ? "none" : others.joined(separator: " and ")))
    }
    let need = Strategy.Gradients.need
    let fields: [(CodingKeys, isGiven: Bool, isRead: Bool)] = [
      (.gradientNorms, gradientNorms != nil, need == .gradientNorms),
      (.jacobians, jacobians != nil, Strategy.Gradients.independentBatches > 1),
      (
        .representation, representation != nil,
        need == .jacobian && strategy.gradientScope == .representation
      ),
    ]
    for (key, isGiven, isRead) in fields where isGiven && !isRead {
      throw WeighLineError(
        "\(key.rawValue) is given, which \(name) does not read: of gradients it reads "
          + (need == .losses ? "none" : need.rawValue))
    }
    guard lossesAfter == nil || strategy.looksAfterStep else {
      throw WeighLineError(
        "losses_after is given, which \(name) does not read: it does not look at the losses after a step")
    }
  }
}
