/// Ends the program with a message where shapes do not fit.
///
/// `precondition` would do the same, but an optimized build leaves out its message.
@usableFromInline
func requireShape(_ holds: Bool, _ message: @autoclosure () -> String) {
  guard holds else { fatalError(message()) }
}

/// The number of elements of a shape.
///
/// - Parameters:
///   - rows: the rows.
///   - columns: the columns.
/// - Returns: the product; nil if a side is negative, or if there are more elements than an integer counts.
@inlinable
package func elementCount(rows: Int, columns: Int) -> Int? {
  let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
  return rows >= 0 && columns >= 0 && !overflow ? count : nil
}
