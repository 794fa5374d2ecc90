import JointLossWeighting

/// Columns of text for the listings of strategies and suites.
enum Listing {
  /// Rows with their cells aligned; the last column is as long as it is.
  static func columns(_ rows: [[String]], indent: Int = 0) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.compactMap { $0.dropFirst(column).first?.count }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      return String(repeating: " ", count: indent) + cells.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  /// The parameters with defaults and ranges, ready for `--set`.
  static func printParameters(_ parameters: [ParameterDescriptor], of owner: String) {
    guard !parameters.isEmpty else { return print("\nIt has no parameters.") }
    print("\nParameters, for --set \(owner).NAME=VALUE:")
    let rows = parameters.map { parameter in
      [parameter.name, "\(parameter.defaultValue)", parameter.domain, parameter.summary]
    }
    print(columns([["NAME", "DEFAULT", "VALUES", "MEANING"]] + rows, indent: 2))
  }
}
