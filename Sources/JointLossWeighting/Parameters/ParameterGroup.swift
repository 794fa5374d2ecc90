/// A type whose properties marked ``Parameter`` are set by name: a strategy, a suite, or a group that several of them
/// hold as a property.
///
/// A group's parameters stand among those of the type that holds it, under their own names.
public protocol ParameterGroup {
  /// Creates a value with the default of every parameter.
  init()
}

extension ParameterGroup {
  /// What is declared of each parameter, in the order of the properties; those of a group stand where the group does.
  public static var parameters: [ParameterDescriptor] {
    ParameterFields.all(of: Self()).compactMap { name, parameter in parameter.descriptor(named: name) }
  }

  /// A new value with parameters by name.
  ///
  /// - Parameter values: a checked value for each parameter.
  /// - Returns: the value.
  package static func make(with values: ParameterValues) -> Self {
    let result = Self()
    for (name, parameter) in ParameterFields.all(of: result) {
      if let value = values.values[name] { parameter.set(value) }
    }
    return result
  }

  /// Checks what the compiler cannot: that each name is used once and can be written, and each default is in its range.
  ///
  /// - Parameter owner: the name of the strategy or suite, for messages.
  /// - Throws: ``ParameterError`` naming the parameter.
  package static func checkParameters(of owner: String) throws(ParameterError) {
    var names: Set<String> = []
    for descriptor in parameters {
      let name = descriptor.name
      func fail(_ reason: String) -> ParameterError {
        ParameterError(
          owner: owner, parameter: name, description: "\(owner).\(Quotation.short(name)) \(reason)")
      }
      guard name.isPrintable else { throw fail("is no name of one line in printable characters") }
      guard names.insert(name).inserted else { throw fail("is declared twice") }
      if case .choice(_, let options) = descriptor.kind, options.isEmpty { throw fail("has no options") }
      guard descriptor.accepted(descriptor.defaultValue) != nil else {
        throw fail("is \(descriptor.domain), and its default is \(descriptor.defaultValue)")
      }
    }
  }
}

/// The parameters of a value, found by reflection.
enum ParameterFields {
  /// The parameters with their names, in the order of the properties.
  static func all(of value: Any) -> [(name: String, parameter: any AnyParameter)] {
    Mirror(reflecting: value).children.flatMap { child -> [(name: String, parameter: any AnyParameter)] in
      switch child.value {
      case let parameter as any AnyParameter: [(name(of: child.label ?? ""), parameter)]
      case let group as any ParameterGroup: all(of: group)
      default: []
      }
    }
  }

  /// The name of a property in lower case with hyphens; the property behind a wrapper begins with an underscore.
  private static func name(of property: String) -> String {
    property.drop { $0 == "_" }.reduce(into: "") { name, letter in
      name += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
    }
  }
}
