/// The strategies that a program knows, by name.
public struct StrategyRegistry: Sendable {
  /// The types, in the order they are listed.
  public private(set) var types: [any WeightingStrategy.Type]

  /// The strategies of this package.
  public static let builtIn = StrategyRegistry(checked: [
    EqualWeighting.self,
    FixedWeighting.self,
    SingleTaskTraining.self,
    UncertaintyWeighting.self,
    GradNorm.self,
    DynamicWeightAverage.self,
    PCGrad.self,
    RandomWeighting.self,
    RevisedUncertaintyWeighting.self,
    GeometricLoss.self,
    ScaleInvariantLoss.self,
    IMTLL.self,
    IMTLG.self,
    IMTL.self,
    MGDA.self,
    CAGrad.self,
    GradVac.self,
    NashMTL.self,
    AlignedMTL.self,
    FairGrad.self,
    STCH.self,
    UPGrad.self,
    DualProj.self,
    ConFIG.self,
    CoVWeighting.self,
    DynamicTaskPrioritization.self,
    SoftAdapt.self,
    ReLoBRaLo.self,
    UWO.self,
    UWSO.self,
    IGB.self,
    GO4Align.self,
    LDCMTL.self,
    UnitGradient.self,
    COSMOS.self,
    PBI.self,
    Krum.self,
    TrimmedMean.self,
    FAMO.self,
    GradDrop.self,
    DBMTL.self,
    ExcessMTL.self,
    MoCo.self,
    MoDo.self,
    SDMGrad.self,
    AdaTask.self,
  ])

  private init(checked types: [any WeightingStrategy.Type]) { self.types = types }

  /// A registry with further strategies.
  ///
  /// - Parameter types: the strategies to add.
  /// - Returns: the larger registry.
  /// - Throws: ``WeightingError`` if a name is taken already or is not printable, or if a parameter is declared twice or
  ///   with a default outside its range.
  public func adding(_ types: [any WeightingStrategy.Type]) throws(WeightingError) -> StrategyRegistry {
    var result = self
    for type in types {
      guard !result.names.contains(type.about.name) else {
        throw WeightingError(.duplicateStrategy, "a strategy named “\(type.about.name)” exists already")
      }
      guard type.about.name.isPrintable else {
        throw WeightingError(
          .name,
          "a strategy has a name of one line in printable characters, not “\(Quotation.short(type.about.name))”"
        )
      }
      do throws(ParameterError) {
        try type.checkParameters(of: type.about.name)
      } catch {
        throw WeightingError(.parameter, error.description)
      }
      result.types.append(type)
    }
    return result
  }

  /// The names, in the order they are listed.
  public var names: [String] { types.map { $0.about.name } }

  /// The strategy of a name, in wrappers where some follow: `upgrad+average` is an ``ExponentialAverage`` of
  /// UPGrad, `pcgrad+every+normalised` a ``Normalized`` ``EveryKSteps`` of PCGrad.
  ///
  /// - Parameter name: the name in its descriptor.
  /// - Returns: the type.
  /// - Throws: ``WeightingError`` that suggests the nearest names.
  public func type(named name: String) throws(WeightingError) -> any WeightingStrategy.Type {
    let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard var type = types.first(where: { $0.about.name == parts[0] }) else {
      throw WeightingError(
        .unknownStrategy,
        "no strategy is named “\(Quotation.short(parts[0]))”: \(hint(for: parts[0]))"
      )
    }
    for wrapper in parts.dropFirst() { type = try StrategyWrappers.wrap(type, in: wrapper) }
    return type
  }

  /// What might be meant by a name that no strategy has: the strategy that another system calls so, or else the nearest
  /// names.
  private func hint(for name: String) -> String {
    let meant = ForeignNames.strategies(called: name).filter(names.contains)
    guard meant.isEmpty else { return "did you mean \(meant.joined(separator: " or "))?" }
    return NearestNames.hint(for: name, among: names, what: "names")
  }

  /// Creates a strategy.
  ///
  /// - Parameters:
  ///   - name: the name in its description.
  ///   - taskCount: the number of tasks.
  ///   - parameters: values for some of its parameters.
  /// - Returns: the strategy at the start of training.
  /// - Throws: ``WeightingError`` for an unknown name, no task, or parameters that are unknown or out of range.
  public func make(
    _ name: String, taskCount: Int, parameters: [String: ParameterValue] = [:]
  ) throws(WeightingError) -> any WeightingStrategy {
    try type(named: name).init(taskCount: taskCount, parameters: parameters)
  }

  /// Starts training under a strategy.
  ///
  /// - Parameters:
  ///   - name: the name in its description.
  ///   - taskCount: the number of tasks, at least 1.
  ///   - parameters: values for some of its parameters.
  ///   - seed: the seed of what it draws at random.
  /// - Returns: what weighs the steps.
  /// - Throws: ``WeightingError`` for an unknown name, no task, or parameters that are unknown or out of range.
  public func makeWeigher(
    _ name: String, taskCount: Int, parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) throws(WeightingError) -> any StepWeigher {
    func weigher<Strategy: WeightingStrategy>(_ type: Strategy.Type) throws(WeightingError) -> any StepWeigher
    {
      try Weigher<Strategy>(taskCount: taskCount, parameters: parameters, seed: seed)
    }
    return try weigher(type(named: name))
  }
}
