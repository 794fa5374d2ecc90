/// A parameter of a strategy or a suite: name, meaning, default and range.
public struct ParameterDescriptor: Sendable, Hashable {
  /// The values a parameter may take.
  public enum Kind: Sendable, Hashable {
    /// A number in a range.
    case number(default: Double, range: ParameterRange)
    /// A whole number in a range.
    case integer(default: Int, range: ParameterRange)
    /// One of several words.
    case choice(default: String, options: [String])
    /// A list of numbers, each in a range; empty by default.
    case numbers(range: ParameterRange)
  }

  /// The name, in lower case with hyphens.
  public let name: String
  /// The meaning, in one sentence.
  public let summary: String
  /// The values it may take.
  public let kind: Kind

  /// Creates a parameter.
  ///
  /// - Parameters:
  ///   - name: the name, in lower case with hyphens.
  ///   - kind: the values it may take.
  ///   - summary: the meaning, in one sentence.
  public init(_ name: String, _ kind: Kind, _ summary: String) {
    self.name = name
    self.kind = kind
    self.summary = summary
  }

  /// The value where none is given.
  public var defaultValue: ParameterValue {
    switch kind {
    case .number(let value, _): .number(value)
    case .integer(let value, _): .number(Double(value))
    case .choice(let value, _): .text(value)
    case .numbers: .numbers([])
    }
  }

  /// The range or the options, as text.
  public var domain: String {
    switch kind {
    case .number(_, let range): "a number \(range)"
    case .integer(_, let range): "a whole number \(range)"
    case .choice(_, let options): options.joined(separator: " | ")
    case .numbers(let range): "numbers \(range), separated by commas"
    }
  }
}

/// An interval of numbers, each end included or not.
public struct ParameterRange: Sendable, Hashable, CustomStringConvertible {
  let lower: Double
  let includesLower: Bool
  let upper: Double
  let includesUpper: Bool

  /// Every finite number.
  public static let any = ParameterRange(-.infinity, false, .infinity, false)
  /// x > 0.
  public static let positive = ParameterRange(0, false, .infinity, false)
  /// x ≥ 0.
  public static let nonNegative = ParameterRange(0, true, .infinity, false)

  /// A closed interval.
  ///
  /// - Parameter bounds: both ends, included.
  /// - Returns: the range.
  public static func closed(_ bounds: ClosedRange<Double>) -> ParameterRange {
    ParameterRange(bounds.lowerBound, true, bounds.upperBound, true)
  }

  /// An interval without its ends.
  ///
  /// - Parameters:
  ///   - lower: the lower end, not included.
  ///   - upper: the upper end, not included.
  /// - Returns: the range.
  public static func open(_ lower: Double, _ upper: Double) -> ParameterRange {
    ParameterRange(lower, false, upper, false)
  }

  /// An interval without its upper end.
  ///
  /// - Parameter bounds: both ends, the upper not included.
  /// - Returns: the range.
  public static func halfOpen(_ bounds: Range<Double>) -> ParameterRange {
    ParameterRange(bounds.lowerBound, true, bounds.upperBound, false)
  }

  private init(_ lower: Double, _ includesLower: Bool, _ upper: Double, _ includesUpper: Bool) {
    self.lower = lower
    self.includesLower = includesLower
    self.upper = upper
    self.includesUpper = includesUpper
  }

  /// Whether a finite number lies in the range.
  ///
  /// - Parameter value: the number.
  /// - Returns: true if it does.
  public func contains(_ value: Double) -> Bool {
    value.isFinite && (includesLower ? value >= lower : value > lower)
      && (includesUpper ? value <= upper : value < upper)
  }

  /// The range in words: `≥ 0`, `in [0, 1)`.
  public var description: String {
    if lower == -.infinity && upper == .infinity { return "(any finite)" }
    if upper == .infinity { return "\(includesLower ? "≥" : ">") \(ParameterValue.number(lower))" }
    if lower == -.infinity { return "\(includesUpper ? "≤" : "<") \(ParameterValue.number(upper))" }
    let ends = (ParameterValue.number(lower), ParameterValue.number(upper))
    return "in \(includesLower ? "[" : "(")\(ends.0), \(ends.1)\(includesUpper ? "]" : ")")"
  }
}
