import Foundation

/// Numbers as a reader of a table or a sentence wants them.
package enum NumberText {
  /// The typographic minus, as wide as the plus.
  static let minus = "−"

  /// A number with a fixed number of decimals.
  ///
  /// - Parameters:
  ///   - value: the number.
  ///   - decimals: the digits after the point.
  /// - Returns: such as `0.953`, `−4.7`; never `−0.0`.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", abs(value))
    let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
    return (value < 0 && !isZero ? minus : "") + text
  }

  /// A number with its sign.
  ///
  /// - Parameters:
  ///   - value: the number.
  ///   - decimals: the digits after the point.
  /// - Returns: such as `+4.7`, `−4.7`, `0.0`.
  package static func signed(_ value: Double, decimals: Int) -> String {
    let text = fixed(value, decimals: decimals)
    return value > 0 && text.contains(where: { $0.isNumber && $0 != "0" }) ? "+" + text : text
  }

  /// A percentage or a difference of percentages with its sign: one decimal below 100, none from there on.
  ///
  /// - Parameters:
  ///   - value: the percentage.
  ///   - largest: the largest magnitude of the numbers it stands with, which all get the same decimals.
  /// - Returns: such as `+4.7`, `−199`.
  package static func points(_ value: Double, besides largest: Double? = nil) -> String {
    signed(value, decimals: max(abs(value), largest ?? 0) < 99.95 ? 1 : 0)
  }

  /// A number with a few significant digits.
  ///
  /// - Parameters:
  ///   - value: the number.
  ///   - digits: the significant digits.
  /// - Returns: such as `0.00195`, `12.3`, `4.1e−09`.
  package static func significant(_ value: Double, digits: Int = 3) -> String {
    String(format: "%.\(digits)g", value).replacing("-", with: minus)
  }

  /// A p-value with three decimals.
  ///
  /// - Parameter value: the p-value.
  /// - Returns: such as `0.012`, `< 0.001`.
  package static func pValue(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : pRounded(value)
  }

  /// A p-value after the letter p.
  ///
  /// - Parameter value: the p-value.
  /// - Returns: such as `= 0.012`, `< 0.001`.
  package static func pEquation(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : "= " + pRounded(value)
  }

  // A value just below the level must not be rounded up to it: 0.0496 would read as 0.050, not significant.
  private static func pRounded(_ value: Double) -> String {
    let rounded = String(format: "%.3f", value)
    return rounded == "0.050" && value < 0.05 ? String(format: "%.4f", min(value, 0.0499)) : rounded
  }

  /// A count with its noun.
  ///
  /// - Parameters:
  ///   - count: the count.
  ///   - singular: the noun.
  ///   - plural: its plural, where that is not formed with s.
  /// - Returns: such as `1 seed`, `10 seeds`.
  package static func count(_ count: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? singular : plural ?? singular + "s")"
  }

  /// Items in a sentence.
  ///
  /// - Parameter items: the items.
  /// - Returns: such as `a, b and c`.
  package static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Ascending seeds, runs of neighbours as ranges.
  ///
  /// - Parameter seeds: the seeds, ascending.
  /// - Returns: such as `0–9, 12`.
  package static func ranges(_ seeds: [UInt64]) -> String {
    var groups: [ClosedRange<UInt64>] = []
    for seed in seeds {
      if let last = groups.last, last.upperBound < .max, last.upperBound + 1 == seed {
        groups[groups.count - 1] = last.lowerBound...seed
      } else {
        groups.append(seed...seed)
      }
    }
    return groups.map { group in
      group.count == 1
        ? "\(group.lowerBound)"
        : group.count == 2
          ? "\(group.lowerBound), \(group.upperBound)" : "\(group.lowerBound)–\(group.upperBound)"
    }.joined(separator: ", ")
  }
}
