import JointLossTraining
public import JointLossWeighting

/// The suites that a program knows, by name.
public struct SuiteRegistry: Sendable {
  /// The types, in the order they are listed.
  public let types: [any TaskSuite.Type]

  /// The suites of this package.
  public static let builtIn = SuiteRegistry(types: [
    RelatedSuite.self, UnrelatedSuite.self, ConflictingSuite.self, FeatureBankSuite.self,
    SineMixtureSuite.self, GradNormTanhSuite.self, LinearSubspaceSuite.self,
  ])

  /// The names, in the order they are listed.
  public var names: [String] { types.map { $0.descriptor.name } }

  /// The suite of a name.
  ///
  /// - Parameter name: the name in its descriptor.
  /// - Returns: the type.
  /// - Throws: ``SuiteError`` that suggests the nearest names.
  public func type(named name: String) throws(SuiteError) -> any TaskSuite.Type {
    guard let type = types.first(where: { $0.descriptor.name == name }) else {
      throw SuiteError(
        "no suite is named “\(Quotation.short(name))”: \(NearestNames.hint(for: name, among: names, what: "names"))"
      )
    }
    return type
  }

  /// Creates a suite.
  ///
  /// - Parameters:
  ///   - name: the name in its descriptor.
  ///   - parameters: values for some of its parameters.
  /// - Returns: the suite.
  /// - Throws: ``SuiteError`` for an unknown name, or parameters that are unknown, out of range or do not fit
  ///   together, or names that are not printable.
  public func make(
    _ name: String, parameters: [String: ParameterValue] = [:]
  ) throws(SuiteError) -> any TaskSuite {
    let type = try type(named: name)
    for name in [name] + type.descriptor.parameters.map(\.name) { try requirePrintable(name) }
    let values: ParameterValues
    do {
      values = try ParameterValues(parameters, of: name, against: type.descriptor.parameters)
    } catch {
      throw SuiteError(error.description)
    }
    let suite = try type.init(values)
    for task in suite.tasks { try requirePrintable(task.name) }
    return suite
  }

  private func requirePrintable(_ name: String) throws(SuiteError) {
    guard name.isPrintable else {
      throw SuiteError(
        "a suite, its parameters and its tasks have names of one line in printable characters, not "
          + "“\(Quotation.short(name))”")
    }
  }
}
