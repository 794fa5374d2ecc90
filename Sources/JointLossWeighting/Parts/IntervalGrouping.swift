/// K-means of numbers: exact, by dynamic programming over the sorted numbers.
///
/// H. Wang, M. Song, *Ckmeans.1d.dp: Optimal k-means Clustering in One Dimension by Dynamic Programming*, The R
/// Journal 3, 2011. Groups are intervals of the sorted numbers; O(k T²).
struct IntervalGrouping: ScratchBuffer, Sendable {
  private var order: [Int] = []
  private var sorted: [Double] = []
  /// The least cost of the first `j` numbers in `k` groups, row k.
  private var costs: [Double] = []
  /// Where the last of these groups begins.
  private var starts: [Int] = []

  /// Replaces each number by the mean of its group.
  ///
  /// - Parameters:
  ///   - values: finite numbers, at least one.
  ///   - groups: the number of groups; no more than there are numbers are made.
  ///   - present: which numbers take part, at least one; nil for all. The others stay.
  mutating func replaceByMeans(_ values: inout [Double], groups: Int, present: [Bool]? = nil) {
    reserve(values.count, groups: min(groups, values.count))
    var count = 0
    for index in values.indices {
      order[index] = index
      if present?[index] ?? true { count += 1 }
    }
    let groups = min(groups, count)
    order.sort { first, second in
      if let present, present[first] != present[second] { return present[first] }
      return (values[first], first) < (values[second], second)
    }
    // In units of the largest, so that squares neither over- nor underflow.
    let unit = max(abs(values[order[0]]), abs(values[order[count - 1]]))
    guard unit > 0 else { return }
    for index in 0..<count { sorted[index] = values[order[index]] / unit }
    let width = count + 1
    for end in 1...count { costs[end] = .infinity }
    costs[0] = 0
    for group in 1...groups {
      costs[group * width] = .infinity
      for end in 1...count { place(end, in: group, width: width) }
    }
    var (end, group) = (count, groups)
    while end > 0 {
      let start = starts[group * width + end]
      var sum = 0.0
      for index in start..<end { sum += sorted[index] }
      for index in start..<end { values[order[index]] = unit * (sum / Double(end - start)) }
      (end, group) = (start, group - 1)
    }
  }

  private mutating func reserve(_ count: Int, groups: Int) {
    let size = (groups + 1) * (count + 1)
    guard order.count != count || costs.count != size else { return }
    order = [Int](repeating: 0, count: count)
    sorted = [Double](repeating: 0, count: count)
    costs = [Double](repeating: 0, count: size)
    starts = [Int](repeating: 0, count: size)
  }

  /// The best start of a group that ends before `end`.
  private mutating func place(_ end: Int, in group: Int, width: Int) {
    var (mean, square, best, choice) = (0.0, 0.0, Double.infinity, end - 1)
    for start in stride(from: end - 1, through: group - 1, by: -1) {
      // Welford's update, the group growing downwards.
      let difference = sorted[start] - mean
      mean += difference / Double(end - start)
      square += difference * (sorted[start] - mean)
      let cost = square + costs[(group - 1) * width + start]
      if cost < best { (best, choice) = (cost, start) }
    }
    costs[group * width + end] = best
    starts[group * width + end] = choice
  }
}
