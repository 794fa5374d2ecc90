/// Ranks of a sample from 1 for the smallest value.
///
/// Values are equal as ``Rounding`` has it: those that agree with the smallest of their group.
package enum Ranks {
  /// Average ranks: equal values share the mean of the ranks they occupy.
  ///
  /// - Parameter values: the sample, without NaN; infinities are ranked as such.
  /// - Returns: one rank a value, in the order of the values.
  package static func average(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    for group in tiedGroups(of: values, in: order) {
      // Positions start at 0 and ranks at 1.
      let shared = Double(group.lowerBound + group.upperBound + 1) / 2
      for position in group { ranks[order[position]] = shared }
    }
    return ranks
  }

  /// The number of values in each group of equal values.
  ///
  /// - Parameter values: the sample, without NaN.
  /// - Returns: the sizes, in ascending order of the values; 1 for a value that occurs once.
  package static func tieSizes(_ values: [Double]) -> [Int] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    return tiedGroups(of: values, in: order).map(\.count)
  }

  private static func tiedGroups(of values: [Double], in order: [Int]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, Rounding.areEqual(values[order[end]], values[order[start]]) { end += 1 }
      groups.append(start..<end)
      start = end
    }
    return groups
  }
}
