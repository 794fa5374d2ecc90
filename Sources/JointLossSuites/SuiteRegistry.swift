import JointLossTraining
public import JointLossWeighting

/// The suites that a program knows, by name.
public struct SuiteRegistry: Sendable {
  /// The types, in the order they are listed.
  public private(set) var types: [any TaskSuite.Type]

  /// The suites of this package.
  public static let builtIn = SuiteRegistry(checked: [
    RelatedSuite.self, UnrelatedSuite.self, ConflictingSuite.self, FeatureBankSuite.self,
    SineMixtureSuite.self, GradNormTanhSuite.self, LinearSubspaceSuite.self,
  ])

  private init(checked types: [any TaskSuite.Type]) { self.types = types }

  /// A registry with further suites.
  ///
  /// - Parameter types: the suites to add.
  /// - Returns: the larger registry.
  /// - Throws: ``SuiteError`` if a name is taken already or is not printable, or if a parameter is declared twice or with
  ///   a default outside its range.
  public func adding(_ types: [any TaskSuite.Type]) throws(SuiteError) -> SuiteRegistry {
    var result = self
    for type in types {
      let name = type.about.name
      guard !result.names.contains(name) else {
        throw SuiteError("a suite named “\(Quotation.short(name))” exists already")
      }
      try Self.requirePrintable(name, of: "a suite")
      do throws(ParameterError) {
        try type.checkParameters(of: name)
      } catch {
        throw SuiteError(error.description)
      }
      result.types.append(type)
    }
    return result
  }

  /// The names, in the order they are listed.
  public var names: [String] { types.map { $0.about.name } }

  /// The suite of a name.
  ///
  /// - Parameter name: the name in its description.
  /// - Returns: the type.
  /// - Throws: ``SuiteError`` that suggests the nearest names.
  public func type(named name: String) throws(SuiteError) -> any TaskSuite.Type {
    guard let type = types.first(where: { $0.about.name == name }) else {
      throw SuiteError(
        "no suite is named “\(Quotation.short(name))”: \(NearestNames.hint(for: name, among: names, what: "names"))"
      )
    }
    return type
  }

  /// Creates a suite.
  ///
  /// - Parameters:
  ///   - name: the name in its description.
  ///   - parameters: values for some of its parameters.
  /// - Returns: the suite.
  /// - Throws: ``SuiteError`` for an unknown name, or parameters that are unknown, out of range or do not fit
  ///   together, a task's name that is not printable, or a model that has other tasks or inputs than the suite.
  public func make(
    _ name: String, parameters: [String: ParameterValue] = [:]
  ) throws(SuiteError) -> any TaskSuite {
    let suite = try type(named: name).init(parameters: parameters)
    for task in suite.taskSpecifications { try Self.requirePrintable(task.name, of: "a task of \(name)") }
    try Self.requireModels(of: suite, name)
    return suite
  }

  /// Checks that a suite has either a model for every share of its tasks that is trained, or the recipe of a network.
  private static func requireModels(of suite: any TaskSuite, _ name: String) throws(SuiteError) {
    let (tasks, recipe) = (suite.taskSpecifications, suite.recipe)
    guard suite.model(for: tasks) != nil else {
      guard recipe.trunk != nil, recipe.activation != nil else {
        throw SuiteError("\(name) has no model of its own: its recipe needs a trunk and an activation")
      }
      return
    }
    guard recipe.trunk == nil, recipe.activation == nil else {
      throw SuiteError("\(name) has a model of its own: its recipe has no trunk and no activation")
    }
    for share in [tasks] + tasks.map({ [$0] }) {
      let wanted = share.map { Quotation.short($0.name) }.joined(separator: ", ")
      guard let model = suite.model(for: share) else {
        throw SuiteError("\(name) has a model for all of its tasks, and none for \(wanted) alone")
      }
      guard model.tasks == share else {
        let names = model.tasks.map { Quotation.short($0.name) }.joined(separator: ", ")
        throw SuiteError("the model of \(name) for the tasks \(wanted) has other tasks: \(names)")
      }
      if let inputs = suite.inputCount, model.inputs != inputs {
        throw SuiteError("the model of \(name) has \(model.inputs) inputs, its samples have \(inputs)")
      }
    }
  }

  private static func requirePrintable(_ name: String, of owner: String) throws(SuiteError) {
    guard name.isPrintable else {
      throw SuiteError(
        "\(owner) has a name of one line in printable characters, not “\(Quotation.short(name))”")
    }
  }
}
