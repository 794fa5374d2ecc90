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
  ///   together, or a task's name that is not printable.
  public func make(
    _ name: String, parameters: [String: ParameterValue] = [:]
  ) throws(SuiteError) -> any TaskSuite {
    let suite = try type(named: name).init(parameters: parameters)
    for task in suite.taskSpecifications { try Self.requirePrintable(task.name, of: "a task of \(name)") }
    return suite
  }

  private static func requirePrintable(_ name: String, of owner: String) throws(SuiteError) {
    guard name.isPrintable else {
      throw SuiteError(
        "\(owner) has a name of one line in printable characters, not “\(Quotation.short(name))”")
    }
  }
}
