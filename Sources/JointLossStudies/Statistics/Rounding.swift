/// What counts as equal among losses and what is computed from them.
///
/// Runs train in `Float`: what should be equal differs by a few of its roundings, at any size of the losses.
package enum Rounding {
  /// The relative difference up to which two numbers are equal.
  package static let tolerance = 1e-6

  /// Whether two numbers are equal up to rounding, relative to the smaller of them.
  ///
  /// - Parameters:
  ///   - first: a number, also an infinite one, not NaN.
  ///   - second: another.
  /// - Returns: whether a difference between them means nothing.
  package static func areEqual(_ first: Double, _ second: Double) -> Bool {
    first == second || abs(first - second) <= tolerance * min(abs(first), abs(second))
  }
}
