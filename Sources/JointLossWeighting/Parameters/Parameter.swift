/// A parameter of a strategy or a suite: its default, its range and what it means, said once beside the property.
///
///     @Parameter("How much of m_t stays.", in: 0..<1) var memory = 0.9
///
/// Its name on the command line, in study files and in records is the property's in lower case with hyphens:
/// `learningRate` is `learning-rate`. A parameter is a `Double`, an `Int`, an enumeration of strings, or a list of
/// `Double`. Its value is saved with the strategy.
///
/// What the compiler cannot check is checked when the type is registered: see ``ParameterGroup``.
@propertyWrapper
public struct Parameter<Value: Codable & Hashable & Sendable>: Sendable {
  /// Shared by the copies of a property until one is given another value.
  private var box: Box

  // Values are written by name before training starts, through the copy of the property that `Mirror` finds.
  private final class Box: @unchecked Sendable {
    var value: Value
    let definition: Definition?

    init(_ value: Value, _ definition: Definition?) { (self.value, self.definition) = (value, definition) }
  }

  private struct Definition: Sendable {
    let summary: String
    let kind: ParameterDescriptor.Kind
    let read: @Sendable (ParameterValue) -> Value?
    let write: @Sendable (Value) -> ParameterValue
  }

  /// The value.
  public var wrappedValue: Value {
    get { box.value }
    set { box = Box(newValue, box.definition) }
  }

  private init(_ value: Value, _ definition: Definition) { box = Box(value, definition) }
}

extension Parameter where Value == Double {
  /// Declares a number.
  ///
  /// - Parameters:
  ///   - wrappedValue: the default.
  ///   - summary: what it means, in one sentence.
  ///   - range: the values that it may take; any finite number without one.
  public init(wrappedValue: Double, _ summary: String, in range: ParameterRange = .any) {
    self.init(
      wrappedValue,
      Definition(
        summary: summary, kind: .number(default: wrappedValue, range: range),
        read: { if case .number(let value) = $0 { value } else { nil } }, write: { .number($0) }))
  }

  /// Declares a number from a lower end to an upper one that it may not take.
  ///
  /// - Parameters:
  ///   - wrappedValue: the default.
  ///   - summary: what it means, in one sentence.
  ///   - range: both ends, the upper not included.
  public init(wrappedValue: Double, _ summary: String, in range: Range<Double>) {
    self.init(wrappedValue: wrappedValue, summary, in: .halfOpen(range))
  }

  /// Declares a number between two ends.
  ///
  /// - Parameters:
  ///   - wrappedValue: the default.
  ///   - summary: what it means, in one sentence.
  ///   - range: both ends, included.
  public init(wrappedValue: Double, _ summary: String, in range: ClosedRange<Double>) {
    self.init(wrappedValue: wrappedValue, summary, in: .closed(range))
  }
}

extension Parameter where Value == Int {
  /// Declares a whole number.
  ///
  /// - Parameters:
  ///   - wrappedValue: the default.
  ///   - summary: what it means, in one sentence.
  ///   - range: both ends, included; at most 2^53.
  public init(wrappedValue: Int, _ summary: String, in range: ClosedRange<Int>) {
    let bounds = ParameterRange.closed(Double(range.lowerBound)...Double(range.upperBound))
    self.init(
      wrappedValue,
      Definition(
        summary: summary, kind: .integer(default: wrappedValue, range: bounds),
        read: { if case .number(let value) = $0 { Int(exactly: value) } else { nil } },
        write: { .number(Double($0)) }))
  }
}

extension Parameter where Value == [Double] {
  /// Declares a list of numbers, each in a range; it is empty where none is given.
  ///
  /// - Parameters:
  ///   - wrappedValue: the empty list.
  ///   - summary: what the numbers mean, and what they are without being given, in one sentence.
  ///   - range: the values that each may take; any finite number without one.
  public init(wrappedValue: [Double] = [], _ summary: String, in range: ParameterRange = .any) {
    self.init(
      wrappedValue,
      Definition(
        summary: summary, kind: .numbers(range: range),
        read: { if case .numbers(let values) = $0 { values } else { nil } }, write: { .numbers($0) }))
  }
}

extension Parameter where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// Declares a choice between words: the raw values of an enumeration.
  ///
  /// - Parameters:
  ///   - wrappedValue: the default.
  ///   - summary: what is chosen, in one sentence.
  public init(wrappedValue: Value, _ summary: String) {
    self.init(
      wrappedValue,
      Definition(
        summary: summary,
        kind: .choice(default: wrappedValue.rawValue, options: Value.allCases.map(\.rawValue)),
        read: { if case .text(let text) = $0 { Value(rawValue: text) } else { nil } },
        write: { .text($0.rawValue) }))
  }
}

extension Parameter: Codable {
  /// Decodes the bare value; default and range are those of a new strategy.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError` for a value of another type.
  public init(from decoder: any Decoder) throws {
    box = Box(try decoder.singleValueContainer().decode(Value.self), nil)
  }

  /// Encodes the bare value.
  ///
  /// - Parameter encoder: the target.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(box.value)
  }
}

/// A parameter of any type, as `Mirror` finds it.
protocol AnyParameter {
  /// The value and what is declared of it, under a name; nil of one that was decoded.
  func descriptor(named name: String) -> ParameterDescriptor?
  /// The value as a user writes it; nil of one that was decoded.
  var value: ParameterValue? { get }
  /// The value in words, for comparison.
  var text: String { get }
  /// Sets the value of the property that this is a copy of.
  func set(_ value: ParameterValue)
}

extension Parameter: AnyParameter {
  func descriptor(named name: String) -> ParameterDescriptor? {
    box.definition.map { ParameterDescriptor(name, $0.kind, $0.summary) }
  }

  var value: ParameterValue? { box.definition.map { $0.write(box.value) } }

  var text: String { "\(box.value)" }

  func set(_ value: ParameterValue) {
    if let value = box.definition?.read(value) { box.value = value }
  }
}
