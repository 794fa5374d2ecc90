/// Suggestions for a mistyped name.
package enum NearestNames {
  /// A hint that names the nearest candidates, or all of them where none is near.
  package static func hint(for name: String, among candidates: [String], what: String) -> String {
    let (length, farthest) = (name.count, max(2, name.count / 3))
    // Names that differ more in length are not near, and need no table of a size that a user chooses. A text that is
    // too long for a name is near to none.
    let near = (length <= longest ? candidates : []).filter { abs($0.count - length) <= farthest }
      .map { (name: $0, distance: distance(name, $0)) }
      .filter { $0.distance <= farthest }
      .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3)
    return near.isEmpty
      ? "its \(what) are \(list(candidates))"
      : "did you mean \(near.map { Quotation.short($0.name) }.joined(separator: " or "))?"
  }

  /// The longest name that is compared with others, in characters.
  private static let longest = 100

  /// The candidates by name, as many as fit a message.
  private static func list(_ candidates: [String]) -> String {
    let shown = candidates.sorted().prefix(longest).map { Quotation.short($0) }.joined(separator: ", ")
    return candidates.count > longest ? "\(shown) and \(candidates.count - longest) more" : shown
  }

  /// The number of insertions, deletions, substitutions and swaps of neighbours between two words.
  package static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in 1...max(a.count, 1) where i <= a.count {
      var row = [i]
      for j in 1...max(b.count, 1) where j <= b.count {
        var best = min(
          rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, rows[i - 2][j - 2] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
