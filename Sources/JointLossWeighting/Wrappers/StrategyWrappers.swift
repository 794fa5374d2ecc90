/// The wrappers that may follow any strategy's name: `pcgrad+every`, `upgrad+average+normalised`.
package enum StrategyWrappers {
  /// The names, as they follow a `+`, and what each does.
  package static let summaries: [(name: String, summary: String)] = [
    ("every", "new weights in every k-th step only"),
    ("normalised", "weights scaled to a common sum"),
    ("average", "weights averaged over the steps (CR-MOGM)"),
  ]

  /// A strategy in a wrapper.
  ///
  /// - Parameters:
  ///   - type: the strategy, perhaps wrapped already.
  ///   - name: the wrapper's name.
  /// - Returns: the wrapped type.
  /// - Throws: ``WeightingError`` that suggests the nearest names, or for a wrapper in itself.
  static func wrap(
    _ type: any WeightingStrategy.Type, in name: String
  ) throws(WeightingError) -> any WeightingStrategy.Type {
    guard !type.about.name.split(separator: "+").dropFirst().contains(Substring(name)) else {
      throw WeightingError(.unknownStrategy, "“\(type.about.name)” has the wrapper “\(name)” already")
    }
    switch name {
    case "every": return every(type)
    case "normalised": return normalised(type)
    case "average": return average(type)
    default:
      let hint = NearestNames.hint(for: name, among: summaries.map(\.name), what: "names")
      throw WeightingError(.unknownStrategy, "no wrapper is named “\(name)”: \(hint)")
    }
  }

  private static func every<Base: WeightingStrategy>(_ type: Base.Type) -> any WeightingStrategy.Type {
    EveryKSteps<Base>.self
  }

  private static func normalised<Base: WeightingStrategy>(_ type: Base.Type) -> any WeightingStrategy.Type {
    Normalized<Base>.self
  }

  private static func average<Base: WeightingStrategy>(_ type: Base.Type) -> any WeightingStrategy.Type {
    ExponentialAverage<Base>.self
  }

  /// Checks that a strategy gives weights, which a wrapper can change: a direction or an update it could not.
  ///
  /// - Parameters:
  ///   - base: the strategy to wrap.
  ///   - wrapper: the wrapper's name, for the message.
  /// - Throws: ``WeightingError`` if it gives a direction or an update.
  static func requireWeights<Base: WeightingStrategy>(
    of base: Base.Type, for wrapper: String
  ) throws(WeightingError) {
    let about = Base.about
    guard !about.weighs.isGiven else {
      throw WeightingError(
        .parameter,
        "\(about.name) gives \(about.weighs.phrase), not weights: there is no \(wrapper) of it")
    }
  }

  /// The description of a wrapped strategy: the strategy's own, and what the wrapper adds.
  static func description<Base: WeightingStrategy>(
    of base: Base.Type, suffix: String, title: String, formula: String, cost: String = "",
    promises: StrategyPromises
  ) -> StrategyDescription {
    let inner = Base.about
    return StrategyDescription(
      "\(inner.name)+\(suffix)", "\(inner.title), \(title)", citation: inner.citation,
      formula: inner.formula + formula, weighs: inner.weighs, losses: inner.losses,
      cost: inner.cost + cost, arrangement: inner.arrangement, differences: inner.differences,
      promises: promises)
  }
}

extension StrategyPromises {
  /// What is left of a promise about the direction where its weights are changed, or meet other gradients.
  package mutating func leaveDirection() {
    if taskOrder == .equivariantDirection { taskOrder = .withoutTies }
  }

  /// What is left of the promises of a step's weights in later steps.
  package mutating func outlastStep() {
    (isNonConflicting, isMemoryless) = (false, false)
    leaveDirection()
  }
}
