/// The value of a parameter as a user writes it.
public enum ParameterValue: Sendable, Hashable, Codable, CustomStringConvertible {
  /// A number.
  case number(Double)
  /// A list of numbers.
  case numbers([Double])
  /// A word.
  case text(String)

  /// Reads a value from the text of a command-line flag: a number, numbers separated by commas, or a word.
  ///
  /// - Parameter text: what the user wrote.
  public init(parsing text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    if let only = parts.first, parts.count == 1, let number = only {
      self = .number(number)
    } else if parts.count > 1, parts.allSatisfy({ $0 != nil }) {
      self = .numbers(parts.compactMap { $0 })
    } else {
      self = .text(text)
    }
  }

  /// Decodes a number, a list of numbers or a text.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let numbers = try? container.decode([Double].self) {
      self = .numbers(numbers)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// Encodes the bare number, list or text.
  ///
  /// - Parameter encoder: the target.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .numbers(let values): try container.encode(values)
    case .text(let text): try container.encode(text)
    }
  }

  /// The value as a user would write it.
  public var description: String {
    switch self {
    case .number(let value):
      Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    case .numbers(let values): values.map { "\(ParameterValue.number($0))" }.joined(separator: ",")
    case .text(let text): text
    }
  }
}

/// A parameter that does not exist or cannot have the value it was given.
public struct ParameterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The strategy or suite.
  public let owner: String
  /// The parameter's name as given.
  public let parameter: String
  /// One sentence with owner, parameter, value and what was expected.
  public let description: String
}

/// A value for every declared parameter of a strategy or a suite, checked against its range.
public struct ParameterValues: Sendable, Hashable, Codable {
  /// All values by name.
  public let values: [String: ParameterValue]

  /// Checks the given values and fills in the defaults.
  ///
  /// - Parameters:
  ///   - given: the values that differ from the defaults.
  ///   - owner: the strategy or suite, for messages.
  ///   - descriptors: the parameters it declares.
  /// - Throws: ``ParameterError`` for an unknown name, a value of the wrong kind or out of range.
  public init(
    _ given: [String: ParameterValue], of owner: String, against descriptors: [ParameterDescriptor]
  ) throws(ParameterError) {
    var values: [String: ParameterValue] = [:]
    for descriptor in descriptors {
      let value = given[descriptor.name] ?? descriptor.defaultValue
      guard let accepted = descriptor.accepted(value) else {
        throw ParameterError(
          owner: owner, parameter: descriptor.name,
          description:
            "\(owner).\(descriptor.name) is \(descriptor.domain), not \(Quotation.short(value.description))")
      }
      values[descriptor.name] = accepted
    }
    for name in given.keys.sorted() where values[name] == nil {
      let known = descriptors.map(\.name)
      let hint =
        known.isEmpty
        ? "it has no parameters" : NearestNames.hint(for: name, among: known, what: "parameters")
      throw ParameterError(
        owner: owner, parameter: name,
        description: "\(owner) has no parameter “\(Quotation.short(name))”: \(hint)")
    }
    self.values = values
  }

  /// The value of a number.
  ///
  /// - Parameter name: a declared parameter of kind `number`.
  /// - Returns: the value.
  public func number(_ name: String) -> Double {
    guard case .number(let value)? = values[name] else {
      preconditionFailure("no number is declared as “\(name)”")
    }
    return value
  }

  /// The value of a whole number.
  ///
  /// - Parameter name: a declared parameter of kind `integer`.
  /// - Returns: the value.
  public func integer(_ name: String) -> Int { Int(number(name)) }

  /// The value of a list of numbers.
  ///
  /// - Parameter name: a declared parameter of kind `numbers`.
  /// - Returns: the values.
  public func numbers(_ name: String) -> [Double] {
    guard case .numbers(let values)? = values[name] else {
      preconditionFailure("no list of numbers is declared as “\(name)”")
    }
    return values
  }

  /// The value of a choice, as the case of an enumeration whose raw values are the options.
  ///
  /// - Parameters:
  ///   - name: a declared parameter of kind `choice`.
  ///   - type: the enumeration.
  /// - Returns: the case.
  public func choice<Choice: RawRepresentable>(_ name: String, as type: Choice.Type = Choice.self) -> Choice
  where Choice.RawValue == String {
    guard case .text(let text)? = values[name], let choice = Choice(rawValue: text) else {
      preconditionFailure("no choice of \(type) is declared as “\(name)”")
    }
    return choice
  }
}

extension ParameterDescriptor {
  /// The value in the form the parameter declares, or nil if it cannot be that.
  func accepted(_ value: ParameterValue) -> ParameterValue? {
    switch (kind, value) {
    case (.number(_, let range), .number(let number)):
      range.contains(number) ? value : nil
    case (.integer(_, let range), .number(let number)):
      // 2^53: beyond it a Double no longer holds every whole number.
      range.contains(number) && number.rounded() == number && abs(number) <= 0x1p53 ? value : nil
    case (.choice(_, let options), .text(let text)):
      options.contains(text) ? value : nil
    case (.numbers(let range), .numbers(let numbers)):
      numbers.allSatisfy(range.contains) ? value : nil
    case (.numbers(let range), .number(let number)):
      range.contains(number) ? .numbers([number]) : nil
    default: nil
    }
  }
}
